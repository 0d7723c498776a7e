/**
 * A channel in the multicast groups NEW and DESTROY that is drained before its buffer overflows: at every update, and in
 * between as often as the event rate requires.
 */

import type { Runtime } from '../../base/runtime.ts';
import { NFNLGRP_CONNTRACK_DESTROY, NFNLGRP_CONNTRACK_NEW } from '../../netlink/ctnetlink.ts';
import type { EventChannel } from '../access.ts';
import { DeferredError } from '../deferred.ts';
import { EventTally } from './event_tally.ts';
import { drainDelay } from './pace.ts';

/** Bytes of the receive buffer that one event takes, as the kernel counts. */
const EVENT = 1280;
/** How many times to read the number of entries until no event arrives meanwhile. */
const ATTEMPTS = 3;

export interface ListeningOptions {
  readonly channel: EventChannel;
  readonly runtime: Runtime;
  /** Seconds between two readings. */
  readonly every: number;
  /** Bytes of unread events that the kernel keeps; it uses up to twice as much. */
  readonly receiveBuffer: number;
}

export class Listening {
  /** The events since it was last reset. */
  readonly tally: EventTally;
  /** Bytes of the receive buffer, as the kernel counts them. */
  readonly bufferSize: number;
  readonly #options: ListeningOptions;
  /** Events that the buffer holds. */
  readonly #capacity: number;
  /** Monotonic time of the last drain in microseconds; at first, when the groups were joined. */
  #drainedAt: number;
  /** Expected events per second until the next drain. */
  #pace = 0;
  #cancelDrain: () => void = () => undefined;
  readonly #failure = new DeferredError();

  /**
   * Joins the groups. Owns the channel: closes it in {@link close}, and when joining fails.
   *
   * @throws {OperationError} when the kernel refuses.
   */
  constructor(options: ListeningOptions) {
    const { channel, receiveBuffer, runtime } = options;
    this.#options = options;
    try {
      this.bufferSize = channel.setReceiveBuffer(receiveBuffer);
      channel.join(NFNLGRP_CONNTRACK_NEW);
      channel.join(NFNLGRP_CONNTRACK_DESTROY);
    } catch (error) {
      channel.close();
      throw error;
    }
    this.tally = new EventTally(channel);
    this.#capacity = this.bufferSize / EVENT;
    this.#drainedAt = runtime.monotonic();
    this.#planDrain();
  }

  /** Monotonic time of the last drain in microseconds; at first, when the groups were joined. */
  get drainedAt(): number {
    return this.#drainedAt;
  }

  /**
   * Counts the unread events.
   *
   * @param entries reads the number of entries in the table.
   * @returns the number of entries at a moment when every earlier event is counted and no later one; `undefined` when
   * events come too fast for such a moment, or the number cannot be read.
   * @throws the error of this drain, or of one since the last reading.
   */
  read(entries: () => number | undefined): number | undefined {
    this.#failure.rethrow();
    if (this.#drain() >= this.#capacity) return undefined;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const count = entries();
      if (this.tally.drain(this.#capacity) === 0) return count;
    }
    return undefined;
  }

  close(): void {
    this.#cancelDrain();
    this.#options.channel.close();
  }

  #drain(): number {
    const drained = this.tally.drain(this.#capacity);
    const now = this.#options.runtime.monotonic();
    const seconds = (now - this.#drainedAt) / 1e6;
    this.#drainedAt = now;
    // A tick right after another drain finds nothing, so the pace falls slowly.
    this.#pace = Math.max(seconds > 0 ? drained / seconds : 0, this.#pace / 2);
    this.#planDrain();
    return drained;
  }

  /** Plans a drain before the next tick, if the event rate requires it. */
  #planDrain(): void {
    const { every, runtime } = this.#options;
    this.#cancelDrain();
    const delay = drainDelay(this.#pace, this.#capacity);
    if (delay >= every * 1000) return;
    this.#cancelDrain = runtime.later(delay, () => {
      try {
        this.#drain();
      } catch (error) {
        this.#failure.keep(error);
      }
    });
  }
}
