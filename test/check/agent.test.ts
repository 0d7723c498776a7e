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

describe('the agent', () => {
  it('has its directories below the prefix of the running program', () => {
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
    expect(agent).toMatchObject({
      prefix: '/opt/netdata',
      file: '/opt/netdata/etc/netdata/netdata.conf',
      pluginDirectories: ['/opt/netdata/usr/libexec/netdata/plugins.d'],
      userConfigDirectory: '/opt/netdata/etc/netdata',
      stockConfigDirectory: '/opt/netdata/usr/lib/netdata/conf.d',
      healthDirectories: ['/opt/netdata/etc/netdata/health.d', '/opt/netdata/usr/lib/netdata/conf.d/health.d'],
      logDirectory: '/opt/netdata/var/log/netdata',
    });
  });

  it('has unknown directories if it runs from an unknown place', () => {
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

  it('has unknown directories if there is none', () => {
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

  it('has the directories of the configuration file that it was started with', () => {
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

  it('has the usual configuration file if it was started with a relative path', () => {
    const texts = processFiles(30, { name: 'netdata' }, ['netdata', '-D', '-c', 'netdata.conf']);
    expect(find({ '/usr/lib/netdata/plugins.d/apps.plugin': '', ...texts }).file).toBe('/etc/netdata/netdata.conf');
  });

  it('has the configuration directories of the environment', () => {
    const texts = { '/usr/lib/netdata/plugins.d/apps.plugin': '', '/e/user/netdata.conf': CONFIGURED };
    expect(find(texts, { userConfigDir: '/e/user', stockConfigDir: '/e/stock' })).toMatchObject({
      file: '/e/user/netdata.conf',
      pluginDirectories: ['/x/plugins', '/x/more'],
      userConfigDirectory: '/e/user',
      stockConfigDirectory: '/e/stock',
    });
  });
});

describe('findAgent', () => {
  const OLDER = processFiles(30, { name: 'netdata', uid: 991 }, ['netdata', '-c', '/one.conf'], 100);
  const NEWER = processFiles(40, { name: 'netdata', uid: 991 }, ['netdata', '-c', '/two.conf'], 200);
  const CONFIGURED = {
    '/one.conf': '[directories]\nplugins = /one/plugins',
    '/two.conf': '[directories]\nplugins = /two/plugins',
  };
  const pidFor = (program: string, newer = NEWER): number | undefined =>
    findFor(program, { ...ACCOUNTS, ...OLDER, ...newer, ...CONFIGURED }).process?.pid;

  it('returns the agent that starts this program, of several running ones', () => {
    expect(pidFor('/two/plugins/conntrack.plugin')).toBe(40);
    expect(pidFor('/one/plugins/conntrack.plugin')).toBe(30);
  });

  it('returns the agent that starts this program through a link', () => {
    const texts = { ...ACCOUNTS, ...OLDER, ...NEWER, ...CONFIGURED, '/real/conntrack.plugin': '' };
    const links = { '/two/plugins/conntrack.plugin': '/real/conntrack.plugin' };
    expect(findFor('/real/conntrack.plugin', texts, {}, links).process?.pid).toBe(40);
  });

  it('returns the oldest agent if none starts this program', () => {
    expect(pidFor('/three/plugins/conntrack.plugin')).toBe(30);
  });

  it("does not return another user's agent, even if that one starts this program", () => {
    const theirs = processFiles(40, { name: 'netdata', uid: 7 }, ['netdata', '-c', '/two.conf'], 200);
    expect(pidFor('/two/plugins/conntrack.plugin', theirs)).toBe(30);
  });
});
