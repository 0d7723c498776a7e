/** The log of a process whose terminal shows something else: the newest messages are kept, to be shown with it. */

import { type Fields, type Level, type Log, logfmt } from '../base/log.ts';
import { printable } from './text.ts';

/** So many are kept; no terminal has room for more. */
const MOST = 10;
/** What was told longer ago, in milliseconds, is not news any more. */
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

  /** Those of the last minute, the oldest first. */
  get recent(): readonly Message[] {
    const now = this.#now();
    return this.#kept.filter(({ time }) => now - time < RECENT).map(({ level, text, time }) => ({ time, level, text }));
  }

  /** Whether anything was amiss, however long ago, of which nobody has told that it is mended. */
  get isTroubled(): boolean {
    return this.#kept.some(({ level }) => level !== 'info');
  }

  error(message: string, fields?: Fields): void {
    this.#keep('error', message, fields);
  }

  warning(message: string, fields?: Fields): void {
    this.#keep('warning', message, fields);
  }

  notice(message: string, fields?: Fields): void {
    this.#keep('notice', message, fields);
  }

  /**
   * What is in order again is told this way; what was told of the same thing then goes. Before anything was amiss it is
   * not worth a line of the screen.
   */
  info(message: string, fields: Fields = {}): void {
    if (this.#kept.length === 0) return;
    this.#kept = this.#kept.filter((kept) => !isOfSame(kept.fields, fields));
    this.#keep('info', message, fields);
  }

  debug(): void {
    // Nobody who looks at a screen asked for it.
  }

  /** What is said again moves to the end. */
  #keep(level: Level, message: string, fields: Fields = {}): void {
    // What the log is filtered by says nothing more to a person.
    const shown = { ...fields, code: undefined, errno: undefined, retry: undefined };
    const text = printable(`${message} ${logfmt(shown)}`.trimEnd());
    const others = this.#kept.filter((kept) => kept.text !== text);
    this.#kept = [...others, { time: this.#now(), level, text, fields }].slice(-MOST);
  }
}

/** Whether all that a message names, such as a path or a module, is what another one names. */
function isOfSame(other: Fields, fields: Fields): boolean {
  const names = Object.entries(fields).filter(([, value]) => typeof value === 'string');
  return names.length > 0 && names.every(([key, value]) => other[key] === value);
}
