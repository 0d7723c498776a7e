/**
 * Logging in logfmt, one line an event, the way Netdata's own plugins log to stderr.
 *
 * A condition that lasts (a missing file, an agent that does not read) is logged through {@link Condition}: one line
 * when it begins, one when it ends, nothing in between.
 */

/** Levels from the most to the least severe; a lower index is more severe. */
export const LEVELS = ['error', 'warning', 'notice', 'info', 'debug'] as const;

/** Syslog's number of the first level; the others follow. Source: RFC 5424, 6.2.1. */
const ERROR_PRIORITY = 3;

export type Level = (typeof LEVELS)[number];

/** Values that a log line can carry beside its message. */
export type Fields = Readonly<Record<string, string | number | undefined>>;

export interface Log {
  error(message: string, fields?: Fields): void;
  warning(message: string, fields?: Fields): void;
  notice(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  debug(message: string, fields?: Fields): void;
}

export interface LogOptions {
  /** Lines less severe than this are not written. */
  readonly level: Level;
  /**
   * Whether the lines go to systemd's journal, which takes a priority from `<N>` before a line and knows the time.
   * Source: sd-daemon(3).
   */
  readonly isJournal?: boolean;
  /** Receives one whole line, newline included. */
  readonly write: (line: string) => void;
  /** Wall clock in milliseconds since the epoch. */
  readonly now: () => number;
}

/** Creates a logger that writes one logfmt line an event. */
export function createLog(options: LogOptions): Log {
  const threshold = LEVELS.indexOf(options.level);
  const at =
    (level: Level) =>
    (message: string, fields: Fields = {}): void => {
      const place = LEVELS.indexOf(level);
      if (place > threshold) return;
      const line = logfmt({ comm: 'conntrack.plugin', source: 'collector', level, msg: message, ...fields });
      const time = new Date(options.now()).toISOString();
      options.write(options.isJournal === true ? `<${ERROR_PRIORITY + place}>${line}\n` : `time=${time} ${line}\n`);
    };
  return {
    error: at('error'),
    warning: at('warning'),
    notice: at('notice'),
    info: at('info'),
    debug: at('debug'),
  };
}

/** `key=value` pairs separated by a blank; values that need it are quoted, absent ones are left out. */
export function logfmt(fields: Fields): string {
  const pairs: string[] = [];
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) pairs.push(`${key}=${quote(String(value))}`);
  }
  return pairs.join(' ');
}

/** A state that lasts: its changes are logged, its continuation is not. */
export class Condition {
  readonly #log: Log;
  #state: string | undefined;
  #hasWorked = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Enters `state`; logs `message` unless this state was the current one already. */
  enter(state: string, level: Level, message: string, fields?: Fields): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#log[level](message, fields);
  }

  /** Leaves whatever state there was, because what it is about works; logs `message`, with "again" if it ever did. */
  works(message: string, fields?: Fields): void {
    if (this.#state !== undefined) this.leave(this.#hasWorked ? `${message} again` : message, fields);
    this.#hasWorked = true;
  }

  /** Leaves whatever state there was; logs `message` if there was one. */
  leave(message: string, fields?: Fields): void {
    if (this.#state === undefined) return;
    this.#state = undefined;
    this.#log.info(message, fields);
  }
}

function quote(value: string): string {
  // A value stays bare when it is printable ASCII without blank, quote, equals sign or backslash.
  if (/^[!#-<>-[\]-~]+$/.test(value)) return value;
  return JSON.stringify(value);
}
