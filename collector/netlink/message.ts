/**
 * The framing of netlink: messages in a datagram, attributes in a message. Readers walk over memory in place and copy
 * nothing; whatever a length says, they never look beyond the end that they were given.
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

/** Without the flags "nested" and "network byte order". */
const TYPE_MASK = 0x3fff;

/** Walks over pieces that each begin with their own length, from one multiple of 4 to the next. */
class Walker {
  /** Where the current piece's payload begins. */
  start = 0;
  /** Where it ends. */
  end = 0;
  protected readonly memory: Memory;
  /** Where the next piece begins. */
  protected position = 0;
  protected limit = 0;

  constructor(memory: Memory) {
    this.memory = memory;
  }

  /** Begins anew with what lies from `start`, a multiple of 4, to `end`. */
  open(start: number, end: number): void {
    this.position = start;
    this.limit = end;
  }

  /** Takes the piece at the position for the current one. */
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
   * Goes to the next message; `false` when there is none.
   *
   * @throws {FormatError} when the message is not whole.
   */
  next(): boolean {
    const at = this.position;
    const left = this.limit - at;
    if (left <= 0) return false;
    if (left < HEADER) throw new FormatError(`a message header is cut off after ${left} of ${HEADER} bytes`);
    const { u16, u32 } = this.memory;
    const length = u32[at >> 2] ?? 0;
    if (length < HEADER || length > left) {
      throw new FormatError(`a message claims to be ${length} bytes long where there are ${left}`);
    }
    this.type = u16[(at >> 1) + 2] ?? 0;
    this.flags = u16[(at >> 1) + 3] ?? 0;
    this.sequence = u32[(at >> 2) + 2] ?? 0;
    this.take(HEADER, length);
    return true;
  }
}

/** Walks over attributes: those of a message, or those nested in one. */
export class AttributeReader extends Walker {
  /** The current attribute's type, without its flags. */
  type = 0;

  /**
   * Goes to the next attribute; `false` when there is none.
   *
   * @throws {FormatError} when the attribute is not whole.
   */
  next(): boolean {
    const at = this.position;
    const left = this.limit - at;
    if (left <= 0) return false;
    if (left < ATTRIBUTE_HEADER) throw new FormatError(`an attribute is cut off after ${left} bytes`);
    const { u16 } = this.memory;
    const length = u16[at >> 1] ?? 0;
    if (length < ATTRIBUTE_HEADER || length > left) {
      throw new FormatError(`an attribute claims to be ${length} bytes long where there are ${left}`);
    }
    this.type = (u16[(at >> 1) + 1] ?? 0) & TYPE_MASK;
    this.take(ATTRIBUTE_HEADER, length);
    return true;
  }

  /**
   * The current attribute as a whole number in network byte order.
   *
   * @param size how many bytes it must have, up to 4.
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
}

function align(length: number): number {
  return (length + 3) & ~3;
}
