/** What no module knows alone: numbers computed from those of several modules. */

import type { Sample } from '../modules/module.ts';
import type { Reading } from './renderer.ts';

/** The modules read within a tick, but not at once: only over several ticks do they count the same connections. */
const WINDOW = 10e6;

/** What happened between two ticks. */
interface Interval {
  /** Monotonic time of its end in microseconds. */
  readonly at: number;
  readonly found: number;
  readonly connections: number;
}

/**
 * How hard the kernel searches for a free port: candidates that were already taken (`found` of module `stat`) for each
 * new connection (module `events`). A connection that could not be inserted, such as one for which no port was free, is
 * among the new ones.
 */
export class NatSearch {
  readonly #values: Record<string, number | undefined> = {};
  readonly #samples: readonly Sample[] = [{ scope: 'host', instance: '', labels: {}, values: this.#values }];
  #intervals: Interval[] = [];
  #before: number | undefined;

  /**
   * Takes the readings of a tick.
   *
   * @param at monotonic time in microseconds.
   * @returns nothing if a module does not know its part, or without new connections.
   */
  derive(at: number, readings: readonly Reading[]): Reading | undefined {
    const events = readings.find(({ module }) => module === 'events');
    const created = hostValue(events, 'new');
    const stat = readings.find(({ module }) => module === 'stat');
    const found = hostValue(stat, 'found');
    const before = this.#before;
    this.#before = at;
    // A kernel that counts new connections itself, before 4.9, counts every successful lookup as found.
    const isKnown = created !== undefined && found !== undefined && hostValue(stat, 'new') === undefined;
    if (events === undefined || before === undefined || !isKnown) {
      this.#intervals = [];
      return undefined;
    }
    const seconds = (at - before) / 1e6;
    const connections = (created + (hostValue(stat, 'insert_failed') ?? 0)) * seconds;
    this.#intervals.push({ at, found: found * seconds, connections });
    this.#intervals = this.#intervals.filter((interval) => interval.at > at - WINDOW);
    const total = this.#intervals.reduce((sum, interval) => sum + interval.connections, 0);
    if (total === 0) return undefined;
    this.#values['nat_candidates'] = this.#intervals.reduce((sum, interval) => sum + interval.found, 0) / total;
    return { module: events.module, every: events.every, samples: this.#samples };
  }
}

function hostValue(reading: Reading | undefined, metric: string): number | undefined {
  return reading?.samples.find(({ scope }) => scope === 'host')?.values[metric];
}
