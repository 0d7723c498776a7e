/**
 * New and destroyed connections as the kernel reports them.
 * Source: `ctnetlink_conntrack_event` in net/netfilter/nf_conntrack_netlink.c: a new entry is a message of type NEW with
 * the flag CREATE, a destroyed one is a message of type DELETE.
 */

import { errorCode, FormatError } from '../base/errors.ts';
import type { EventChannel } from '../modules/access.ts';
import type { Work } from '../modules/slices.ts';
import { CT_DELETE, CT_NEW, NFNLGRP_CONNTRACK_DESTROY, NFNLGRP_CONNTRACK_NEW } from '../netlink/ctnetlink.ts';
import { Flow } from '../netlink/flow.ts';
import type { FlowPart } from '../netlink/flow_parts.ts';
import { MessageReader, NLM_F_CREATE } from '../netlink/message.ts';
import type { Sources } from './sources.ts';

/** An event is some 150 to 400 bytes long; labels and security contexts can make it longer. */
const MEMORY = { slots: 128, slotSize: 2048 };
/** Bytes of unread events that the kernel is asked to keep; it uses up to twice as much. */
const RECEIVE_BUFFER = 16 * 1024 * 1024;

export type EventKind = 'new' | 'destroyed';

/** Looks at an event. `flow` is valid during the call; `bytes` is what its offsets of addresses refer to. */
export type EventVisitor = (kind: EventKind, flow: Flow, bytes: Uint8Array) => void;

export class EventStream {
  /** How many times the kernel reported that it dropped events. */
  overruns = 0;
  /** Events that were malformed. */
  malformed = 0;
  readonly #channel: EventChannel;
  readonly #flow: Flow;
  readonly #reader: MessageReader;

  /**
   * Joins the groups, after which events wait to be drained.
   *
   * @throws {ProblemError} when the channel cannot be opened.
   * @throws {OperationError} when the kernel refuses.
   */
  constructor({ ctnetlink }: Sources, kinds: readonly EventKind[], parts: readonly FlowPart[]) {
    const channel = ctnetlink(MEMORY);
    try {
      channel.setReceiveBuffer(RECEIVE_BUFFER);
      if (kinds.includes('new')) channel.join(NFNLGRP_CONNTRACK_NEW);
      if (kinds.includes('destroyed')) channel.join(NFNLGRP_CONNTRACK_DESTROY);
    } catch (error) {
      channel.close();
      throw error;
    }
    this.#channel = channel;
    this.#flow = new Flow(channel.memory, parts);
    this.#reader = new MessageReader(channel.memory);
  }

  /**
   * Passes on the events that wait, at most about `most`; the others keep waiting.
   *
   * @returns how many there were.
   * @throws {OperationError} when the channel fails for good.
   */
  *drain(visit: EventVisitor, most: number): Work<number> {
    for (let drained = 0; ; ) {
      const datagrams = this.#receive();
      for (let index = 0; index < datagrams; index++) this.#pass(index, visit);
      drained += datagrams;
      if (datagrams === 0 || drained >= most) return drained;
      yield;
    }
  }

  close(): void {
    this.#channel.close();
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

  #pass(index: number, visit: EventVisitor): void {
    const channel = this.#channel;
    const reader = this.#reader;
    reader.open(channel.start(index), channel.end(index));
    try {
      while (reader.next()) {
        const isNew = reader.type === CT_NEW && (reader.flags & NLM_F_CREATE) !== 0;
        if (!isNew && reader.type !== CT_DELETE) continue;
        this.#flow.read(reader);
        visit(isNew ? 'new' : 'destroyed', this.#flow, channel.memory.bytes);
      }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.malformed++;
    }
  }
}
