/**
 * One expectation, as ctnetlink sends it in dumps: a connection that a helper expects because of another one.
 * Source: `enum ctattr_expect` and `enum ctattr_expect_nat` in linux/netfilter/nfnetlink_conntrack.h.
 */

import { FormatError } from '../base/errors.ts';
import type { Memory } from './channel.ts';
import { NFGENMSG } from './ctnetlink.ts';
import { AttributeReader, type MessageReader } from './message.ts';
import { Tuple } from './tuple.ts';

const CTA_EXPECT_MASTER = 1;
const CTA_EXPECT_TUPLE = 2;
const CTA_EXPECT_MASK = 3;
const CTA_EXPECT_TIMEOUT = 4;
const CTA_EXPECT_HELP_NAME = 6;
const CTA_EXPECT_ZONE = 7;
const CTA_EXPECT_FLAGS = 8;
const CTA_EXPECT_CLASS = 9;

/** Bits of {@link Expectation.flags}. */
export const NF_CT_EXPECT_PERMANENT = 1 << 0;
export const NF_CT_EXPECT_INACTIVE = 1 << 1;

/** Reusable decoder; each read overwrites it. A number that the kernel does not send is -1, unless said otherwise. */
export class Expectation {
  /** `AF_INET` or `AF_INET6`. */
  family = 0;
  /** The expected connection. */
  readonly tuple: Tuple;
  /** Which bits of its addresses and ports count. */
  readonly mask: Tuple;
  /** The connection because of which it is expected, in its original direction. */
  readonly master: Tuple;
  /** Seconds until it expires. */
  timeout = -1;
  /** Name of the helper; empty if there is none. */
  helper = '';
  /** 0 if the kernel sends none. */
  zone = 0;
  /** The `NF_CT_EXPECT_` bits. */
  flags = 0;
  class = -1;
  readonly #memory: Memory;
  readonly #attributes: AttributeReader;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.tuple = new Tuple(memory);
    this.mask = new Tuple(memory);
    this.master = new Tuple(memory);
    this.#attributes = new AttributeReader(memory);
  }

  /**
   * Decodes the expectation in a message.
   *
   * @throws {FormatError} when it is truncated or has no protocol.
   */
  read({ end, start }: MessageReader): void {
    if (end - start < NFGENMSG) throw new FormatError('an expectation without an address family');
    this.family = this.#memory.bytes[start] ?? 0;
    this.tuple.clear();
    this.mask.clear();
    this.master.clear();
    this.timeout = -1;
    this.helper = '';
    this.zone = 0;
    this.flags = 0;
    this.class = -1;
    const attributes = this.#attributes;
    attributes.open(start + NFGENMSG, end);
    while (attributes.next()) this.#readAttribute(attributes);
    if (this.tuple.protocol < 0) throw new FormatError('an expectation without a protocol');
  }

  #readAttribute(attribute: AttributeReader): void {
    switch (attribute.type) {
      case CTA_EXPECT_MASTER:
        this.master.read(attribute.start, attribute.end);
        break;
      case CTA_EXPECT_TUPLE:
        this.tuple.read(attribute.start, attribute.end);
        break;
      case CTA_EXPECT_MASK:
        this.mask.read(attribute.start, attribute.end);
        break;
      case CTA_EXPECT_TIMEOUT:
        this.timeout = attribute.number(4);
        break;
      case CTA_EXPECT_HELP_NAME:
        this.helper = attribute.text();
        break;
      case CTA_EXPECT_ZONE:
        this.zone = attribute.number(2);
        break;
      case CTA_EXPECT_FLAGS:
        this.flags = attribute.number(4);
        break;
      case CTA_EXPECT_CLASS:
        this.class = attribute.number(4);
        break;
    }
  }
}
