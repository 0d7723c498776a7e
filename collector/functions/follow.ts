/** New and destroyed connections as they happen. */

import type { FlowPart } from '../netlink/flow_parts.ts';
import { checkArguments } from './arguments.ts';
import { EventStream, type EventVisitor } from './event_stream.ts';
import { requireEvents } from './events.ts';
import { flowFilter } from './filter.ts';
import { FILTERS } from './filter_parameters.ts';
import type { Arguments } from './function.ts';
import { pause } from './pause.ts';
import { asProblem, finish } from './reading.ts';
import type { Sources } from './sources.ts';

/** Milliseconds between two drains. */
const PAUSE = 100;
/** Events after which what was printed is written out. */
const AT_ONCE = 5000;

export interface EventSink {
  /** The parts of an entry that it needs. */
  readonly parts: readonly FlowPart[];
  /** Takes a matching event; `flow` is valid during the call. */
  readonly event: EventVisitor;
  /** Writes out what was taken. No event is read until it resolves; the kernel keeps some, then drops them. */
  flush(): void | Promise<void>;
  /** The kernel has dropped events so many times since the last call. */
  lost(times: number): void;
}

/**
 * Passes on events until `signal` is aborted.
 *
 * @param given the parameters {@link FILTERS}.
 * @throws {ArgumentError}
 * @throws {ProblemError} when the events cannot be had.
 */
export async function followEvents(
  given: Arguments,
  sources: Sources,
  signal: AbortSignal,
  sink: EventSink,
): Promise<void> {
  checkArguments(given, FILTERS);
  const { matches, parts } = flowFilter(given);
  requireEvents(sources);
  const stream = await asProblem(() => new EventStream(sources, ['new', 'destroyed'], [...sink.parts, ...parts]));
  const visit: EventVisitor = (kind, flow, bytes) => {
    if (matches(flow, bytes)) sink.event(kind, flow, bytes);
  };
  let reported = 0;
  try {
    while (!signal.aborted) {
      const drained = await finish(stream.drain(visit, AT_ONCE), sources, signal);
      if (stream.overruns > reported) sink.lost(stream.overruns - reported);
      reported = stream.overruns;
      await sink.flush();
      if (drained < AT_ONCE) await pause(sources.clock, PAUSE, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    stream.close();
  }
}
