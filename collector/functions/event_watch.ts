/** The most recent events that match a filter, kept while someone watches. */

import { DeferredError } from '../modules/deferred.ts';
import { inSlices } from '../modules/slices.ts';
import type { Cell } from './answer.ts';
import { type EventKind, EventStream } from './event_stream.ts';
import type { Filter } from './filter.ts';
import { FLOW_PARTS, flowCells } from './flow_cells.ts';
import type { Sources } from './sources.ts';

/** Events that are kept. */
export const KEPT = 2000;
/** Milliseconds between two drains. */
const PAUSE = 200;
/** Events of one drain. More than that are left to be dropped by the kernel, so that a flood costs little. */
const MOST = 10_000;
/** Milliseconds after the last look at which the watch ends. */
const LIFETIME = 60_000;

export class EventWatch {
  /** Since when, in milliseconds since the epoch. */
  readonly since: number;
  /** Events that came, and those that match. */
  seen = 0;
  matched = 0;
  /** Whether it has ended. */
  isClosed = false;
  readonly #sources: Sources;
  readonly #filter: Filter;
  readonly #stream: EventStream;
  /** A ring: the event number n that matches is at n modulo its size. */
  readonly #rows: Cell[][] = [];
  readonly #failure = new DeferredError();
  #cancelDrain: () => void = () => undefined;
  #cancelEnd: () => void = () => undefined;

  /**
   * Begins to watch.
   *
   * @throws {ProblemError} when the events cannot be had.
   * @throws {OperationError} when the kernel refuses.
   */
  constructor(sources: Sources, filter: Filter) {
    this.#sources = sources;
    this.#filter = filter;
    this.since = sources.clock.wall();
    this.#stream = new EventStream(sources, ['new', 'destroyed'], FLOW_PARTS);
    this.#plan();
    this.keep();
  }

  /** How many times the kernel dropped events. */
  get overruns(): number {
    return this.#stream.overruns;
  }

  /** Events that could not be decoded. */
  get malformed(): number {
    return this.#stream.malformed;
  }

  /** Someone still watches. */
  keep(): void {
    this.#cancelEnd();
    this.#cancelEnd = this.#sources.runtime.later(LIFETIME, () => this.close());
  }

  /**
   * The cells of the latest events, newest first: the time, the kind, those of the connection.
   *
   * @throws an error of a drain.
   */
  latest(most: number): Cell[][] {
    this.#failure.rethrow();
    const rows: Cell[][] = [];
    for (let back = 1; back <= Math.min(most, this.#rows.length); back++) {
      const row = this.#rows[(this.matched - back) % KEPT];
      if (row !== undefined) rows.push(row);
    }
    return rows;
  }

  close(): void {
    this.isClosed = true;
    this.#cancelDrain();
    this.#cancelEnd();
    this.#stream.close();
  }

  #plan(): void {
    this.#cancelDrain = this.#sources.runtime.later(PAUSE, () => void this.#drain());
  }

  async #drain(): Promise<void> {
    const now = this.#sources.clock.wall();
    const visit: Parameters<EventStream['drain']>[0] = (kind, flow, bytes) => {
      this.seen++;
      if (this.#filter.matches(flow, bytes)) this.#put(now, kind, flowCells(flow, bytes, now));
    };
    try {
      await inSlices(this.#stream.drain(visit, MOST), this.#sources.runtime, () => this.isClosed);
      if (!this.isClosed) this.#plan();
    } catch (error) {
      this.#failure.keep(error);
    }
  }

  #put(now: number, kind: EventKind, cells: Cell[]): void {
    this.#rows[this.matched % KEPT] = [now, kind, ...cells];
    this.matched++;
  }
}
