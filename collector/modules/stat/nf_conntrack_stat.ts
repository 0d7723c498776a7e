/**
 * Parses `/proc/net/stat/nf_conntrack`: a header of column names, then one row of `%08x` counters for every possible CPU.
 * Kernels differ in the names, number and order of the columns, so a column is looked up by name.
 * Source: `ct_cpu_seq_show` in net/netfilter/nf_conntrack_standalone.c, and its history since 2.6.
 */

import { type CounterTable, nextGeneration } from '../../base/counters.ts';
import { FormatError } from '../../base/errors.ts';

/** The counters of every CPU, from the file or another source. The next reading overwrites it. */
export interface StatTable extends CounterTable {
  /** The name of each column. */
  readonly names: readonly string[];
  /** The CPU number of each row, if the source has it. */
  readonly cpus?: readonly number[];
}

/** The statistics file below `/proc/net`. */
export const STATISTICS = 'stat/nf_conntrack';

const NEWLINE = 0x0a;
const BLANK = 0x20;
const DIGITS = 8;
const BAD = 0xff;

/** The value of each byte as a hexadecimal digit, or {@link BAD}. */
const HEX = new Uint8Array(256).fill(BAD);
for (const [value, digit] of [...'0123456789abcdef'].entries()) HEX[digit.charCodeAt(0)] = value;

/** A header and the names in it. */
interface Header {
  readonly text: Buffer;
  readonly names: readonly string[];
}

const NO_HEADER: Header = { text: Buffer.alloc(0), names: [] };

/** The last header that any file had: those of all network namespaces have the same one, and share it. */
let lastHeader = NO_HEADER;

export class StatParser implements StatTable {
  generation = 0;
  rows = 0;
  cells = new Uint32Array(0);
  #header = NO_HEADER;
  /** Rows of the last complete text. */
  #knownRows = 0;

  get names(): readonly string[] {
    return this.#header.names;
  }

  get columns(): number {
    return this.names.length;
  }

  /** Entries in the connection table of the namespace, which every row repeats. */
  get entries(): number | undefined {
    return this.cells[this.names.indexOf('entries')];
  }

  /**
   * Parses the whole text.
   *
   * @throws {FormatError} when it is empty, torn or another file; the table is then unusable.
   */
  parse(text: Buffer): void {
    this.rows = 0;
    if (text.length === 0) throw new FormatError('empty');
    if (text[text.length - 1] !== NEWLINE) throw new FormatError('torn: the last line has no end');
    const headerEnd = text.indexOf(NEWLINE);
    this.#parseHeader(text, headerEnd);

    let at = headerEnd + 1;
    while (at < text.length) {
      this.#reserve(this.rows + 1);
      at = this.#parseRow(text, at);
      this.rows++;
    }
    if (this.rows === 0) throw new FormatError('torn: a header and no row');
    if (this.rows === this.#knownRows) return;
    this.#knownRows = this.rows;
    this.generation = nextGeneration();
  }

  #parseHeader(text: Buffer, end: number): void {
    if (isHeader(this.#header, text, end)) return;
    if (!isHeader(lastHeader, text, end)) lastHeader = headerOf(text.subarray(0, end));
    this.#header = lastHeader;
    this.generation = nextGeneration();
  }

  /** Parses the row at `start`; returns the start of the next one. */
  #parseRow(text: Buffer, start: number): number {
    const columns = this.names.length;
    const first = this.rows * columns;
    let found = 0;
    let at = start;
    for (;;) {
      while (text[at] === BLANK) at++;
      if (text[at] === NEWLINE) break;
      if (found === columns) throw new FormatError(`row ${this.rows + 1} has more than ${columns} fields`);
      this.cells[first + found++] = this.#parseField(text, at);
      at += DIGITS;
    }
    if (found < columns) throw new FormatError(`torn: row ${this.rows + 1} has ${found} fields, not ${columns}`);
    return at + 1;
  }

  /**
   * Parses the field at `start`. With fewer or more than {@link DIGITS} digits it is part of a field or two fields run
   * together: a wrong number that looks right.
   */
  #parseField(text: Buffer, start: number): number {
    let value = 0;
    for (let at = start; at < start + DIGITS; at++) {
      const digit = HEX[text[at] ?? NEWLINE] ?? BAD;
      if (digit === BAD) throw new FormatError(`row ${this.rows + 1}: a field does not have ${DIGITS} hex digits`);
      value = value * 16 + digit;
    }
    const after = text[start + DIGITS];
    if (after !== BLANK && after !== NEWLINE) {
      throw new FormatError(`row ${this.rows + 1}: a field has more than ${DIGITS} hex digits`);
    }
    return value;
  }

  #reserve(rows: number): void {
    const needed = rows * this.names.length;
    if (needed <= this.cells.length) return;
    const larger = new Uint32Array(needed * 2);
    larger.set(this.cells);
    this.cells = larger;
  }
}

function isHeader({ names, text: header }: Header, text: Buffer, end: number): boolean {
  return names.length > 0 && text.compare(header, 0, header.length, 0, end) === 0;
}

/** @throws {FormatError} when the text is not a header. */
function headerOf(text: Buffer): Header {
  const header = text.toString('latin1').trim();
  const names = header.split(/ +/);
  if (!names.every((name) => /^[a-z][a-z0-9_]*$/.test(name)) || !names.includes('entries')) {
    throw new FormatError(`the header does not consist of column names: ${JSON.stringify(header.slice(0, 60))}`);
  }
  if (new Set(names).size < names.length) throw new FormatError('the header names a column twice');
  return { text: Buffer.from(text), names };
}
