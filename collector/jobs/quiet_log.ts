/**
 * The log of a job in a network namespace. Of hundreds of namespaces, what is ordinary in one of them (no connection
 * tracking, no privilege) is no news: `check` reports it.
 */

import type { Log } from '../base/log.ts';

/** @param least the least severe level that is kept; lines of the others become debug. */
export function quietLog(log: Log, least: 'error' | 'warning'): Log {
  const debug: Log['debug'] = (message, fields) => log.debug(message, fields);
  return {
    error: (message, fields) => log.error(message, fields),
    warning: least === 'warning' ? (message, fields) => log.warning(message, fields) : debug,
    notice: debug,
    info: debug,
    debug,
  };
}
