/**
 * The framing of netlink: messages in a datagram, attributes in a message. Readers work in place, copy nothing and never
 * read past the given end, whatever a length field says.
 * Source: netlink(7), rtnetlink(3), linux/netlink.h.
 */

import { FormatError } from '../base/errors.ts';
import type { Memory } from './channel.ts';

/** `struct nlmsghdr`: length, type, flags, sequence number, port. */
export const HEADER = 16;
/** `struct nlattr`: length and type. */
const ATTRIBUTE_HEADER = 4;

export const NLMSG_NOOP = 1;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLMSG_OVERRUN = 4;

export const NLM_F_REQUEST = 0x1;
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_DUMP = 0x300;
/** In an event: the object is new. */
export const NLM_F_CREATE = 0x400;

/** Strips the flags "nested" and "network byte order". */
const TYPE_MASK = 0x3fff;

/** Walks over pieces that start with their length, each aligned to 4 bytes. */
class Walker {
  /** The offset of the current payload. */
  start = 0;
  /** The offset of its end. */
  end = 0;
  protected readonly memory: Memory;
  /** The offset of the next piece. */
  protected position = 0;
  protected limit = 0;

  constructor(memory: Memory) {
    this.memory = memory;
  }

  /** Starts at `start`, a multiple of 4, and stops at `end`. */
  open(start: number, end: number): void {
    this.position = start;
    this.limit = end;
  }

  /** Makes the piece at the current position the current one. */
  protected take(header: number, length: number): void {
    this.start = this.position + header;
    this.end = this.position + length;
    this.position += align(length);
  }
}

/** Walks over the messages of a datagram. */
export class MessageReader extends Walker {
  /** The current message's type. */
  type = 0;
  flags = 0;
  sequence = 0;

  /**
   * Advances to the next message; `false` at the end.
   *
   * @throws {FormatError} when the message is truncated.
   */
  next(): boolean {
    const at = this.position;
    const left = this.limit - at;
    if (left <= 0) return false;
    if (left < HEADER) throw new FormatError(`a message header is truncated to ${left} of ${HEADER} bytes`);
    const { u16, u32 } = this.memory;
    const length = u32[at >> 2] ?? 0;
    if (length < HEADER || length > left) {
      throw new FormatError(`a message claims ${length} bytes, but ${left} are left`);
    }
    this.type = u16[(at >> 1) + 2] ?? 0;
    this.flags = u16[(at >> 1) + 3] ?? 0;
    this.sequence = u32[(at >> 2) + 2] ?? 0;
    this.take(HEADER, length);
    return true;
  }
}

/** Walks over the attributes of a message or of an attribute. */
export class AttributeReader extends Walker {
  /** The current attribute's type, without its flags. */
  type = 0;

  /**
   * Advances to the next attribute; `false` at the end.
   *
   * @throws {FormatError} when the attribute is truncated.
   */
  next(): boolean {
    const at = this.position;
    const left = this.limit - at;
    if (left <= 0) return false;
    if (left < ATTRIBUTE_HEADER) throw new FormatError(`an attribute is truncated to ${left} bytes`);
    const { u16 } = this.memory;
    const length = u16[at >> 1] ?? 0;
    if (length < ATTRIBUTE_HEADER || length > left) {
      throw new FormatError(`an attribute claims ${length} bytes, but ${left} are left`);
    }
    this.type = (u16[(at >> 1) + 1] ?? 0) & TYPE_MASK;
    this.take(ATTRIBUTE_HEADER, length);
    return true;
  }

  /**
   * The current attribute as an unsigned number in network byte order.
   *
   * @param size its expected size in bytes.
   * @throws {FormatError} when it has another size.
   */
  number(size: 1 | 2 | 4): number {
    if (this.end - this.start !== size) {
      throw new FormatError(`attribute ${this.type} has ${this.end - this.start} bytes, not ${size}`);
    }
    const { bytes } = this.memory;
    let value = 0;
    for (let at = this.start; at < this.end; at++) value = (value << 8) | (bytes[at] ?? 0);
    return value >>> 0;
  }

  /**
   * The current attribute as an unsigned number of 64 bits in network byte order; inexact above 2^53.
   *
   * @throws {FormatError} when it has another size.
   */
  large(): number {
    const { end, start, type } = this;
    if (end - start !== 8) throw new FormatError(`attribute ${type} has ${end - start} bytes, not 8`);
    const { bytes } = this.memory;
    let value = 0;
    for (let at = start; at < end; at++) value = value * 256 + (bytes[at] ?? 0);
    return value;
  }

  /** The current attribute as a text that ends at the first 0. */
  text(): string {
    const { bytes } = this.memory;
    let text = '';
    for (let at = this.start; at < this.end && bytes[at] !== 0; at++) text += String.fromCharCode(bytes[at] ?? 0);
    return text;
  }
}

function align(length: number): number {
  return (length + 3) & ~3;
}
