/** The screen and the plain lines without a terminal: fed with samples, and read as text. */

import { charts } from '../../charts/index.ts';
import type { Reading } from '../../collector/jobs/renderer.ts';
import type { Sample, Scope } from '../../collector/modules/module.ts';
import { Board } from '../../collector/terminal/board.ts';
import type { Message } from '../../collector/terminal/messages.ts';
import { screenOf } from '../../collector/terminal/screen.ts';
import { type Signs, UNICODE } from '../../collector/terminal/signs.ts';
import type { Line } from '../../collector/terminal/text.ts';

type Values = Sample['values'];

/** Where the monotonic time begins, in microseconds. */
const START = 91_000_777;

/** What the module with this interval, in seconds, returned. */
export function reading(every: number, ...samples: Sample[]): Reading {
  return { module: 'any', every, samples };
}

export function host(values: Values): Sample {
  return { scope: 'host', instance: '', labels: {}, values };
}

export function instance(scope: Scope, name: string, labels: Sample['labels'], values: Values): Sample {
  return { scope, instance: name, labels, values };
}

/** A board that is updated by seconds since the start, and looked at as a screen. */
export class Showing {
  readonly board: Board;
  messages: readonly Message[] = [];
  isTroubled = false;
  readonly #every: number;
  #seconds = 0;

  constructor(every = 1) {
    this.#every = every;
    this.board = new Board(charts, every);
  }

  update(seconds: number, ...readings: Reading[]): this {
    this.#seconds = seconds;
    this.board.update(START + seconds * 1e6, readings);
    return this;
  }

  /** The lines of a screen of that size. */
  lines(columns: number, rows: number, signs: Signs = UNICODE): readonly Line[] {
    const facts = { host: 'fw-north', kernel: 'Linux 6.18.7', every: this.#every };
    // Noon where the terminal is, wherever the test runs.
    const time = new Date(2026, 10, 21, 12, 0, 0).getTime() + this.#seconds * 1000;
    const { board, isTroubled, messages } = this;
    return screenOf({ facts, time, board, messages, isTroubled }, { columns, rows }, signs);
  }

  /** The same as text, without the blanks at the end of lines. */
  screen(columns: number, rows: number, signs?: Signs): string {
    return this.lines(columns, rows, signs).map(textOf).join('\n');
  }
}

export function textOf(line: Line): string {
  return line
    .map(({ text }) => text)
    .join('')
    .trimEnd();
}

/** The time of day that {@link Showing} begins at, so many seconds later, in milliseconds since the epoch. */
export function noon(seconds: number): number {
  return new Date(2026, 10, 21, 12, 0, seconds).getTime();
}
