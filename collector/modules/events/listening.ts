/**
 * A channel that has joined the groups NEW and DESTROY, and is read before it runs over: with every update, and in
 * between as often as the pace of the events demands.
 */

import type { Runtime } from '../../base/runtime.ts';
import { NFNLGRP_CONNTRACK_DESTROY, NFNLGRP_CONNTRACK_NEW } from '../../netlink/ctnetlink.ts';
import type { EventChannel } from '../access.ts';
import { DeferredError } from '../deferred.ts';
import { EventTally } from './event_tally.ts';
import { drainDelay } from './pace.ts';

/** Bytes that the kernel counts for one waiting event. */
const EVENT = 1280;
/** So often is the number of entries read until no event comes meanwhile. */
const ATTEMPTS = 3;

export interface ListeningOptions {
  readonly channel: EventChannel;
  readonly runtime: Runtime;
  /** Seconds between two readings. */
  readonly every: number;
  /** Bytes of events that may wait to be read; the kernel takes up to twice as much. */
  readonly receiveBuffer: number;
}

export class Listening {
  /** The events since it was last reset. */
  readonly tally: EventTally;
  /** How many bytes may wait, as the kernel counts them. */
  readonly room: number;
  readonly #options: ListeningOptions;
  /** Events that the buffer holds. */
  readonly #capacity: number;
  /** Monotonic time of the last drain, in microseconds; of the joining before the first. */
  #drainedAt: number;
  /** Events per second, as far as the next drain must reckon with. */
  #pace = 0;
  #cancelDrain: () => void = () => undefined;
  readonly #failure = new DeferredError();

  /**
   * Joins the groups. The channel is closed with this, or when it cannot be joined.
   *
   * @throws {OperationError} when the kernel refuses.
   */
  constructor(options: ListeningOptions) {
    const { channel, receiveBuffer, runtime } = options;
    this.#options = options;
    try {
      this.room = channel.setReceiveBuffer(receiveBuffer);
      channel.join(NFNLGRP_CONNTRACK_NEW);
      channel.join(NFNLGRP_CONNTRACK_DESTROY);
    } catch (error) {
      channel.close();
      throw error;
    }
    this.tally = new EventTally(channel);
    this.#capacity = this.room / EVENT;
    this.#drainedAt = runtime.monotonic();
    this.#planDrain();
  }

  /** Monotonic time of the last drain in microseconds; of the joining before the first. */
  get drainedAt(): number {
    return this.#drainedAt;
  }

  /**
   * Counts the events that wait.
   *
   * @param entries reads the number of entries in the table.
   * @returns the number of entries at a moment at which every event until then is counted and no later one is;
   * `undefined` when there was none, because events come too fast, or when it cannot be read.
   * @throws what went wrong, also since the last reading.
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
    // A tick can follow another drain at once and find nothing: the pace falls slowly.
    this.#pace = Math.max(seconds > 0 ? drained / seconds : 0, this.#pace / 2);
    this.#planDrain();
    return drained;
  }

  /** Has the channel drained before the next tick, if the pace of the events demands it. */
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
