import { describe, expect, it } from 'vitest';
import { type Environment, readEnvironment } from '../../collector/agent/environment.ts';
import { type Agent, findAgent } from '../../collector/check/agent.ts';
import { filesOf, processFiles } from '../helpers/check_host.ts';

const PASSWD = 'root:x:0:0:root:/root:/bin/sh\nnetdata:x:991:981::/:/bin/false\nagent:x:992:983::/:/bin/false\n';
const GROUP = 'root:x:0:\nnetdata:x:981:\nagents:x:982:agent\n';
const ACCOUNTS = { '/etc/passwd': PASSWD, '/etc/group': GROUP };

const PROGRAM = '/home/me/conntrack.plugin';

function find(
  texts: Readonly<Record<string, string>>,
  environment: Partial<Environment> = {},
  links: Readonly<Record<string, string>> = {},
): Agent {
  return findFor(PROGRAM, texts, environment, links);
}

/** Finds the agent for a program at a path. */
function findFor(
  program: string,
  texts: Readonly<Record<string, string>>,
  environment: Partial<Environment> = {},
  links: Readonly<Record<string, string>> = {},
): Agent {
  const fs = filesOf({ '/proc/self/status': '', ...texts }, links);
  return findAgent(fs, { ...readEnvironment({}), ...environment }, program);
}

describe('the directories of the agent', () => {
  it.each([
    ['', '/usr/libexec/netdata/plugins.d'],
    ['', '/usr/lib/netdata/plugins.d'],
    ['/opt/netdata', '/opt/netdata/usr/libexec/netdata/plugins.d'],
  ])('below %j have the usual layout', (prefix, plugins) => {
    expect(find({ [`${plugins}/apps.plugin`]: '' })).toMatchObject({
      pluginDirectories: [plugins],
      file: `${prefix}/etc/netdata/netdata.conf`,
      userConfigDirectory: `${prefix}/etc/netdata`,
      stockConfigDirectory: `${prefix}/usr/lib/netdata/conf.d`,
      healthDirectories: [`${prefix}/etc/netdata/health.d`, `${prefix}/usr/lib/netdata/conf.d/health.d`],
    });
  });

  it('can have the layout of another distribution', () => {
    const texts = { '/usr/lib64/netdata/plugins.d/apps.plugin': '', '/usr/share/netdata/conf.d/stream.conf': '' };
    expect(find(texts)).toMatchObject({
      pluginDirectories: ['/usr/lib64/netdata/plugins.d'],
      stockConfigDirectory: '/usr/share/netdata/conf.d',
    });
  });

  it('are below the prefix of the running agent', () => {
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
    'are below any other prefix if the agent runs %s',
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

  it('are below the prefix of this program if no agent is running', () => {
    const texts = { '/usr/lib/netdata/plugins.d/apps.plugin': '', [`${ELSEWHERE}/apps.plugin`]: '' };
    expect(findFor(`${ELSEWHERE}/conntrack.plugin`, texts).prefix).toBe('/srv/nd');
    expect(find(texts).prefix).toBe('');
  });

  it('are unknown for an agent in an unknown place', () => {
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

  it('are unknown without an agent', () => {
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

  it('are taken from the file that the agent was started with', () => {
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

  it('for configuration are taken from the environment', () => {
    const texts = { '/usr/lib/netdata/plugins.d/apps.plugin': '', '/e/user/netdata.conf': CONFIGURED };
    expect(find(texts, { userConfigDir: '/e/user', stockConfigDir: '/e/stock' })).toMatchObject({
      file: '/e/user/netdata.conf',
      pluginDirectories: ['/x/plugins', '/x/more'],
      userConfigDirectory: '/e/user',
      stockConfigDirectory: '/e/stock',
    });
  });
});

describe('of several running agents', () => {
  const OLDER = processFiles(30, { name: 'netdata', uid: 991 }, ['netdata', '-c', '/one.conf'], 100);
  const NEWER = processFiles(40, { name: 'netdata', uid: 991 }, ['netdata', '-c', '/two.conf'], 200);
  const CONFIGURED = {
    '/one.conf': '[directories]\nplugins = /one/plugins',
    '/two.conf': '[directories]\nplugins = /two/plugins',
  };
  const pidFor = (program: string, newer = NEWER): number | undefined =>
    findFor(program, { ...ACCOUNTS, ...OLDER, ...newer, ...CONFIGURED }).process?.pid;

  it('the one that starts this program is taken', () => {
    expect(pidFor('/two/plugins/conntrack.plugin')).toBe(40);
    expect(pidFor('/one/plugins/conntrack.plugin')).toBe(30);
  });

  it('the one that starts this program through a link is taken', () => {
    const texts = { ...ACCOUNTS, ...OLDER, ...NEWER, ...CONFIGURED, '/real/conntrack.plugin': '' };
    const links = { '/two/plugins/conntrack.plugin': '/real/conntrack.plugin' };
    expect(findFor('/real/conntrack.plugin', texts, {}, links).process?.pid).toBe(40);
  });

  it('the oldest is taken if none starts this program', () => {
    expect(pidFor('/three/plugins/conntrack.plugin')).toBe(30);
  });

  it("another user's agent is not taken, even if it starts this program", () => {
    const theirs = processFiles(40, { name: 'netdata', uid: 7 }, ['netdata', '-c', '/two.conf'], 200);
    expect(pidFor('/two/plugins/conntrack.plugin', theirs)).toBe(30);
  });
});
