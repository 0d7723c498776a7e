import { describe, expect, it } from 'vitest';

import { readEnvironment } from '../../collector/agent/environment.ts';
import { UsageError } from '../../collector/base/errors.ts';

describe("the agent's environment", () => {
  it('is read as the agent sets it', () => {
    const environment = readEnvironment({
      NETDATA_UPDATE_EVERY: '3',
      NETDATA_USER_CONFIG_DIR: '/etc/netdata',
      NETDATA_STOCK_CONFIG_DIR: '/usr/lib/netdata/conf.d',
      NETDATA_HOST_PREFIX: '/host',
      NETDATA_LOG_LEVEL: 'notice',
      NETDATA_VERSION: 'v2.11.0-84-nightly',
      PATH: '/usr/bin',
    });
    expect(environment).toEqual({
      updateEvery: 3,
      userConfigDir: '/etc/netdata',
      stockConfigDir: '/usr/lib/netdata/conf.d',
      hostPrefix: '/host',
      logLevel: 'notice',
      version: 'v2.11.0-84-nightly',
      unknownLogLevel: undefined,
    });
  });

  it.each([
    ['absent', {}],
    [
      'empty',
      {
        NETDATA_UPDATE_EVERY: '',
        NETDATA_USER_CONFIG_DIR: '',
        NETDATA_STOCK_CONFIG_DIR: '',
        NETDATA_HOST_PREFIX: '',
        NETDATA_LOG_LEVEL: '',
        NETDATA_VERSION: '',
      },
    ],
  ])('has no settings if its variables are %s', (_what, variables) => {
    expect(readEnvironment(variables)).toEqual({
      updateEvery: undefined,
      userConfigDir: undefined,
      stockConfigDir: undefined,
      hostPrefix: '',
      logLevel: undefined,
      version: undefined,
      unknownLogLevel: undefined,
    });
  });

  it.each(['0', '1.5', 'often', '86401', '-2'])('is refused with an interval of %j', (text) => {
    expect(() => readEnvironment({ NETDATA_UPDATE_EVERY: text })).toThrow(
      new UsageError(`NETDATA_UPDATE_EVERY: expected whole seconds from 1 to 86400, got ${JSON.stringify(text)}`),
    );
  });

  it.each([
    ['/host', '/host'],
    ['/host/', '/host'],
    ['/mnt/the host//', '/mnt/the host'],
    ['/', ''],
  ])('with the host below %j has the prefix %j', (text, prefix) => {
    expect(readEnvironment({ NETDATA_HOST_PREFIX: text }).hostPrefix).toBe(prefix);
  });

  it.each(['host', './host', '../host'])('is refused with the relative prefix %j', (text) => {
    expect(() => readEnvironment({ NETDATA_HOST_PREFIX: text })).toThrow(
      new UsageError(`NETDATA_HOST_PREFIX: expected an absolute path, got ${JSON.stringify(text)}`),
    );
  });

  it.each([
    ['emergency', 'error'],
    ['emerg', 'error'],
    ['alert', 'error'],
    ['critical', 'error'],
    ['crit', 'error'],
    ['error', 'error'],
    ['err', 'error'],
    ['warning', 'warning'],
    ['warn', 'warning'],
    ['notice', 'notice'],
    ['info', 'info'],
    ['debug', 'debug'],
    ['DEBUG', 'debug'],
    ['Warning', 'warning'],
  ])('with log level %j sets the level %s', (text, level) => {
    const environment = readEnvironment({ NETDATA_LOG_LEVEL: text });
    expect(environment.logLevel).toBe(level);
    expect(environment.unknownLogLevel).toBeUndefined();
  });

  it('with an invalid log level is accepted, and has that level for a warning', () => {
    const environment = readEnvironment({ NETDATA_LOG_LEVEL: 'Loud', NETDATA_UPDATE_EVERY: '4' });
    expect(environment.logLevel).toBeUndefined();
    expect(environment.unknownLogLevel).toBe('Loud');
    expect(environment.updateEvery).toBe(4);
  });
});
