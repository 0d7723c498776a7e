/**
 * Differences between two readings of a table of unsigned 32-bit kernel counters: one row per CPU, one column per
 * counter.
 *
 * A counter that went backwards either wrapped or was reset. A wrap has an exact difference modulo 2^32; a reset has
 * none. A wrap is plausible only if the difference is small, or not much larger than in the previous interval. A reset
 * sets every counter back, so if all counters fell it is a reset, unless only one counter ever counted and it has
 * counted since. Mistaking a wrap for a reset costs one gap; mistaking a reset for a wrap counts events that
 * never happened, in ambiguous cases at most {@link PLAUSIBLE_EVENTS}.
 */

/** One reading: `rows` times `columns` cells, row by row. */
export interface CounterTable {
  /** From {@link nextGeneration}; changes whenever a row or column changes its meaning. */
  readonly generation: number;
  readonly rows: number;
  readonly columns: number;
  /** At least `rows * columns` long; the rest is ignored. */
  readonly cells: Uint32Array;
}

/** One column of a table. */
export interface Counter {
  /** Its position in a row, from 0. */
  readonly index: number;
}

let lastGeneration = 0;

/** A number that no other counter table of this process has: tables of different sources are never compared. */
export function nextGeneration(): number {
  return ++lastGeneration;
}

/** How a reading compares with the previous one. */
export type Comparison =
  /** {@link CounterDifferences.cells} holds the increase of each counter. */
  | 'differences'
  /** The first reading, or one of another generation: there is nothing to compare it with. */
  | 'baseline'
  /** The counters restarted from 0; this reading is the new baseline. */
  | 'reset';

const MODULUS = 2 ** 32;
/** A wrap by up to this many events is plausible for any counter. */
const PLAUSIBLE_EVENTS = 100_000;
/** A wrap is plausible up to this many times the counter's rate over the previous interval. */
const PLAUSIBLE_GROWTH = 4;

/** The chosen counters of the reading that is being compared: shared, since there can be a thousand tables. */
let current = new Uint32Array(0);

export class CounterDifferences {
  /** The increase of each counter between the last two readings, one row for every row of the table. */
  cells = new Uint32Array(0);
  /** Seconds between the last two readings. */
  seconds = 0;
  #generation = 0;
  #columns: readonly Counter[] = [];
  #at = 0;
  #previous = new Uint32Array(0);

  /** Forgets the last reading: the next one is a baseline. */
  forget(): void {
    this.#generation = 0;
  }

  /**
   * Compares a reading with the previous one and keeps a copy of it for the next.
   *
   * @param columns the counters; other columns are ignored. A choice holds for one generation.
   * @param at monotonic time of the reading in microseconds.
   */
  update(table: CounterTable, columns: readonly Counter[], at: number): Comparison {
    const isComparable = table.generation === this.#generation;
    if (!isComparable) {
      this.#generation = table.generation;
      this.#columns = columns;
      const size = table.rows * columns.length;
      const memory = new Uint32Array(2 * size);
      this.#previous = memory.subarray(0, size);
      this.cells = memory.subarray(size);
      if (current.length < size) current = new Uint32Array(size);
    }
    this.#pick(table, current);
    const before = this.seconds;
    this.seconds = (at - this.#at) / 1e6;
    const comparison = isComparable ? this.#compare(before) : 'baseline';
    if (comparison !== 'differences') this.cells.fill(0);
    this.#pick(table, this.#previous);
    this.#at = at;
    return comparison;
  }

  /** Copies the chosen columns of the table. */
  #pick(table: CounterTable, into: Uint32Array): void {
    const { cells, columns: width, rows } = table;
    const columns = this.#columns;
    let cell = 0;
    for (let row = 0; row < rows; row++) {
      for (let place = 0; place < columns.length; place++) {
        into[cell++] = cells[row * width + (columns[place]?.index ?? 0)] ?? 0;
      }
    }
  }

  /** @param before seconds that the last differences cover. */
  #compare(before: number): Comparison {
    const stretch = before > 0 ? (PLAUSIBLE_GROWTH * this.seconds) / before : 0;
    const previous = this.#previous;
    const cells = this.cells;
    let fell = 0;
    for (let cell = 0; cell < cells.length; cell++) {
      let difference = (current[cell] ?? 0) - (previous[cell] ?? 0);
      if (difference < 0) {
        fell++;
        difference += MODULUS;
        const pace = stretch * (cells[cell] ?? 0);
        if (difference > Math.max(PLAUSIBLE_EVENTS, pace)) return 'reset';
      }
      cells[cell] = difference;
    }
    return fell > 0 && this.#allFell(fell) ? 'reset' : 'differences';
  }

  /** Whether every counter that ever counted fell, though each of them could have wrapped. */
  #allFell(fell: number): boolean {
    const stayed = this.#previous.some((previous, cell) => previous > 0 && (current[cell] ?? 0) >= previous);
    if (stayed) return false;
    return fell > 1 || this.#previous.every((_, cell) => current[cell] === 0);
  }
}
