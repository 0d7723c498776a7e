/**
 * Logging in logfmt, one line per event, as Netdata's own plugins log to stderr.
 *
 * A lasting condition (a missing file, an agent that does not read) is logged with {@link Condition}: one line when it
 * begins, one when it ends, and none in between.
 */

/** Levels, the most severe first. */
export const LEVELS = ['error', 'warning', 'notice', 'info', 'debug'] as const;

/** Syslog's number of the first level. Source: RFC 5424, 6.2.1. */
const ERROR_PRIORITY = 3;

export type Level = (typeof LEVELS)[number];

/** Fields of a log line besides its message. */
export type Fields = Readonly<Record<string, string | number | undefined>>;

export interface Log {
  error(message: string, fields?: Fields): void;
  warning(message: string, fields?: Fields): void;
  notice(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  debug(message: string, fields?: Fields): void;
}

export interface LogOptions {
  /** The least severe level that is written. */
  readonly level: Level;
  /**
   * Whether lines go to systemd's journal, which reads a priority from `<N>` before a line and adds the time.
   * Source: sd-daemon(3).
   */
  readonly isJournal?: boolean;
  /** Receives one line, including its newline. */
  readonly write: (line: string) => void;
  /** Wall clock in milliseconds since the epoch. */
  readonly now: () => number;
}

/** Creates a log that writes one logfmt line per event. */
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

/** `key=value` pairs separated by blanks; values are quoted if necessary, and undefined ones left out. */
export function logfmt(fields: Fields): string {
  const pairs: string[] = [];
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) pairs.push(`${key}=${quote(String(value))}`);
  }
  return pairs.join(' ');
}

/** A lasting state, of which only changes are logged. */
export class Condition {
  readonly #log: Log;
  #state: string | undefined;
  #hasWorked = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Enters `state`; logs `message` unless this is the current state. */
  enter(state: string, level: Level, message: string, fields?: Fields): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#log[level](message, fields);
  }

  /** Leaves the state because its subject works; logs `message`, with "again" if it ever worked before. */
  works(message: string, fields?: Fields): void {
    if (this.#state !== undefined) this.leave(this.#hasWorked ? `${message} again` : message, fields);
    this.#hasWorked = true;
  }

  /** Leaves the state; logs `message` if there was one. */
  leave(message: string, fields?: Fields): void {
    if (this.#state === undefined) return;
    this.#state = undefined;
    this.#log.info(message, fields);
  }
}

function quote(value: string): string {
  // No quotes for printable ASCII without blank, quote, equals sign and backslash.
  if (/^[!#-<>-[\]-~]+$/.test(value)) return value;
  return JSON.stringify(value);
}
