/**
 * One entry of the connection table, as ctnetlink sends it in dumps and events.
 * Source: linux/netfilter/nfnetlink_conntrack.h, nf_conntrack_common.h and nf_conntrack_tcp.h.
 */

import { FormatError } from '../base/errors.ts';
import type { Memory } from './channel.ts';
import { NFGENMSG } from './ctnetlink.ts';
import { AttributeReader, type MessageReader } from './message.ts';

const CTA_TUPLE_ORIG = 1;
const CTA_STATUS = 3;
const CTA_PROTOINFO = 4;
const CTA_TUPLE_PROTO = 2;
const CTA_PROTO_NUM = 1;
const CTA_PROTOINFO_TCP = 1;
const CTA_PROTOINFO_TCP_STATE = 1;

/** Bits of {@link Flow.status}. */
export const IPS_SEEN_REPLY = 1 << 1;
export const IPS_ASSURED = 1 << 2;
export const IPS_SRC_NAT = 1 << 4;
export const IPS_DST_NAT = 1 << 5;
export const IPS_OFFLOAD = 1 << 14;
export const IPS_HW_OFFLOAD = 1 << 15;

/** Reusable decoder; each read overwrites it. */
export class Flow {
  /** `AF_INET` or `AF_INET6`. */
  family = 0;
  /** The number of the transport protocol. */
  protocol = 0;
  /** The `IPS_` bits. */
  status = 0;
  /** The number of the TCP state; -1 if the kernel sends none. */
  tcpState = -1;
  readonly #memory: Memory;
  readonly #attributes: AttributeReader;
  readonly #nested: AttributeReader;
  readonly #inner: AttributeReader;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.#attributes = new AttributeReader(memory);
    this.#nested = new AttributeReader(memory);
    this.#inner = new AttributeReader(memory);
  }

  /**
   * Decodes the entry in a message.
   *
   * @throws {FormatError} when it is truncated or has no protocol.
   */
  read(message: MessageReader): void {
    this.#begin(message);
    while (this.#attributes.next()) {
      switch (this.#attributes.type) {
        case CTA_TUPLE_ORIG:
          this.#readTuple();
          break;
        case CTA_STATUS:
          this.status = this.#attributes.number(4);
          break;
        case CTA_PROTOINFO:
          this.#readProtocolInformation();
          break;
      }
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
      if (this.#attributes.type === CTA_TUPLE_ORIG) this.#readTuple();
    }
    this.#requireProtocol();
  }

  #begin({ start, end }: MessageReader): void {
    if (end - start < NFGENMSG) throw new FormatError('an entry without an address family');
    this.family = this.#memory.bytes[start] ?? 0;
    this.protocol = -1;
    this.status = 0;
    this.tcpState = -1;
    this.#attributes.open(start + NFGENMSG, end);
  }

  #requireProtocol(): void {
    if (this.protocol < 0) throw new FormatError('an entry without a protocol');
  }

  #readTuple(): void {
    this.#nested.open(this.#attributes.start, this.#attributes.end);
    while (this.#nested.next()) {
      if (this.#nested.type !== CTA_TUPLE_PROTO) continue;
      this.#inner.open(this.#nested.start, this.#nested.end);
      while (this.#inner.next()) {
        if (this.#inner.type === CTA_PROTO_NUM) this.protocol = this.#inner.number(1);
      }
    }
  }

  #readProtocolInformation(): void {
    this.#nested.open(this.#attributes.start, this.#attributes.end);
    while (this.#nested.next()) {
      if (this.#nested.type !== CTA_PROTOINFO_TCP) continue;
      this.#inner.open(this.#nested.start, this.#nested.end);
      while (this.#inner.next()) {
        if (this.#inner.type === CTA_PROTOINFO_TCP_STATE) this.tcpState = this.#inner.number(1);
      }
    }
  }
}
