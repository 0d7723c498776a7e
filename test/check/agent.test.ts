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
  return findFor(PROGRAM, texts, environment, links, stats);
}

/** Finds the agent for a program at a path. */
function findFor(
  program: string,
  texts: Readonly<Record<string, string>>,
  environment: Partial<Environment> = {},
  ...[links, stats]: Records
): Agent {
  const fs = filesOf({ '/proc/self/status': '', ...texts }, links, stats);
  return findAgent(fs, { ...readEnvironment({}), ...environment }, program);
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
    ['that anybody else could change', {}, { '/usr/sbin/netdata': { mode: 0o777 } }],
    ['that is not owned by root', {}, { '/usr/sbin/netdata': { uid: 7 } }],
    ['in a folder that others can write to', { '/proc/30/exe': '/home/me/netdata' }, { '/home': { mode: 0o777 } }],
    ['of another name', { '/proc/30/exe': '/usr/bin/python3' }],
    ['of another host, whose root is another', { '/proc/30/root': '/usr' }],
  ])('runs no program %s', (_, links, stats) => {
    expect(find({ ...ACCOUNTS, ...PID_30, ...MINE }, {}, links, stats)).toMatchObject({
      process: undefined,
      account: NETDATA,
    });
  });

  it('has the root directory of this process, on the same device', () => {
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
    const agent = find(
      {
        '/usr/lib/netdata/plugins.d/apps.plugin': '',
        '/opt/netdata/usr/libexec/netdata/plugins.d/apps.plugin': '',
        ...processFiles(30, { name: 'netdata' }, ['netdata', '-D']),
        '/opt/netdata/bin/srv/netdata': '',
      },
      {},
      { '/proc/30/exe': '/opt/netdata/bin/srv/netdata' },
    );
    expect(agent.userConfigDirectory).toBe('/opt/netdata/etc/netdata');
  });

  const ELSEWHERE = '/srv/nd/usr/lib/netdata/plugins.d';

  it.each(['/srv/nd/usr/sbin/netdata', '/srv/nd/bin/srv/netdata', '/srv/nd/sbin/netdata'])(
    'are below any other prefix when the agent runs %s',
    (program) => {
      const agent = find(
        {
          '/usr/lib/netdata/plugins.d/apps.plugin': '',
          [`${ELSEWHERE}/apps.plugin`]: '',
          ...processFiles(30, { name: 'netdata' }, ['netdata', '-D']),
          [program]: '',
        },
        {},
        { '/proc/30/exe': program },
      );
      expect(agent).toMatchObject({
        prefix: '/srv/nd',
        file: '/srv/nd/etc/netdata/netdata.conf',
        pluginDirectories: [ELSEWHERE],
        logDirectory: '/srv/nd/var/log/netdata',
      });
    },
  );

  it('are those that the program is installed below, where no agent runs', () => {
    const texts = { '/usr/lib/netdata/plugins.d/apps.plugin': '', [`${ELSEWHERE}/apps.plugin`]: '' };
    expect(findFor(`${ELSEWHERE}/conntrack.plugin`, texts).prefix).toBe('/srv/nd');
    expect(find(texts).prefix).toBe('');
  });

  it('are not guessed for an agent that runs from an unknown place', () => {
    const agent = find(
      {
        '/usr/lib/netdata/plugins.d/apps.plugin': '',
        ...processFiles(30, { name: 'netdata' }, ['netdata', '-D']),
        '/srv/build/netdata': '',
      },
      {},
      { '/proc/30/exe': '/srv/build/netdata' },
    );
    expect(agent).toMatchObject({ prefix: undefined, file: undefined, pluginDirectories: [], logDirectory: undefined });
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

describe('of several agents that run', () => {
  const OLDER = processFiles(30, { name: 'netdata', uid: 991 }, ['netdata', '-c', '/one.conf'], 100);
  const NEWER = processFiles(40, { name: 'netdata', uid: 991 }, ['netdata', '-c', '/two.conf'], 200);
  const CONFIGURED = {
    '/one.conf': '[directories]\nplugins = /one/plugins',
    '/two.conf': '[directories]\nplugins = /two/plugins',
  };
  const pidFor = (program: string, newer = NEWER): number | undefined =>
    findFor(program, { ...ACCOUNTS, ...OLDER, ...newer, ...CONFIGURED }).process?.pid;

  it('it is the one that starts the program', () => {
    expect(pidFor('/two/plugins/conntrack.plugin')).toBe(40);
    expect(pidFor('/one/plugins/conntrack.plugin')).toBe(30);
  });

  it('it is the one that starts the program through a link', () => {
    const texts = { ...ACCOUNTS, ...OLDER, ...NEWER, ...CONFIGURED, '/real/conntrack.plugin': '' };
    const links = { '/two/plugins/conntrack.plugin': '/real/conntrack.plugin' };
    expect(findFor('/real/conntrack.plugin', texts, {}, links).process?.pid).toBe(40);
  });

  it('it is the oldest where none starts the program', () => {
    expect(pidFor('/three/plugins/conntrack.plugin')).toBe(30);
  });

  it("it is not another user's, even if that one starts the program", () => {
    const theirs = processFiles(40, { name: 'netdata', uid: 7 }, ['netdata', '-c', '/two.conf'], 200);
    expect(pidFor('/two/plugins/conntrack.plugin', theirs)).toBe(30);
  });
});

describe('the plugin that the agent runs', () => {
  const TOLD = [
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
    ['itself', ['/l/conntrack.plugin', '1'], 30],
    ['by a helper', ['/l/conntrack.plugin', '1'], 31],
    ['as a script', ['node', '/l/conntrack.plugin', '1'], 31],
    ['as a script, with options of Node.js', ['/usr/bin/node', '--x=y', '/l/conntrack.plugin', '1'], 31],
  ])('is found where it starts it %s', (_, words, parent) => {
    expect(find(plugin(words, parent)).plugin?.pid).toBe(32);
  });

  it.each<[string, readonly string[], number]>([
    ['of no agent', ['/l/conntrack.plugin', '1'], 1],
    ['that only names it', ['vi', 'x', '/l/conntrack.plugin'], 31],
    ['of another name', ['/l/x-conntrack.plugin', '1'], 31],
  ])('is no process %s', (_, words, parent) => {
    expect(find(plugin(words, parent)).plugin).toBeUndefined();
  });

  it('decides the directories by its environment, against every other source', () => {
    const texts = { ...plugin(['/l/conntrack.plugin', '1']), '/proc/32/environ': `A=b\0${TOLD}` };
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

  it('names no directory by a path that is not absolute', () => {
    const texts = { ...plugin(['/l/conntrack.plugin', '1']), '/proc/32/environ': 'NETDATA_LOG_DIR=log\0' };
    expect(find(texts).plugin?.directories.log).toBeUndefined();
  });

  it.each([
    [['/l/conntrack.plugin', '1', '--config', '/a.conf'], '/a.conf'],
    [['/l/conntrack.plugin', '--config=/a.conf'], '/a.conf'],
    [['/l/conntrack.plugin', '1'], undefined],
  ])('of the words %j has the configuration %s', (words, config) => {
    expect(find(plugin(words)).plugin?.config).toBe(config);
  });
});
