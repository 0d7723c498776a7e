import { describe, expect, it } from 'vitest';

import { type Agent, findAgent } from '../../collector/check/agent.ts';
import { type Environment, readEnvironment } from '../../collector/environment.ts';
import { filesOf, processFiles } from '../helpers/check_host.ts';

const PASSWD = 'root:x:0:0:root:/root:/bin/sh\nnetdata:x:991:981::/:/bin/false\nagent:x:992:983::/:/bin/false\n';
const GROUP = 'root:x:0:\nnetdata:x:981:\nagents:x:982:agent\n';
const ACCOUNTS = { '/etc/passwd': PASSWD, '/etc/group': GROUP };
const NETDATA = { user: 'netdata', uid: 991, group: 'netdata', gid: 981, groups: undefined };

type Records = readonly [Readonly<Record<string, string>>?, Readonly<Record<string, number>>?];

function find(
  texts: Readonly<Record<string, string>>,
  environment: Partial<Environment> = {},
  ...[links, modes]: Records
): Agent {
  const fs = filesOf({ '/proc/self/status': '', ...texts }, links, modes);
  return findAgent(fs, { ...readEnvironment({}), ...environment });
}

describe('the process of the agent', () => {
  it('is the oldest of its name that is not the child of another, nor in a container', () => {
    const agent = find({
      ...ACCOUNTS,
      ...processFiles(30, { name: 'netdata', uid: 993, gid: 983 }, [], 500),
      ...processFiles(20, { name: 'netdata', uid: 992, gid: 982, groups: [982, 4] }, [], 400),
      ...processFiles(10, { name: 'netdata', parent: 20, uid: 991 }, [], 100),
      ...processFiles(9, { name: 'netdata-x' }, [], 1),
      ...processFiles(8, { name: 'netdata', pids: [8, 1] }, [], 2),
    });
    expect(agent.process?.pid).toBe(20);
    expect(agent.account).toEqual({ user: 'agent', uid: 992, group: 'agents', gid: 982, groups: [982, 4] });
  });

  const PID_30 = processFiles(30, { name: 'netdata', uid: 7, gid: 8 }, ['netdata', '-c', '/home/me/n.conf']);
  const MINE = { '/home/me/netdata': '', '/usr/bin/python3': '', '/usr/sbin/x/netdata': '' };

  it.each<[string, ...Records]>([
    ['that anybody else could change', {}, { '/usr/sbin/netdata': 0o777 }],
    ['in a folder that others can write to', { '/proc/30/exe': '/home/me/netdata' }, { '/home': 0o777 }],
    ['of another name', { '/proc/30/exe': '/usr/bin/python3' }],
    ['of another host, whose root is another', { '/proc/30/root': '/usr' }],
  ])('runs no program %s', (_, links, modes) => {
    expect(find({ ...ACCOUNTS, ...PID_30, ...MINE }, {}, links, modes)).toMatchObject({
      process: undefined,
      account: NETDATA,
    });
  });

  it('may run a program that has been replaced since', () => {
    const links = { '/proc/30/exe': '/usr/sbin/netdata (deleted)' };
    const agent = find({ ...PID_30, '/usr/sbin/netdata (deleted)': '' }, {}, links);
    expect(agent.process).toMatchObject({ pid: 30, isKnown: true });
  });

  it("is rather that of its usual user than an older one of somebody's", () => {
    const agent = find({ ...ACCOUNTS, ...PID_30, ...processFiles(40, { name: 'netdata', uid: 991 }, [], 900) });
    expect(agent.process?.pid).toBe(40);
  });

  it('may run as a user that has no name', () => {
    const agent = find({ ...ACCOUNTS, ...processFiles(30, { name: 'netdata', uid: 7, gid: 8 }) });
    expect(agent.account).toEqual({ user: '7', uid: 7, group: '8', gid: 8, groups: [] });
  });

  it('is not known where none runs: plugins would run as netdata then', () => {
    const agent = find({ ...ACCOUNTS, ...processFiles(9, { name: 'sh' }) });
    expect(agent.process).toBeUndefined();
    expect(agent.account).toEqual(NETDATA);
    expect(find({}).account).toBeUndefined();
  });
});

describe('the directories of the agent', () => {
  it.each([
    ['', '/usr/libexec/netdata/plugins.d'],
    ['', '/usr/lib/netdata/plugins.d'],
    ['/opt/netdata', '/opt/netdata/usr/libexec/netdata/plugins.d'],
  ])('below %j are laid out as packages do it', (prefix, plugins) => {
    expect(find({ [`${plugins}/apps.plugin`]: '' })).toMatchObject({
      pluginDirectories: [plugins],
      file: `${prefix}/etc/netdata/netdata.conf`,
      userConfigDirectory: `${prefix}/etc/netdata`,
      stockConfigDirectory: `${prefix}/usr/lib/netdata/conf.d`,
      healthDirectories: [`${prefix}/etc/netdata/health.d`, `${prefix}/usr/lib/netdata/conf.d/health.d`],
    });
  });

  it('may be those of another distribution', () => {
    const texts = { '/usr/lib64/netdata/plugins.d/apps.plugin': '', '/usr/share/netdata/conf.d/stream.conf': '' };
    expect(find(texts)).toMatchObject({
      pluginDirectories: ['/usr/lib64/netdata/plugins.d'],
      stockConfigDirectory: '/usr/share/netdata/conf.d',
    });
  });

  it('are those of the install that the running agent is of', () => {
    const agent = find({
      '/usr/lib/netdata/plugins.d/apps.plugin': '',
      '/opt/netdata/usr/libexec/netdata/plugins.d/apps.plugin': '',
      ...processFiles(30, { name: 'netdata' }, ['/opt/netdata/bin/srv/netdata', '-D']),
    });
    expect(agent.userConfigDirectory).toBe('/opt/netdata/etc/netdata');
  });

  it('are not known without an agent', () => {
    expect(find({})).toMatchObject({
      pluginDirectories: [],
      file: undefined,
      userConfigDirectory: undefined,
      stockConfigDirectory: undefined,
      healthDirectories: [],
    });
  });

  const CONFIGURED = `[directories]
  plugins = "/x/plugins" "/x/more"
  config = /x/etc
  stock config = /x/stock
  health config = /x/health
  stock health config = /x/health
`;

  it('are what the file says that the agent was started with', () => {
    const agent = find({
      '/usr/lib/netdata/plugins.d/apps.plugin': '',
      '/x/netdata.conf': CONFIGURED,
      ...processFiles(30, { name: 'netdata' }, ['netdata', '-D', '-c', '/x/netdata.conf']),
    });
    expect(agent).toMatchObject({
      file: '/x/netdata.conf',
      pluginDirectories: ['/x/plugins', '/x/more'],
      userConfigDirectory: '/x/etc',
      stockConfigDirectory: '/x/stock',
      healthDirectories: ['/x/health'],
    });
  });

  it('for its configuration are what the environment says', () => {
    const texts = { '/usr/lib/netdata/plugins.d/apps.plugin': '', '/e/user/netdata.conf': CONFIGURED };
    expect(find(texts, { userConfigDir: '/e/user', stockConfigDir: '/e/stock' })).toMatchObject({
      file: '/e/user/netdata.conf',
      pluginDirectories: ['/x/plugins', '/x/more'],
      userConfigDirectory: '/e/user',
      stockConfigDirectory: '/e/stock',
    });
  });
});
