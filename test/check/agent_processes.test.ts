import { describe, expect, it } from 'vitest';
import { type Environment, readEnvironment } from '../../collector/agent/environment.ts';
import { type Agent, findAgent } from '../../collector/check/agent.ts';
import type { CheckFileSystem } from '../../collector/check/files.ts';
import { filesOf, processFiles, type StatOptions } from '../helpers/check_host.ts';

const PASSWD = 'root:x:0:0:root:/root:/bin/sh\nnetdata:x:991:981::/:/bin/false\nagent:x:992:983::/:/bin/false\n';
const GROUP = 'root:x:0:\nnetdata:x:981:\nagents:x:982:agent\n';
const ACCOUNTS = { '/etc/passwd': PASSWD, '/etc/group': GROUP };
const NETDATA = { user: 'netdata', uid: 991, group: 'netdata', gid: 981, groups: undefined };

type Records = readonly [Readonly<Record<string, string>>?, Readonly<Record<string, StatOptions>>?];

const PROGRAM = '/home/me/conntrack.plugin';

function find(
  texts: Readonly<Record<string, string>>,
  environment: Partial<Environment> = {},
  ...[links, stats]: Records
): Agent {
  const fs = filesOf({ '/proc/self/status': '', ...texts }, links, stats);
  return findAgent(fs, { ...readEnvironment({}), ...environment }, PROGRAM);
}

describe('the process of the agent', () => {
  it('is the oldest one named netdata that is neither a child of another one nor in a container', () => {
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
    ['that other users can change', {}, { '/usr/sbin/netdata': { mode: 0o777 } }],
    ['that is not owned by root', {}, { '/usr/sbin/netdata': { uid: 7 } }],
    [
      'in a directory that other users can write to',
      { '/proc/30/exe': '/home/me/netdata' },
      { '/home': { mode: 0o777 } },
    ],
    ['of another name', { '/proc/30/exe': '/usr/bin/python3' }],
    ['under another root directory', { '/proc/30/root': '/usr' }],
  ])('is not one that runs a program %s', (_, links, stats) => {
    expect(find({ ...ACCOUNTS, ...PID_30, ...MINE }, {}, links, stats)).toMatchObject({
      process: undefined,
      account: NETDATA,
    });
  });

  it('has the same root directory as this process, on the same device', () => {
    const fs = filesOf({ ...ACCOUNTS, ...PID_30, '/proc/self/status': '' });
    const on = (dev: number): Agent => {
      const other: CheckFileSystem = {
        ...fs,
        statSync: (path) => ({ ...fs.statSync(path), ...(path === '/proc/30/root' ? { dev } : {}) }),
      };
      return findAgent(other, readEnvironment({}), PROGRAM);
    };
    expect(on(Number(fs.statSync('/').dev)).process?.pid).toBe(30);
    expect(on(4711).process).toBeUndefined();
  });

  it('is found even if its program has been replaced since', () => {
    const links = { '/proc/30/exe': '/usr/sbin/netdata (deleted)' };
    const agent = find({ ...PID_30, '/usr/sbin/netdata (deleted)': '' }, {}, links);
    expect(agent.process).toMatchObject({ pid: 30, isKnown: true });
  });

  it('is that of the user netdata rather than an older one of another user', () => {
    const agent = find({ ...ACCOUNTS, ...PID_30, ...processFiles(40, { name: 'netdata', uid: 991 }, [], 900) });
    expect(agent.process?.pid).toBe(40);
  });

  it('is unknown if none is running; the user is netdata then', () => {
    const agent = find({ ...ACCOUNTS, ...processFiles(9, { name: 'sh' }) });
    expect(agent.process).toBeUndefined();
    expect(agent.account).toEqual(NETDATA);
    expect(find({}).account).toBeUndefined();
  });
});

describe("the agent's plugin", () => {
  const ENVIRONMENT = [
    'NETDATA_USER_CONFIG_DIR=/t/user',
    'NETDATA_STOCK_CONFIG_DIR=/t/stock',
    'NETDATA_PLUGINS_DIR=/t/plugins',
    'NETDATA_LOG_DIR=/t/log',
    '',
  ].join('\0');
  const HELPER = processFiles(31, { name: 'spawn-plugins', parent: 30 });
  const AGENT = processFiles(30, { name: 'netdata' }, ['netdata', '-D']);
  const plugin = (words: readonly string[], parent = 31): Readonly<Record<string, string>> => ({
    ...AGENT,
    ...HELPER,
    ...processFiles(32, { name: 'node', parent }, words),
  });

  it.each([
    ['as its child', ['/l/conntrack.plugin', '1'], 30],
    ['below a helper process', ['/l/conntrack.plugin', '1'], 31],
    ['as a Node.js script', ['node', '/l/conntrack.plugin', '1'], 31],
    ['as a script, with options of Node.js', ['/usr/bin/node', '--x=y', '/l/conntrack.plugin', '1'], 31],
  ])('is found %s', (_, words, parent) => {
    expect(find(plugin(words, parent)).process?.plugin?.pid).toBe(32);
  });

  it.each<[string, readonly string[], number]>([
    ['outside of the agent', ['/l/conntrack.plugin', '1'], 1],
    ['with the program only as an argument', ['vi', 'x', '/l/conntrack.plugin'], 31],
    ['with another name', ['/l/x-conntrack.plugin', '1'], 31],
  ])('is not a process %s', (_, words, parent) => {
    expect(find(plugin(words, parent)).process?.plugin).toBeUndefined();
  });

  it('has an environment that decides on the directories before every other source', () => {
    const texts = { ...plugin(['/l/conntrack.plugin', '1']), '/proc/32/environ': `A=b\0${ENVIRONMENT}` };
    const agent = find(
      { ...texts, '/t/user/netdata.conf': '[directories]\nconfig = /c\nlog = /c\n[x]\ny = z' },
      { userConfigDir: '/e/user', stockConfigDir: '/e/stock' },
    );
    expect(agent).toMatchObject({
      file: '/t/user/netdata.conf',
      pluginDirectories: ['/t/plugins'],
      userConfigDirectory: '/t/user',
      stockConfigDirectory: '/t/stock',
      healthDirectories: ['/t/user/health.d', '/t/stock/health.d'],
      logDirectory: '/t/log',
    });
    expect(agent.settings.get('x', 'y')).toBe('z');
  });

  it('cannot name a directory by a relative path', () => {
    const texts = { ...plugin(['/l/conntrack.plugin', '1']), '/proc/32/environ': 'NETDATA_LOG_DIR=log\0' };
    expect(find(texts).process?.plugin?.directories.log).toBeUndefined();
  });

  it.each([
    [['/l/conntrack.plugin', '1', '--config', '/a.conf'], '/a.conf'],
    [['/l/conntrack.plugin', '--config=/a.conf'], '/a.conf'],
    [['/l/conntrack.plugin', '1'], undefined],
  ])('has, from the command line %j, the configuration %s', (words, config) => {
    expect(find(plugin(words)).process?.plugin?.config).toBe(config);
  });
});
