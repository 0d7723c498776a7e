/** The environment variables of the Netdata agent. */

import { UsageError } from '../base/errors.ts';
import { parseInterval } from '../base/interval.ts';
import { LEVELS, type Level } from '../base/log.ts';

export interface Environment {
  /** `NETDATA_UPDATE_EVERY`: the agent's own interval in seconds. */
  readonly updateEvery: number | undefined;
  /** `NETDATA_USER_CONFIG_DIR`: directory of the operator's configuration. */
  readonly userConfigDir: string | undefined;
  /** `NETDATA_STOCK_CONFIG_DIR`: directory of the packaged configuration. */
  readonly stockConfigDir: string | undefined;
  /** `NETDATA_HOST_PREFIX`: prefix of the host's `/proc` and `/sys`; empty on the host itself. */
  readonly hostPrefix: string;
  /** `NETDATA_VERSION` of the agent, such as `v2.11.0-84-nightly`. */
  readonly version: string | undefined;
  /** `NETDATA_LOG_LEVEL`; `undefined` if unset or invalid. */
  readonly logLevel: Level | undefined;
  /** An invalid `NETDATA_LOG_LEVEL`, for a warning in the log. */
  readonly unknownLogLevel: string | undefined;
}

/** The agent's names of log levels, which are syslog's. This plugin logs nothing more severe than `error`. */
const LEVEL_NAMES: ReadonlyMap<string, Level> = new Map([
  ...LEVELS.map((level) => [level, level] as const),
  ...['emergency', 'emerg', 'alert', 'critical', 'crit', 'err'].map((name) => [name, 'error'] as const),
  ['warn', 'warning'],
]);

/**
 * Reads the agent's variables. An empty variable counts as unset.
 *
 * @throws {UsageError} when `NETDATA_UPDATE_EVERY` is not an interval or `NETDATA_HOST_PREFIX` not an absolute path.
 */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>>): Environment {
  const get = (name: string): string | undefined => variables[name] || undefined;

  const every = get('NETDATA_UPDATE_EVERY');
  const prefix = get('NETDATA_HOST_PREFIX') ?? '';
  if (prefix !== '' && !prefix.startsWith('/')) {
    throw new UsageError(`NETDATA_HOST_PREFIX: expected an absolute path, got ${JSON.stringify(prefix)}`);
  }

  const level = get('NETDATA_LOG_LEVEL');
  const logLevel = level === undefined ? undefined : LEVEL_NAMES.get(level.toLowerCase());
  return {
    updateEvery: every === undefined ? undefined : parseInterval('NETDATA_UPDATE_EVERY', every),
    userConfigDir: get('NETDATA_USER_CONFIG_DIR'),
    stockConfigDir: get('NETDATA_STOCK_CONFIG_DIR'),
    hostPrefix: prefix.replace(/\/+$/, ''),
    version: get('NETDATA_VERSION'),
    logLevel,
    unknownLogLevel: logLevel === undefined ? level : undefined,
  };
}
