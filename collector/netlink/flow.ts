/**
 * One entry of the connection table, as ctnetlink sends it in dumps and events.
 * Source: linux/netfilter/nfnetlink_conntrack.h, nf_conntrack_tcp.h and nf_conntrack_sctp.h.
 */

import { FormatError } from '../base/errors.ts';
import type { Memory } from './channel.ts';
import {
  CTA_COUNTERS_BYTES,
  CTA_COUNTERS_ORIG,
  CTA_COUNTERS_PACKETS,
  CTA_COUNTERS_REPLY,
  CTA_HELP,
  CTA_HELP_NAME,
  CTA_ID,
  CTA_MARK,
  CTA_PROTOINFO,
  CTA_PROTOINFO_DCCP,
  CTA_PROTOINFO_SCTP,
  CTA_PROTOINFO_STATE,
  CTA_PROTOINFO_TCP,
  CTA_STATUS,
  CTA_TIMEOUT,
  CTA_TIMESTAMP,
  CTA_TIMESTAMP_START,
  CTA_TUPLE_ORIG,
  CTA_TUPLE_REPLY,
  CTA_ZONE,
  NFGENMSG,
} from './ctnetlink.ts';
import { type FlowPart, PARTS } from './flow_parts.ts';
import { AttributeReader, type MessageReader } from './message.ts';
import { Tuple } from './tuple.ts';

export type { FlowPart } from './flow_parts.ts';
export * from './flow_status.ts';

/** Of one direction of a connection; -1 if the kernel does not count. */
export interface Counters {
  packets: number;
  bytes: number;
}

/** Reusable decoder; each read overwrites it. A number that the kernel does not send is -1, unless said otherwise. */
export class Flow {
  /** `AF_INET` or `AF_INET6`. */
  family = 0;
  /** The number of the transport protocol. */
  protocol = 0;
  /** The `IPS_` bits. */
  status = 0;
  /** The number of the TCP state. */
  tcpState = -1;
  /** The number of the SCTP state. */
  sctpState = -1;
  /** The number of the DCCP state. */
  dccpState = -1;
  readonly original: Tuple;
  readonly reply: Tuple;
  /** Seconds until the entry expires. */
  timeout = -1;
  id = -1;
  /** 0 if the kernel sends none. */
  zone = 0;
  /** 0 if the kernel sends none. */
  mark = 0;
  /** Of each direction; the kernel sends them with `nf_conntrack_acct`. */
  readonly originalCounters: Counters = { packets: -1, bytes: -1 };
  readonly replyCounters: Counters = { packets: -1, bytes: -1 };
  /** Milliseconds since the epoch; the kernel sends it with `nf_conntrack_timestamp`. */
  startedAt = -1;
  /** Empty if there is none. */
  helper = '';
  readonly #memory: Memory;
  /** By attribute type: whether it is decoded. */
  readonly #isWanted = new Uint8Array(32);
  readonly #hasOriginal: boolean;
  readonly #attributes: AttributeReader;
  readonly #nested: AttributeReader;
  readonly #inner: AttributeReader;

  /** @param parts what to decode besides address family, protocol, status and state. */
  constructor(memory: Memory, parts: readonly FlowPart[] = []) {
    this.#memory = memory;
    this.original = new Tuple(memory);
    this.reply = new Tuple(memory);
    this.#attributes = new AttributeReader(memory);
    this.#nested = new AttributeReader(memory);
    this.#inner = new AttributeReader(memory);
    this.#hasOriginal = parts.includes('original') || parts.includes('tuples');
    for (const type of [CTA_TUPLE_ORIG, CTA_STATUS, CTA_PROTOINFO]) this.#isWanted[type] = 1;
    for (const type of parts.flatMap((part): readonly number[] => PARTS[part])) this.#isWanted[type] = 1;
  }

  /**
   * Decodes the entry in a message.
   *
   * @throws {FormatError} when it is truncated or has no protocol.
   */
  read(message: MessageReader): void {
    this.#begin(message);
    const attributes = this.#attributes;
    while (attributes.next()) {
      if (this.#isWanted[attributes.type] === 1) this.#readAttribute(attributes);
    }
    this.#requireProtocol();
  }

  /**
   * Decodes only the address family and the protocol, which come first.
   *
   * @throws {FormatError} when they are truncated or missing.
   */
  readProtocol(message: MessageReader): void {
    this.#begin(message);
    while (this.protocol < 0 && this.#attributes.next()) {
      const { end, start, type } = this.#attributes;
      if (type !== CTA_TUPLE_ORIG) continue;
      this.original.readProtocol(start, end);
      this.protocol = this.original.protocol;
    }
    this.#requireProtocol();
  }

  #begin({ start, end }: MessageReader): void {
    if (end - start < NFGENMSG) throw new FormatError('an entry without an address family');
    this.family = this.#memory.bytes[start] ?? 0;
    this.protocol = -1;
    this.status = 0;
    this.tcpState = -1;
    this.sctpState = -1;
    this.dccpState = -1;
    this.timeout = -1;
    this.id = -1;
    this.zone = 0;
    this.mark = 0;
    this.originalCounters.packets = -1;
    this.originalCounters.bytes = -1;
    this.replyCounters.packets = -1;
    this.replyCounters.bytes = -1;
    this.startedAt = -1;
    this.helper = '';
    if (this.#hasOriginal) {
      this.original.clear();
      this.reply.clear();
    }
    this.#attributes.open(start + NFGENMSG, end);
  }

  #requireProtocol(): void {
    if (this.protocol < 0) throw new FormatError('an entry without a protocol');
  }

  #readAttribute(attribute: AttributeReader): void {
    switch (attribute.type) {
      case CTA_TUPLE_ORIG:
        this.#readOriginal(attribute);
        break;
      case CTA_TUPLE_REPLY:
        this.reply.read(attribute.start, attribute.end);
        break;
      case CTA_STATUS:
        this.status = attribute.number(4);
        break;
      case CTA_PROTOINFO:
        this.#readState(attribute);
        break;
      case CTA_TIMEOUT:
        this.timeout = attribute.number(4);
        break;
      case CTA_ID:
        this.id = attribute.number(4);
        break;
      case CTA_ZONE:
        this.zone = attribute.number(2);
        break;
      case CTA_MARK:
        this.mark = attribute.number(4);
        break;
      case CTA_HELP:
        this.#readHelper(attribute);
        break;
      case CTA_COUNTERS_ORIG:
        this.#readCounters(attribute, this.originalCounters);
        break;
      case CTA_COUNTERS_REPLY:
        this.#readCounters(attribute, this.replyCounters);
        break;
      case CTA_TIMESTAMP:
        this.#readStart(attribute);
        break;
    }
  }

  #readOriginal({ start, end }: AttributeReader): void {
    if (this.#hasOriginal) this.original.read(start, end);
    else this.original.readProtocol(start, end);
    this.protocol = this.original.protocol;
  }

  #readCounters({ end, start }: AttributeReader, counters: Counters): void {
    const nested = this.#nested;
    nested.open(start, end);
    while (nested.next()) {
      if (nested.type === CTA_COUNTERS_PACKETS) counters.packets = nested.large();
      else if (nested.type === CTA_COUNTERS_BYTES) counters.bytes = nested.large();
    }
  }

  #readStart({ end, start }: AttributeReader): void {
    const nested = this.#nested;
    nested.open(start, end);
    while (nested.next()) if (nested.type === CTA_TIMESTAMP_START) this.startedAt = nested.large() / 1e6;
  }

  #readHelper({ end, start }: AttributeReader): void {
    const nested = this.#nested;
    nested.open(start, end);
    while (nested.next()) if (nested.type === CTA_HELP_NAME) this.helper = nested.text();
  }

  #readState({ end, start }: AttributeReader): void {
    const nested = this.#nested;
    nested.open(start, end);
    while (nested.next()) {
      if (nested.type === CTA_PROTOINFO_TCP) this.tcpState = this.#stateIn(nested);
      else if (nested.type === CTA_PROTOINFO_SCTP) this.sctpState = this.#stateIn(nested);
      else if (nested.type === CTA_PROTOINFO_DCCP) this.dccpState = this.#stateIn(nested);
    }
  }

  #stateIn({ end, start }: AttributeReader): number {
    const inner = this.#inner;
    let state = -1;
    inner.open(start, end);
    while (inner.next()) if (inner.type === CTA_PROTOINFO_STATE) state = inner.number(1);
    return state;
  }
}
