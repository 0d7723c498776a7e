/** The screen of an answer that is repeated. */

import type { Size } from './columns.ts';
import { timeOf } from './screen.ts';
import { cut, type Line, pad, span } from './text.ts';

export interface AnswerView {
  /** What was typed, such as `top --by zone`. */
  readonly title: string;
  /** Seconds between two answers. */
  readonly every: number;
  /** When the table was read, in milliseconds since the epoch. */
  readonly time: number;
  /** The answer in at most as many lines and columns. */
  readonly draw: (size: Size) => readonly Line[];
}

/** As many lines as the terminal has, none wider than it. */
export function answerScreen({ draw, every, time, title }: AnswerView, { columns, rows }: Size): readonly Line[] {
  const clock = ` ${timeOf(time)}`;
  const head = [
    ...pad([span(title, 'strong'), span(`  every ${every} s`, 'dim')], columns - clock.length),
    span(clock),
  ];
  const room = Math.max(0, rows - 2);
  const lines = draw({ columns, rows: room });
  const empty = Array.from({ length: room - lines.length }, (): Line => []);
  const foot = [span('Ctrl-C ends', 'dim')];
  return [head, ...lines, ...empty, foot].slice(0, rows).map((line) => cut(line, columns));
}
