/**
 * One direction of a connection, as ctnetlink sends it.
 * Source: `enum ctattr_tuple`, `ctattr_ip` and `ctattr_l4proto` in linux/netfilter/nfnetlink_conntrack.h.
 */

import { FormatError } from '../base/errors.ts';
import type { Memory } from './channel.ts';
import { AttributeReader } from './message.ts';

const CTA_TUPLE_IP = 1;
const CTA_TUPLE_PROTO = 2;
const CTA_TUPLE_ZONE = 3;
const CTA_IP_V4_SRC = 1;
const CTA_IP_V4_DST = 2;
const CTA_IP_V6_SRC = 3;
const CTA_IP_V6_DST = 4;
const CTA_PROTO_NUM = 1;
const CTA_PROTO_SRC_PORT = 2;
const CTA_PROTO_DST_PORT = 3;
const CTA_PROTO_ICMP_ID = 4;
const CTA_PROTO_ICMP_TYPE = 5;
const CTA_PROTO_ICMP_CODE = 6;
const CTA_PROTO_ICMPV6_ID = 7;
const CTA_PROTO_ICMPV6_TYPE = 8;
const CTA_PROTO_ICMPV6_CODE = 9;

/** Reusable decoder of a tuple; each read overwrites it. A number that the kernel does not send is -1. */
export class Tuple {
  /** The number of the transport protocol. */
  protocol = -1;
  /** Offset of the source address in the memory, valid until the next reception. */
  source = -1;
  /** Offset of the destination address in the memory. */
  destination = -1;
  /** Bytes of an address: 4 or 16; 0 if there is none. */
  addressSize = 0;
  /** Port; the call id of GRE. */
  sourcePort = -1;
  destinationPort = -1;
  icmpType = -1;
  icmpCode = -1;
  icmpId = -1;
  /** Zone of this direction alone. */
  zone = -1;
  readonly #attributes: AttributeReader;
  readonly #inner: AttributeReader;

  constructor(memory: Memory) {
    this.#attributes = new AttributeReader(memory);
    this.#inner = new AttributeReader(memory);
  }

  clear(): void {
    this.protocol = -1;
    this.source = -1;
    this.destination = -1;
    this.addressSize = 0;
    this.sourcePort = -1;
    this.destinationPort = -1;
    this.icmpType = -1;
    this.icmpCode = -1;
    this.icmpId = -1;
    this.zone = -1;
  }

  /**
   * Decodes the payload of an attribute.
   *
   * @throws {FormatError} when it is truncated.
   */
  read(start: number, end: number): void {
    this.clear();
    const attributes = this.#attributes;
    attributes.open(start, end);
    while (attributes.next()) {
      if (attributes.type === CTA_TUPLE_IP) this.#readAddresses();
      else if (attributes.type === CTA_TUPLE_PROTO) this.#readProtocol(true);
      else if (attributes.type === CTA_TUPLE_ZONE) this.zone = attributes.number(2);
    }
  }

  /** As {@link read}, the protocol alone. */
  readProtocol(start: number, end: number): void {
    this.protocol = -1;
    const attributes = this.#attributes;
    attributes.open(start, end);
    while (attributes.next()) {
      if (attributes.type === CTA_TUPLE_PROTO) this.#readProtocol(false);
    }
  }

  #readAddresses(): void {
    const inner = this.#inner;
    inner.open(this.#attributes.start, this.#attributes.end);
    while (inner.next()) {
      const { end, start, type } = inner;
      if (type < CTA_IP_V4_SRC || type > CTA_IP_V6_DST) continue;
      const size = type < CTA_IP_V6_SRC ? 4 : 16;
      if (end - start !== size) throw new FormatError(`an address has ${end - start} bytes, not ${size}`);
      if (type === CTA_IP_V4_DST || type === CTA_IP_V6_DST) this.destination = start;
      else this.source = start;
      this.addressSize = size;
    }
  }

  #readProtocol(isWhole: boolean): void {
    const inner = this.#inner;
    inner.open(this.#attributes.start, this.#attributes.end);
    while (inner.next()) {
      if (inner.type === CTA_PROTO_NUM) this.protocol = inner.number(1);
      else if (isWhole) this.#readNumber();
    }
  }

  #readNumber(): void {
    const inner = this.#inner;
    switch (inner.type) {
      case CTA_PROTO_SRC_PORT:
        this.sourcePort = inner.number(2);
        break;
      case CTA_PROTO_DST_PORT:
        this.destinationPort = inner.number(2);
        break;
      case CTA_PROTO_ICMP_ID:
      case CTA_PROTO_ICMPV6_ID:
        this.icmpId = inner.number(2);
        break;
      case CTA_PROTO_ICMP_TYPE:
      case CTA_PROTO_ICMPV6_TYPE:
        this.icmpType = inner.number(1);
        break;
      case CTA_PROTO_ICMP_CODE:
      case CTA_PROTO_ICMPV6_CODE:
        this.icmpCode = inner.number(1);
        break;
    }
  }
}
