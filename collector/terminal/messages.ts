/** The log of `show`: keeps the newest messages, so that the screen can show them. */

import { type Fields, type Level, type Log, logfmt } from '../base/log.ts';
import { escaped } from '../base/text.ts';

const MOST = 10;
/** Milliseconds. */
const RECENT = 60_000;

export interface Message {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly level: Level;
  readonly text: string;
}

interface Kept extends Message {
  readonly fields: Fields;
}

export class Messages implements Log {
  readonly #now: () => number;
  #kept: readonly Kept[] = [];

  /** @param now wall clock in milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The messages of the last minute, oldest first. */
  get recent(): readonly Message[] {
    const now = this.#now();
    return this.#kept.filter(({ time }) => now - time < RECENT);
  }

  /** Whether any problem was logged, however long ago, and not reported as resolved since. */
  get isTroubled(): boolean {
    return this.#kept.some(({ level }) => level !== 'info');
  }

  readonly error = (message: string, fields?: Fields): void => this.#keep('error', message, fields);
  readonly warning = (message: string, fields?: Fields): void => this.#keep('warning', message, fields);
  readonly notice = (message: string, fields?: Fields): void => this.#keep('notice', message, fields);

  /** Reports a problem as resolved: replaces the messages with the same fields. Ignored if there was no problem. */
  info(message: string, fields: Fields = {}): void {
    if (this.#kept.length === 0) return;
    this.#kept = this.#kept.filter((kept) => !isSameSubject(kept.fields, fields));
    this.#keep('info', message, fields);
  }

  debug(): void {
    // Not for the screen.
  }

  /** A repeated message moves to the end. */
  #keep(level: Level, message: string, fields: Fields = {}): void {
    // Fields for filtering the log are of no use on a screen.
    const shown = { ...fields, code: undefined, errno: undefined, retry: undefined };
    const text = escaped(`${message} ${logfmt(shown)}`.trimEnd());
    const others = this.#kept.filter((kept) => kept.text !== text);
    this.#kept = [...others, { time: this.#now(), level, text, fields }].slice(-MOST);
  }
}

/** Whether a message has every text field of another, such as a path or a module. Numbers identify nothing. */
function isSameSubject(fields: Fields, other: Fields): boolean {
  const names = Object.entries(other).filter(([, value]) => typeof value === 'string');
  return names.length > 0 && names.every(([key, value]) => fields[key] === value);
}
