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

/** Factor on the number of events to drain after an overrun. */
const AFTER_OVERRUN = 8;

/** Counts events since the last reset. */
export class EventTally {
  /** New entries by protocol, in the order of {@link PROTOCOLS}. */
  readonly createdBy = new Float64Array(PROTOCOLS.length);
  /** New entries. */
  created = 0;
  destroyed = 0;
  /** How many times the kernel reported that it dropped events. */
  overruns = 0;
  /** Why an event is malformed; `undefined` if none is. */
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

  reset(): void {
    this.createdBy.fill(0);
    this.created = 0;
    this.destroyed = 0;
    this.overruns = 0;
    this.malformed = undefined;
  }

  /**
   * Counts unread events, at most about `most`. After an overrun it counts as many as the buffer can hold: until the buffer
   * is empty, the kernel drops new events without another report. Events that arrive meanwhile are left for the next
   * drain, so that a flood cannot block the program.
   *
   * @returns how many were read.
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
   * Writes the rates into `values`, by metric. Lost events can be of any kind, so an interval with losses has no rates,
   * only the number of overruns.
   *
   * @param seconds length of the interval.
   * @param knowsEnds whether the kernel reported every connection that ended.
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
