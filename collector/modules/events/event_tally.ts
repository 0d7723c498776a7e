/**
 * Counts the events of a ctnetlink socket that has joined the groups NEW and DESTROY.
 * Source: `ctnetlink_conntrack_event` in net/netfilter/nf_conntrack_netlink.c: a new entry is a message of type NEW with
 * the flag CREATE, a destroyed one is a message of type DELETE.
 */

import { errorCode, FormatError } from '../../base/errors.ts';
import type { Channel } from '../../netlink/channel.ts';
import { CT_DELETE, CT_NEW } from '../../netlink/ctnetlink.ts';
import { Flow } from '../../netlink/flow.ts';
import { MessageReader, NLM_F_CREATE } from '../../netlink/message.ts';
import { PROTOCOLS, placeOf } from '../protocols.ts';

/** After an overrun so many times as many are counted. */
const AFTER_OVERRUN = 8;

/** The events since it was reset. */
export class EventTally {
  /** New entries by protocol, in the order of {@link PROTOCOLS}. */
  readonly createdBy = new Float64Array(PROTOCOLS.length);
  /** New entries. */
  created = 0;
  destroyed = 0;
  /** How often the kernel said that it had to drop events. */
  overruns = 0;
  /** What was wrong with an event that could not be understood. */
  malformed: string | undefined;
  readonly #channel: Channel;
  readonly #reader: MessageReader;
  readonly #flow: Flow;

  constructor(channel: Channel) {
    this.#channel = channel;
    this.#reader = new MessageReader(channel.memory);
    this.#flow = new Flow(channel.memory);
  }

  /** Whether no event was lost. */
  get isWhole(): boolean {
    return this.overruns === 0 && this.malformed === undefined;
  }

  /** Begins to count anew. */
  reset(): void {
    this.createdBy.fill(0);
    this.created = 0;
    this.destroyed = 0;
    this.overruns = 0;
    this.malformed = undefined;
  }

  /**
   * Counts the events that are waiting, about `most` of them at most. After an overrun it counts all that can have been
   * waiting: until none is left the kernel drops whatever comes, and does not say so again. What comes meanwhile is
   * left, or a flood would never let go.
   *
   * @returns how many there were.
   * @throws {OperationError} when the channel fails for good.
   */
  drain(most: number): number {
    let drained = 0;
    while (drained < (this.overruns > 0 ? AFTER_OVERRUN * most : most)) {
      const datagrams = this.#receive();
      if (datagrams === 0) break;
      drained += datagrams;
      for (let index = 0; index < datagrams; index++) this.#count(index);
    }
    return drained;
  }

  /**
   * Writes the rates into `values`, by metric. Events that were lost could be of any kind: nothing is known of an
   * interval that lost some, but that it did.
   *
   * @param seconds that the events are of.
   * @param knowsEnds whether every connection that ended was reported.
   */
  fill(values: Record<string, number | undefined>, seconds: number, knowsEnds: boolean): void {
    const { isWhole } = this;
    for (const [place, protocol] of PROTOCOLS.entries()) {
      values[`new_${protocol}`] = isWhole ? (this.createdBy[place] ?? 0) / seconds : undefined;
    }
    values['new'] = isWhole ? this.created / seconds : undefined;
    values['deleted'] = isWhole && knowsEnds ? this.destroyed / seconds : undefined;
    values['event_overruns'] = this.overruns / seconds;
  }

  #receive(): number {
    for (;;) {
      try {
        return this.#channel.receive();
      } catch (error) {
        if (errorCode(error) !== 'ENOBUFS') throw error;
        this.overruns++;
      }
    }
  }

  #count(index: number): void {
    const reader = this.#reader;
    reader.open(this.#channel.start(index), this.#channel.end(index));
    try {
      while (reader.next()) {
        if (reader.type === CT_DELETE) this.destroyed++;
        else if (reader.type === CT_NEW && (reader.flags & NLM_F_CREATE) !== 0) this.#create();
      }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.malformed = error.message;
    }
  }

  #create(): void {
    this.#flow.readProtocol(this.#reader);
    const place = placeOf(this.#flow.protocol);
    this.createdBy[place] = (this.createdBy[place] ?? 0) + 1;
    this.created++;
  }
}
