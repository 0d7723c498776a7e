/**
 * A non-blocking netlink socket.
 * Source: netlink(7), socket(7), recvmmsg(2) and linux/netlink.h.
 */

import { closeSync, constants as files, writeSync } from 'node:fs';
import { constants } from 'node:os';

import { OperationError, SystemError } from '../base/errors.ts';
import { type Channel, type Memory, memoryOf } from './channel.ts';
import type { Foreign, Slots } from './foreign.ts';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = files.O_NONBLOCK;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
const MSG_DONTWAIT = 0x40;
/** Size of `struct sockaddr_nl`: the family, then zeros so that the kernel chooses the address. */
const SOCKADDR_NL = 12;

const { EAGAIN, EINTR } = constants.errno;

export interface SocketOptions {
  /** The name of the socket in errors. */
  readonly name: string;
  readonly protocol: number;
  /** Datagrams received at once. */
  readonly slots: number;
  /** Bytes of the longest expected datagram, a multiple of 4; a longer one is truncated. */
  readonly slotSize: number;
  /**
   * Memory to receive into, which sockets can share if whatever one received is read before another receives; its own
   * if not given.
   */
  readonly memory?: Buffer<ArrayBuffer> | undefined;
  /** Called before each request; throws to prevent it. */
  readonly beforeSend?: () => void;
}

export class NetlinkSocket implements Channel {
  readonly memory: Memory;
  readonly #foreign: Foreign;
  readonly #name: string;
  readonly #beforeSend: (() => void) | undefined;
  readonly #slots: Slots;
  readonly #count: number;
  #descriptor: number | undefined;

  /** @throws {OperationError} when the socket cannot be opened. */
  constructor(foreign: Foreign, { beforeSend, memory, name, protocol, slots, slotSize }: SocketOptions) {
    this.#foreign = foreign;
    this.#beforeSend = beforeSend;
    this.#name = name;
    this.#count = slots;
    this.#slots = foreign.slots(slots, slotSize, memory);
    this.memory = memoryOf(this.#slots.memory);
    const descriptor = this.#try('open', () =>
      foreign.socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol),
    );
    this.#descriptor = descriptor;
    const address = new Uint8Array(SOCKADDR_NL);
    new Uint16Array(address.buffer)[0] = AF_NETLINK;
    try {
      // Without an address it receives no events.
      this.#try('bind', () => foreign.bind(descriptor, address));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Sets the size of the kernel's receive buffer in bytes. The kernel doubles it for its own overhead. Without
   * CAP_NET_ADMIN in the initial user namespace, `net.core.rmem_max` limits it.
   *
   * @returns the size as the kernel counts it.
   */
  setReceiveBuffer(bytes: number): number {
    return this.#try('set the receive buffer of', () => {
      try {
        this.#foreign.setOption(this.#open, SOL_SOCKET, SO_RCVBUFFORCE, bytes);
      } catch {
        this.#foreign.setOption(this.#open, SOL_SOCKET, SO_RCVBUF, bytes);
      }
      return this.#foreign.getOption(this.#open, SOL_SOCKET, SO_RCVBUF);
    });
  }

  /** Joins a multicast group. */
  join(group: number): void {
    this.#try(`join group ${group} of`, () =>
      this.#foreign.setOption(this.#open, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group),
    );
  }

  send(request: Uint8Array): void {
    this.#beforeSend?.();
    this.#try('send to', () => writeSync(this.#open, request));
  }

  receive(): number {
    const received = this.#foreign.receive(this.#open, this.#slots, this.#count, MSG_DONTWAIT);
    if (received >= 0) return received;
    if (received === -EAGAIN || received === -EINTR) return 0;
    throw new OperationError('receive from', this.#name, new SystemError(-received));
  }

  start(index: number): number {
    return index * this.#slots.slotSize;
  }

  end(index: number): number {
    const { lengthOffset, lengths, lengthStride, slotSize } = this.#slots;
    return index * slotSize + (lengths[index * lengthStride + lengthOffset] ?? 0);
  }

  close(): void {
    if (this.#descriptor === undefined) return;
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    closeSync(descriptor);
  }

  get #open(): number {
    if (this.#descriptor === undefined) throw new OperationError('use', this.#name, new Error('it is closed'));
    return this.#descriptor;
  }

  #try<T>(operation: string, action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw error instanceof OperationError ? error : new OperationError(operation, this.#name, error);
    }
  }
}
