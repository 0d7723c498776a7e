/**
 * Differences of tables of unsigned 32-bit kernel counters: one row a CPU, one column a counter.
 *
 * A counter that went backwards either wrapped, and its difference modulo 2^32 is exact, or all of them were reset, and
 * there is no difference to speak of. A wrap is believed only of a counter that was about to: by few events, or by
 * about as many as it had before. And a reset takes every counter back, so where all of them fell it is no wrap, unless
 * a single counter is all there ever was and it counts on. Taking a wrap for a reset costs one gap, taking a reset for a
 * wrap draws what never happened; where it cannot be told, that is no more than {@link BELIEVABLE_EVENTS}.
 */

/** A table as read: `rows` times `columns` cells, row by row. */
export interface CounterTable {
  readonly rows: number;
  readonly columns: number;
  /** At least `rows * columns` long; what follows is not looked at. */
  readonly cells: Uint32Array;
}

/** What a reading says about the time since the previous one. */
export type Comparison =
  /** {@link CounterDifferences.cells} holds how much each counter grew. */
  | 'differences'
  /** The first reading, or one with other rows or columns than before: nothing to compare it with. */
  | 'baseline'
  /** The counters started again from 0; this reading is the new baseline. */
  | 'reset';

const MODULUS = 2 ** 32;
/** A wrap is believed of any counter by so many events. */
const BELIEVABLE_EVENTS = 100_000;
/** A wrap is believed up to this many times the counter's pace over the previous interval. */
const BELIEVABLE_GROWTH = 4;

export class CounterDifferences {
  #rows = 0;
  #columns: readonly number[] = [];
  #at = 0;
  #seconds = 0;
  #previous = new Uint32Array(0);
  #current = new Uint32Array(0);
  #cells = new Float64Array(0);

  /** How much each counter grew between the last two readings: a row for every row of the table. */
  get cells(): Float64Array {
    return this.#cells;
  }

  /** Seconds between the last two readings. */
  get seconds(): number {
    return this.#seconds;
  }

  /** Forgets the last reading: the next one is a baseline. */
  forget(): void {
    this.#rows = 0;
  }

  /**
   * Compares a reading with the previous one and keeps a copy of it for the next.
   *
   * @param columns the places of the counters in a row; the other columns are not looked at. A new array is a new
   * choice and so a new baseline.
   * @param at monotonic time of the reading in microseconds.
   */
  update(table: CounterTable, columns: readonly number[], at: number): Comparison {
    const isComparable = table.rows > 0 && table.rows === this.#rows && columns === this.#columns;
    if (!isComparable) {
      this.#rows = table.rows;
      this.#columns = columns;
      this.#previous = new Uint32Array(table.rows * columns.length);
      this.#current = new Uint32Array(table.rows * columns.length);
      this.#cells = new Float64Array(table.rows * columns.length);
    }
    this.#pick(table);
    const before = this.#seconds;
    this.#seconds = (at - this.#at) / 1e6;
    const comparison = isComparable ? this.#compare(before) : 'baseline';
    if (comparison !== 'differences') this.#cells.fill(0);
    [this.#previous, this.#current] = [this.#current, this.#previous];
    this.#at = at;
    return comparison;
  }

  /** Copies the counters of the table, without the other columns. */
  #pick(table: CounterTable): void {
    const { cells, columns: width, rows } = table;
    const columns = this.#columns;
    const current = this.#current;
    let cell = 0;
    for (let row = 0; row < rows; row++) {
      for (let place = 0; place < columns.length; place++) {
        current[cell++] = cells[row * width + (columns[place] ?? 0)] ?? 0;
      }
    }
  }

  /** @param before seconds that the last differences are of; they are 0 where there are none. */
  #compare(before: number): Comparison {
    const stretch = before > 0 ? (BELIEVABLE_GROWTH * this.#seconds) / before : 0;
    const current = this.#current;
    const previous = this.#previous;
    const cells = this.#cells;
    let fell = 0;
    for (let cell = 0; cell < cells.length; cell++) {
      let difference = (current[cell] ?? 0) - (previous[cell] ?? 0);
      if (difference < 0) {
        fell++;
        difference += MODULUS;
        const pace = stretch * (cells[cell] ?? 0);
        if (difference > Math.max(BELIEVABLE_EVENTS, pace)) return 'reset';
      }
      cells[cell] = difference;
    }
    return fell > 0 && this.#allFell(fell) ? 'reset' : 'differences';
  }

  /** Whether the counters that fell, each of which can have wrapped, are all that there were, and too many for it. */
  #allFell(fell: number): boolean {
    const stayed = this.#previous.some((previous, cell) => previous > 0 && (this.#current[cell] ?? 0) >= previous);
    if (stayed) return false;
    return fell > 1 || this.#current.every((current) => current === 0);
  }
}
