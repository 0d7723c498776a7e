/** The answer `events`: new and destroyed connections, the most recent ones. */

import { inWhole } from '../base/numbers.ts';
import { ProblemError, problemErrorOf } from '../modules/problem.ts';
import type { Answer, Column } from './answer.ts';
import { checkArguments } from './arguments.ts';
import { EventWatch, KEPT } from './event_watch.ts';
import { flowFilter } from './filter.ts';
import { FILTERS } from './filter_parameters.ts';
import { FLOW_COLUMNS } from './flow_cells.ts';
import type { Arguments, LiveFunction, Parameter } from './function.ts';
import { LIMIT, limitIn } from './limits.ts';
import { pause } from './pause.ts';
import type { Sources } from './sources.ts';

const DEFAULT_LIMIT = 500;
/** Milliseconds that the first call waits, to have something to show. */
const FIRST = 1000;
/** Different filters that are watched at once; the one that was looked at longest ago makes room. */
const WATCHES = 4;

/** The time in milliseconds since the epoch, the kind, then the cells of the connection. */
export const EVENT_COLUMNS: readonly Column[] = [
  { id: 'time', name: 'Time', type: 'time' },
  { id: 'event', name: 'Event', type: 'text' },
  // The kernel reports no timeout at the end of a connection.
  ...FLOW_COLUMNS.map((column) => (column.id === 'timeout' ? ({ ...column, isHidden: true } as const) : column)),
];

export class EventsFunction implements LiveFunction {
  readonly name = 'events';
  readonly command = 'tail';
  readonly summary = 'New and destroyed connections.';
  readonly help =
    'The most recent connections that were created or have ended, newest first. They are collected from the first call ' +
    'on, and until a minute after the last one. Times are accurate to a fifth of a second. At the end of a connection, ' +
    'bytes and packets are known with nf_conntrack_acct, and its age with nf_conntrack_timestamp.';
  readonly parameters: readonly Parameter[] = [...FILTERS, LIMIT];
  /** By the filter, the one that was looked at last at the end. */
  readonly #watches = new Map<string, { readonly watch: EventWatch; readonly of: Sources['ctnetlink'] }>();

  async run(given: Arguments, sources: Sources, signal: AbortSignal): Promise<Answer> {
    checkArguments(given, this.parameters);
    const limit = limitIn(given, sources, DEFAULT_LIMIT);
    signal.throwIfAborted();
    const { isNew, watch } = this.#watch(given, sources);
    let isKept = !sources.isPatient;
    try {
      if (isNew) await pause(sources.clock, FIRST, signal);
      if (isNew && signal.aborted) isKept = false;
      signal.throwIfAborted();
      return answer(watch, limit);
    } catch (error) {
      if (!signal.aborted) isKept = false;
      throw problemErrorOf(error, 'ctnetlink');
    } finally {
      if (!isKept) watch.close();
    }
  }

  /** Ends all watches. */
  close(): void {
    for (const { watch } of this.#watches.values()) watch.close();
    this.#watches.clear();
  }

  #watch(given: Arguments, sources: Sources): { watch: EventWatch; isNew: boolean } {
    for (const [key, { watch }] of this.#watches) if (watch.isClosed) this.#watches.delete(key);
    const key = JSON.stringify(FILTERS.map(({ name }) => given[name] ?? null));
    const kept = this.#watches.get(key);
    this.#watches.delete(key);
    if (kept !== undefined && kept.of === sources.ctnetlink) {
      this.#watches.set(key, kept);
      kept.watch.keep();
      return { watch: kept.watch, isNew: false };
    }
    kept?.watch.close();
    const filter = flowFilter(given);
    requireEvents(sources);
    const [oldest] = this.#watches;
    if (oldest !== undefined && this.#watches.size >= WATCHES) {
      this.#watches.delete(oldest[0]);
      oldest[1].watch.close();
    }
    const watch = open(sources, filter);
    this.#watches.set(key, { watch, of: sources.ctnetlink });
    return { watch, isNew: true };
  }
}

/** @throws {ProblemError} when the kernel reports no events. */
export function requireEvents({ eventSetting }: Sources): void {
  if (eventSetting() === 0) throw new ProblemError('events_off', 'ctnetlink');
}

function open(sources: Sources, filter: ReturnType<typeof flowFilter>): EventWatch {
  try {
    return new EventWatch(sources, filter);
  } catch (error) {
    throw problemErrorOf(error, 'ctnetlink');
  }
}

function answer(watch: EventWatch, limit: number): Answer {
  const rows = watch.latest(limit).map((cells) => ({ cells }));
  const { malformed, matched, overruns, seen, since } = watch;
  const notes = [
    `Events since ${new Date(since).toISOString()}: ${inWhole(seen)}, matching: ${inWhole(matched)}; the latest ` +
      `${inWhole(KEPT)} are kept.`,
  ];
  if (overruns > 0) {
    notes.push(`Events are missing: they came too fast, and the kernel dropped some. Overruns: ${inWhole(overruns)}.`);
  }
  if (malformed > 0) notes.push(`Malformed reports of the kernel: ${inWhole(malformed)}.`);
  return { columns: EVENT_COLUMNS, rows, sortedBy: 'time', notes };
}
