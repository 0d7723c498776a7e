/** The renderer for a person at a terminal: the whole screen, anew at every update. */

import type { Chart } from '../../charts/types.ts';
import type { Reading, Renderer } from '../jobs/renderer.ts';
import type { Abilities } from './abilities.ts';
import { Board } from './board.ts';
import type { Messages } from './messages.ts';
import { paint } from './paint.ts';
import { type Facts, type Size, screenOf } from './screen.ts';
import { ASCII, UNICODE } from './signs.ts';

export interface ScreenRendererOptions {
  readonly charts: readonly Chart[];
  readonly facts: Facts;
  readonly abilities: Abilities;
  readonly messages: Messages;
  /** The size of the terminal at present; `undefined` while there is none to draw on. */
  readonly size: () => Size | undefined;
  /** Monotonic time in microseconds. */
  readonly monotonic: () => number;
  /** Wall clock in milliseconds since the epoch. */
  readonly now: () => number;
}

export class ScreenRenderer implements Renderer {
  readonly #options: ScreenRendererOptions;
  readonly #board: Board;
  #time = 0;

  constructor(options: ScreenRendererOptions) {
    this.#options = options;
    this.#board = new Board(options.charts, options.facts.every);
    this.#time = options.now();
  }

  render(at: number, readings: readonly Reading[]): string {
    this.#time = this.#options.now();
    this.#board.update(at, readings);
    return this.#draw();
  }

  /** What is known since the last update, for a terminal that has been resized or has shown something else. */
  redraw(): string {
    this.#board.pass(this.#options.monotonic());
    return this.#draw();
  }

  #draw(): string {
    const { abilities, facts, messages, size } = this.#options;
    const current = size();
    if (current === undefined) return '';
    const { isTroubled, recent } = messages;
    const view = { facts, time: this.#time, board: this.#board, messages: recent, isTroubled };
    const lines = screenOf(view, current, abilities.isUnicode ? UNICODE : ASCII);
    return paint(lines, { columns: current.columns, hasColour: abilities.hasColour });
  }
}
