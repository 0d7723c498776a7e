/**
 * What the Netdata agent says through environment variables, read once and typed.
 */

import { UsageError } from '../base/errors.ts';
import { parseInterval } from '../base/interval.ts';
import type { Level } from '../base/log.ts';

export interface Environment {
  /** `NETDATA_UPDATE_EVERY`: the agent's own interval in seconds. */
  readonly updateEvery: number | undefined;
  /** `NETDATA_USER_CONFIG_DIR`: where the operator's configuration lies. */
  readonly userConfigDir: string | undefined;
  /** `NETDATA_STOCK_CONFIG_DIR`: where the packaged configuration lies. */
  readonly stockConfigDir: string | undefined;
  /** `NETDATA_HOST_PREFIX`: where the host's `/proc` and `/sys` are mounted; empty on the host itself. */
  readonly hostPrefix: string;
  /** `NETDATA_LOG_LEVEL`; `undefined` when it is not set or not a level. */
  readonly logLevel: Level | undefined;
  /** An invalid `NETDATA_LOG_LEVEL`: worth a line in the log, not worth ending for. */
  readonly unknownLogLevel: string | undefined;
}

/** The agent's names for its levels, which are syslog's. This plugin logs nothing above `error`. */
const LEVEL_NAMES: ReadonlyMap<string, Level> = new Map([
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
]);

/**
 * Reads the agent's variables. An empty variable counts as not set.
 *
 * @throws {UsageError} when `NETDATA_UPDATE_EVERY` is no interval or `NETDATA_HOST_PREFIX` no absolute path.
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
    logLevel,
    unknownLogLevel: logLevel === undefined ? level : undefined,
  };
}
