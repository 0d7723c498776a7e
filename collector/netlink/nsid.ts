/**
 * The ids that this network namespace has for others. It has one for every namespace that a veth pair or another device
 * connects it with. Reading them needs no privilege, and assigns none.
 * Source: rtnl_net_getid in the kernel's net/core/net_namespace.c, linux/net_namespace.h and linux/rtnetlink.h.
 */

import { FormatError } from '../base/errors.ts';
import type { Channel } from './channel.ts';
import { AttributeReader, HEADER, MessageReader, NLM_F_REQUEST, NLMSG_ERROR } from './message.ts';

/** The netlink protocol of routing. */
export const NETLINK_ROUTE = 0;

const RTM_GETNSID = 90;
/** `struct rtgenmsg`, aligned. */
const RTGENMSG = 4;
/** An attribute of 32 bits. */
const ATTRIBUTE = 8;

const NETNSA_NSID = 1;
const NETNSA_PID = 2;
const NETNSA_FD = 3;

export class NamespaceIds {
  readonly #channel: Channel;
  readonly #messages: MessageReader;
  readonly #attributes: AttributeReader;
  #sequence = 0;

  /** @param channel to {@link NETLINK_ROUTE}. */
  constructor(channel: Channel) {
    this.#channel = channel;
    this.#messages = new MessageReader(channel.memory);
    this.#attributes = new AttributeReader(channel.memory);
  }

  /**
   * The id of the namespace that a process of this PID namespace is in; `undefined` if it has none or there is no such
   * process.
   *
   * @throws {OperationError | FormatError} after which the channel cannot be used again.
   */
  ofProcess(pid: number): number | undefined {
    return this.#ask(NETNSA_PID, pid);
  }

  /** The id of the namespace whose file is open; otherwise like {@link ofProcess}. */
  ofDescriptor(descriptor: number): number | undefined {
    return this.#ask(NETNSA_FD, descriptor);
  }

  close(): void {
    this.#channel.close();
  }

  #ask(attribute: number, value: number): number | undefined {
    this.#sequence = (this.#sequence + 1) >>> 0;
    this.#channel.send(nsidRequest(this.#sequence, attribute, value));
    // The kernel has the reply ready when the request is sent.
    while (this.#channel.receive() > 0) {
      this.#messages.open(this.#channel.start(0), this.#channel.end(0));
      while (this.#messages.next()) {
        if (this.#messages.sequence === this.#sequence) return this.#id();
      }
    }
    throw new FormatError('no reply about the id of a network namespace');
  }

  /** The id in the current message; `undefined` if the kernel has none or refuses. */
  #id(): number | undefined {
    const { end, start, type } = this.#messages;
    if (type === NLMSG_ERROR) return undefined;
    this.#attributes.open(start + RTGENMSG, end);
    while (this.#attributes.next()) {
      if (this.#attributes.type !== NETNSA_NSID || this.#attributes.end - this.#attributes.start !== 4) continue;
      const id = (this.#channel.memory.u32[this.#attributes.start >> 2] ?? 0) | 0;
      return id < 0 ? undefined : id;
    }
    return undefined;
  }
}

/** The bytes of a request with one attribute of 32 bits. */
function nsidRequest(sequence: number, attribute: number, value: number): Uint8Array {
  const words = new Uint32Array((HEADER + RTGENMSG + ATTRIBUTE) / 4);
  const halves = new Uint16Array(words.buffer);
  words[0] = words.byteLength;
  halves[2] = RTM_GETNSID;
  halves[3] = NLM_F_REQUEST;
  words[2] = sequence;
  halves[10] = ATTRIBUTE;
  halves[11] = attribute;
  words[6] = value;
  return new Uint8Array(words.buffer);
}
