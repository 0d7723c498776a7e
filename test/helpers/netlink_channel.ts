/**
 * A channel to a kernel that replies as a test says.
 *
 *     const channel = new FakeChannel();
 *     channel.reply('statistics', [statistics({ entries: 17, max: 262_144 })]);
 *     channel.reply('table', [entry({ protocol: 6, tcpState: 3 }), entry({ protocol: 17 })], [done()]);
 *     channel.queue([event('new', { protocol: 17 })], overrun(), [event('destroy', { protocol: 17 })]);
 */

import { OperationError } from '../../collector/base/errors.ts';
import type { EventChannel } from '../../collector/modules/access.ts';
import { type Memory, memoryOf } from '../../collector/netlink/channel.ts';
import { QUESTIONS, type Question } from '../../collector/netlink/request.ts';
import { ASKED, altered, concat, HEADER, LITTLE, type Message } from './netlink_messages.ts';

export * from './netlink_messages.ts';

/** What one call of `receive` returns: datagrams, of several messages or one, or an error that it throws. */
export type Receipt = OperationError | readonly (Message | readonly Message[])[];

/** A request that was sent. */
export interface Sent {
  /** `undefined` for an unknown request. */
  readonly question: Question | undefined;
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

export interface FakeChannelOptions {
  /** The name in errors. */
  readonly name?: string;
  readonly slots?: number;
  readonly slotSize?: number;
  /** Fills the memory, repeatedly, before each receive. */
  readonly around?: Uint8Array;
}

export class FakeChannel implements EventChannel {
  readonly memory: Memory;
  /** Every request, in order. */
  readonly sent: Sent[] = [];
  /** Every multicast group that was joined, in order. */
  readonly joined: number[] = [];
  /** The requested size of the receive buffer. */
  receiveBuffer: number | undefined;
  /** The largest possible receive buffer, as the kernel counts it. */
  mostReceiveBuffer = Number.POSITIVE_INFINITY;
  isClosed = false;
  /** Thrown by every `send`, `join` or `setReceiveBuffer` while it is set. */
  readonly failures: { send?: OperationError; join?: OperationError; setReceiveBuffer?: OperationError } = {};
  readonly #name: string;
  readonly #slots: number;
  readonly #slotSize: number;
  readonly #around: Uint8Array;
  readonly #lengths: number[] = [];
  readonly #replies = new Map<Question, (time: number) => readonly Receipt[]>();
  readonly #asked = new Map<Question, number>();
  #waiting: (OperationError | Uint8Array[])[] = [];
  /** How many datagrams of the first that wait were received. */
  #received = 0;
  #sequence = 0;

  constructor(options: FakeChannelOptions = {}) {
    const { around = Uint8Array.of(0xff), name = 'ctnetlink', slots = 8, slotSize = 4096 } = options;
    this.#name = name;
    this.#slots = slots;
    this.#slotSize = slotSize;
    this.#around = around;
    this.memory = memoryOf(new ArrayBuffer(slots * slotSize));
  }

  /** Replies so to each later request of this kind: one receipt for each call of `receive`. */
  reply(question: Question, ...receipts: readonly Receipt[]): void {
    this.#replies.set(question, () => receipts);
  }

  /** Makes the reply to each later request of this kind; `time` counts from 1. */
  replyWith(question: Question, answer: (time: number) => readonly Receipt[]): void {
    this.#replies.set(question, answer);
    this.#asked.delete(question);
  }

  /** Queues receipts, like events. */
  queue(...receipts: readonly Receipt[]): void {
    for (const receipt of receipts) {
      this.#waiting.push(receipt instanceof OperationError ? receipt : receipt.map((one) => this.#datagram(one)));
    }
  }

  /** How many receipts are queued. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** How often a request was sent. */
  timesAsked(question: Question): number {
    return this.sent.filter((one) => one.question === question).length;
  }

  send(request: Uint8Array): void {
    this.#use('send', this.failures.send);
    const bytes = request.slice();
    const view = new DataView(bytes.buffer);
    this.#sequence = view.getUint32(8, LITTLE);
    const question = questionOf(bytes);
    this.sent.push({ question, sequence: this.#sequence, bytes });
    if (question === undefined) return;
    const time = (this.#asked.get(question) ?? 0) + 1;
    this.#asked.set(question, time);
    this.queue(...(this.#replies.get(question)?.(time) ?? []));
  }

  /** Like the kernel, leaves datagrams without a slot to the next call, and truncates those that are longer than a slot. */
  receive(): number {
    this.#use('receive', undefined);
    this.#lengths.length = 0;
    this.#fill();
    const [receipt] = this.#waiting;
    if (receipt === undefined) return 0;
    if (receipt instanceof OperationError) {
      this.#waiting.shift();
      throw receipt;
    }
    for (const [slot, datagram] of receipt.slice(this.#received, this.#received + this.#slots).entries()) {
      const cut = datagram.subarray(0, this.#slotSize);
      this.memory.bytes.set(cut, slot * this.#slotSize);
      this.#lengths.push(cut.length);
    }
    this.#received += this.#lengths.length;
    if (this.#received === receipt.length) {
      this.#waiting.shift();
      this.#received = 0;
    }
    return this.#lengths.length;
  }

  start(index: number): number {
    return index * this.#slotSize;
  }

  end(index: number): number {
    return index * this.#slotSize + (this.#lengths[index] ?? 0);
  }

  setReceiveBuffer(bytes: number): number {
    this.#use('set the receive buffer of', this.failures.setReceiveBuffer);
    this.receiveBuffer = bytes;
    return Math.min(2 * bytes, this.mostReceiveBuffer);
  }

  join(group: number): void {
    this.#use('join', this.failures.join);
    this.joined.push(group);
  }

  close(): void {
    this.isClosed = true;
  }

  #use(operation: string, failure: OperationError | undefined): void {
    if (this.isClosed) throw new OperationError(operation, this.#name, new Error('it is closed'));
    if (failure !== undefined) throw failure;
  }

  #fill(): void {
    Buffer.from(this.memory.bytes.buffer).fill(this.#around);
  }

  #datagram(messages: Message | readonly Message[]): Uint8Array {
    const list = messages instanceof Uint8Array ? [messages] : messages;
    return concat(list.map((one) => withSequence(one, this.#sequence)));
  }
}

function withSequence(built: Message, sequence: number): Uint8Array {
  if (built.length < HEADER) return built;
  const isOpen = new DataView(built.buffer, built.byteOffset).getUint32(8, LITTLE) === ASKED;
  return isOpen ? altered(built, 8, 4, sequence) : built;
}

function questionOf(asked: Uint8Array): Question | undefined {
  const [type = 0] = new Uint16Array(asked.slice(4, 6).buffer);
  const body = asked.subarray(HEADER);
  return (Object.keys(QUESTIONS) as Question[]).find(
    (question) => QUESTIONS[question].type === type && Buffer.compare(QUESTIONS[question].body, body) === 0,
  );
}
