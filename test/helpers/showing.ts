/** The screen without a terminal: takes samples, returns lines or text. */

import { charts } from '../../charts/index.ts';
import type { Reading } from '../../collector/jobs/renderer.ts';
import type { Sample, Scope } from '../../collector/modules/module.ts';
import { Board } from '../../collector/terminal/board.ts';
import type { Message } from '../../collector/terminal/messages.ts';
import { screenOf } from '../../collector/terminal/screen.ts';
import type { Line } from '../../collector/terminal/text.ts';

type Values = Sample['values'];

/** Monotonic time of second 0, in microseconds. */
const START = 91_000_777;

/** The samples of a module that is read every so many seconds. */
export function reading(every: number, ...samples: Sample[]): Reading {
  return { module: 'any', every, samples };
}

export function host(values: Values): Sample {
  return { scope: 'host', instance: '', labels: {}, values };
}

export function instance(scope: Scope, name: string, labels: Sample['labels'], values: Values): Sample {
  return { scope, instance: name, labels, values };
}

/** A board with the clock in seconds, and its screen. */
export class Showing {
  readonly board: Board;
  messages: readonly Message[] = [];
  isTroubled = false;
  netns: string | undefined;
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

  lines(columns: number, rows: number): readonly Line[] {
    const facts = { host: 'fw-north', kernel: 'Linux 6.18.7', every: this.#every };
    const { board, isTroubled, messages: recent, netns } = this;
    const view = { ...facts, netns, time: noon(this.#seconds), board, messages: { recent, isTroubled } };
    return screenOf(view, { columns, rows });
  }

  /** The lines as text, without trailing blanks. */
  screen(columns: number, rows: number): string {
    return this.lines(columns, rows).map(textOf).join('\n');
  }
}

export function textOf(line: Line): string {
  return line
    .map(({ text }) => text)
    .join('')
    .trimEnd();
}

/** Seconds after local noon, wherever the test runs, in milliseconds since the epoch. */
export function noon(seconds: number): number {
  return new Date(2026, 10, 21, 12, 0, seconds).getTime();
}
