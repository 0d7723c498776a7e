/** The rounds of requests of a running program, as note_rounds.cjs notes them, and what its rates say about counters. */

import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { requestBytes } from '../../collector/modules/conntrackd/request.ts';
import type { Tick } from './stream.ts';

const NOTES = fileURLToPath(new URL('note_rounds.cjs', import.meta.url));
const FIRST_REQUEST = Buffer.from(requestBytes('runtime')).toString('hex');
/** A rate is sent in thousandths, rounded. */
const ROUNDED = 0.5;

/** A round whose replies a tick charts, in microseconds of the program's clock: every reply was read between both times. */
interface Round {
  readonly begin: number;
  readonly end: number;
}

/** A number of events that rates allow. */
export interface Events {
  readonly least: number;
  readonly most: number;
}

export class NotedRounds {
  readonly #folder = mkdtempSync(join(tmpdir(), 'rounds-'));
  readonly #file = join(this.#folder, 'rounds');

  constructor() {
    // The program may run as another user.
    chmodSync(this.#folder, 0o777);
    copyFileSync(NOTES, join(this.#folder, 'note.cjs'));
  }

  /** What the program needs in its environment. */
  get environment(): Readonly<Record<string, string>> {
    return { NODE_OPTIONS: `--require ${join(this.#folder, 'note.cjs')}`, ROUNDS: this.#file };
  }

  /**
   * The round whose replies each tick charts: the last one that was begun. A round begins after the update that charts the
   * previous one, and is charted once it has ended.
   */
  get charted(): readonly Round[] {
    let round: Round = { begin: 0, end: 0 };
    const charted: Round[] = [];
    for (const line of existsSync(this.#file) ? readFileSync(this.#file, 'utf8').split('\n') : []) {
      const [what, opened, closed] = line.split(' ');
      if (what === 'tick') charted.push(round);
      else if (what === FIRST_REQUEST) round = { begin: Number(opened), end: Number(closed) };
      else if (closed !== undefined) round = { begin: round.begin, end: Number(closed) };
    }
    return charted;
  }

  /**
   * The number of events that the rates of a dimension add up to in the ticks from `first` to before `last`.
   *
   * A rate is a difference divided by the time between two replies of the daemon. That is not the time between two ticks,
   * and on a busy machine far from it, so the rates are multiplied by the shortest and the longest time between any replies
   * of both rounds. On a quiet machine, where a round takes some milliseconds, these differ by about a tenth.
   *
   * @param state the chart that shows whether the daemon answered.
   */
  events(ticks: readonly Tick[], [first, last]: readonly [number, number], state: string, rate: Rate): Events {
    const { charted } = this;
    let [least, most] = [0, 0];
    let before: Round | undefined;
    for (const [place, { charts }] of ticks.slice(0, last).entries()) {
      const round = charted[place];
      if (round === undefined) throw new Error(`no round is noted for tick ${place}`);
      const value = charts[rate.chart]?.[rate.dimension] ?? 0;
      if (place >= first && value > 0) {
        if (before === undefined) throw new Error(`${rate.chart} has a rate without an earlier round`);
        least += ((value - ROUNDED) * Math.max(0, round.begin - before.end)) / 1e9;
        most += ((value + ROUNDED) * (round.end - before.begin)) / 1e9;
      }
      if (charts[state]?.['up'] === 1) before = round;
    }
    return { least, most };
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

/** A dimension of a chart of rates. */
export interface Rate {
  readonly chart: string;
  readonly dimension: string;
}
