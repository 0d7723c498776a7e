/** Counts new connections by what they have in common, while the table is read. */

import { describe } from '../base/errors.ts';
import { inWhole } from '../base/numbers.ts';
import { HeavyHitters } from '../modules/flows/heavy_hitters.ts';
import { ProblemError, problemErrorOf } from '../modules/problem.ts';
import { inSlices } from '../modules/slices.ts';
import { EventStream } from './event_stream.ts';
import type { Grouping, Key } from './groupings.ts';
import { pause } from './pause.ts';
import type { Sources } from './sources.ts';

/** Milliseconds to listen at least, and between two drains. */
const LISTEN = 1000;
const PAUSE = 100;
/** Events of one drain: a flood must not keep the reading of the table from ending. */
const MOST = 10_000;

/** Distinct keys whose new connections are counted. */
const KEYS = 16_384;

/** New connections per second. */
export interface NewRates {
  /** Of a key; `undefined` if unknown. */
  readonly of: (key: Key) => number | undefined;
  /** Why they are unknown, or how far off they can be. */
  readonly note: string | undefined;
}

/**
 * Listens until `reading` has succeeded, and for a second at least, or until it has failed.
 *
 * @throws never: without events there are no rates.
 */
export async function newRates(
  grouping: Grouping,
  sources: Sources,
  reading: Promise<unknown>,
  signal: AbortSignal,
): Promise<NewRates> {
  if (sources.eventSetting() === 0) return unknown('connection tracking events are turned off');
  let stream: EventStream | undefined;
  try {
    stream = new EventStream(sources, ['new'], grouping.parts);
    return await count(stream, grouping, sources, reading, signal);
  } catch (error) {
    return unknown(reasonOf(error));
  } finally {
    stream?.close();
  }
}

async function count(
  stream: EventStream,
  grouping: Grouping,
  sources: Sources,
  reading: Promise<unknown>,
  signal: AbortSignal,
): Promise<NewRates> {
  const keys = new HeavyHitters<Key, undefined>(KEYS);
  const { clock, runtime } = sources;
  const began = clock.monotonic();
  let isRead = false;
  let isFailed = false;
  reading.then(
    () => {
      isRead = true;
    },
    () => {
      isFailed = true;
    },
  );
  let seconds: number;
  do {
    await pause(clock, PAUSE, signal);
    const visit: Parameters<EventStream['drain']>[0] = (kind, flow, bytes) => {
      const key = kind === 'new' ? grouping.key(flow, bytes) : undefined;
      if (key !== undefined) keys.add(key, () => undefined);
    };
    await inSlices(stream.drain(visit, MOST), runtime, () => signal.aborted);
    seconds = (clock.monotonic() - began) / 1e6;
  } while (!signal.aborted && !isFailed && (!isRead || seconds * 1000 < LISTEN));
  if (stream.overruns > 0) return unknown('the kernel reports them faster than they can be read');
  if (stream.malformed > 0) return unknown('reports of the kernel are malformed');
  const rates = new Map<Key, number>();
  for (const { count: times, key } of keys.counters()) rates.set(key, times / seconds);
  // A key that is not counted had none, unless there were too many keys.
  const others = keys.error === 0 ? 0 : undefined;
  const tooLow = inWhole(Math.ceil(keys.error / seconds));
  const note = `New connections per second are too low by at most ${tooLow}: they are of too many ${grouping.plural}.`;
  return { of: (key) => rates.get(key) ?? others, note: keys.error === 0 ? undefined : note };
}

function unknown(reason: string): NewRates {
  return { of: () => undefined, note: `New connections per second are unknown: ${reason}.` };
}

function reasonOf(error: unknown): string {
  const problem = error instanceof ProblemError ? error : problemErrorOf(error, 'ctnetlink');
  return describe(problem);
}
