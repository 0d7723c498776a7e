/** A channel whose socket is in another network namespace, and closes once only this process holds the namespace. */

import type { EventChannel } from '../modules/access.ts';
import type { Memory } from '../netlink/channel.ts';
import type { Entrance } from './namespace.ts';

export class NamespaceChannel implements EventChannel {
  readonly #channel: EventChannel;
  readonly #entrance: Entrance;

  constructor(channel: EventChannel, entrance: Entrance) {
    this.#channel = channel;
    this.#entrance = entrance;
  }

  get memory(): Memory {
    return this.#channel.memory;
  }

  send(request: Uint8Array): void {
    this.#verify();
    this.#channel.send(request);
  }

  receive(): number {
    this.#verify();
    return this.#channel.receive();
  }

  start(index: number): number {
    return this.#channel.start(index);
  }

  end(index: number): number {
    return this.#channel.end(index);
  }

  setReceiveBuffer(bytes: number): number {
    return this.#channel.setReceiveBuffer(bytes);
  }

  join(group: number): void {
    this.#channel.join(group);
  }

  close(): void {
    this.#channel.close();
  }

  /** @throws {ProblemError} when the namespace has no other user, after closing the socket. */
  #verify(): void {
    try {
      this.#entrance.verify();
    } catch (error) {
      this.#channel.close();
      throw error;
    }
  }
}
