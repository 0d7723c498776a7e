/**
 * A channel to a kernel that says what a test tells it to, and builders for what kernels say.
 *
 *     const channel = new FakeChannel();
 *     channel.reply('statistics', [statistics({ entries: 17, max: 262_144 })]);
 *     channel.reply('table', [entry({ protocol: 6, tcpState: 3 }), entry({ protocol: 17 })], [done()]);
 *     channel.queue([event('new', { protocol: 17 })], overrun(), [event('destroy', { protocol: 17 })]);
 *
 * Source of the layout: linux/netlink.h, linux/netfilter/nfnetlink_conntrack.h and linux/inet_diag.h; the order of
 * attributes is that of Linux 6.18, recorded in fixtures/netlink.
 */

import { constants } from 'node:os';

import { OperationError, SystemError } from '../../collector/base/errors.ts';
import type { EventChannel } from '../../collector/modules/access.ts';
import { type Memory, memoryOf } from '../../collector/netlink/channel.ts';
import { QUESTIONS, type Question } from '../../collector/netlink/request.ts';

/** In place of a message's sequence number: that of the request it answers. */
export const ASKED = 0x5eed5eed;

const HEADER = 16;
const NLM_F_MULTI = 0x2;
const NLM_F_EXCL = 0x200;
const NLM_F_CREATE = 0x400;
const NLA_F_NESTED = 0x8000;
const NEW = 0x100;
const DELETE = 0x102;

/** One message with its header, or any bytes that stand in the place of one. */
export type Message = Uint8Array;

/** What one call of `receive` brings: datagrams, or an error that it throws. A lone message is a datagram of its own. */
export type Receipt = OperationError | readonly (Message | readonly Message[])[];

/** What was asked. */
export interface Sent {
  /** `undefined` when it is no question that can be asked. */
  readonly question: Question | undefined;
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

export interface FakeChannelOptions {
  /** How errors call the channel. */
  readonly name?: string;
  readonly slots?: number;
  readonly slotSize?: number;
  /** What the memory is filled with, over and over, before datagrams are received into it. */
  readonly around?: Uint8Array;
}

export class FakeChannel implements EventChannel {
  readonly memory: Memory;
  /** Every request, in order. */
  readonly sent: Sent[] = [];
  /** Every multicast group that was joined, in order. */
  readonly joined: number[] = [];
  /** What the receive buffer was set to. */
  receiveBuffer: number | undefined;
  /** The largest receive buffer that there can be, as the kernel counts it. */
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
  #sequence = 0;

  constructor(options: FakeChannelOptions = {}) {
    const { around = Uint8Array.of(0xff), name = 'ctnetlink', slots = 8, slotSize = 4096 } = options;
    this.#name = name;
    this.#slots = slots;
    this.#slotSize = slotSize;
    this.#around = around;
    this.memory = memoryOf(new ArrayBuffer(slots * slotSize));
  }

  /** From now on a question is answered so, each time that it is asked: one receipt for each call of `receive`. */
  reply(question: Question, ...receipts: readonly Receipt[]): void {
    this.#replies.set(question, () => receipts);
  }

  /** From now on the answer to a question is made when it is asked; `time` counts from 1. */
  replyWith(question: Question, answer: (time: number) => readonly Receipt[]): void {
    this.#replies.set(question, answer);
    this.#asked.delete(question);
  }

  /** Lets receipts wait behind those that already do, as events come: asked for by nobody. */
  queue(...receipts: readonly Receipt[]): void {
    for (const receipt of receipts) {
      this.#waiting.push(receipt instanceof OperationError ? receipt : receipt.map((one) => this.#datagram(one)));
    }
  }

  /** How many receipts wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** How often a question was asked. */
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

  /** As the kernel does, leaves what there is no slot for to the next call, and cuts what is longer than a slot. */
  receive(): number {
    this.#use('receive', undefined);
    this.#lengths.length = 0;
    this.#fill();
    const receipt = this.#waiting.shift();
    if (receipt === undefined) return 0;
    if (receipt instanceof OperationError) throw receipt;
    for (const [slot, datagram] of receipt.slice(0, this.#slots).entries()) {
      const cut = datagram.subarray(0, this.#slotSize);
      this.memory.bytes.set(cut, slot * this.#slotSize);
      this.#lengths.push(cut.length);
    }
    if (receipt.length > this.#slots) this.#waiting.unshift(receipt.slice(this.#slots));
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
    const { bytes } = this.memory;
    for (let at = 0; at < bytes.length; at += this.#around.length) {
      bytes.set(this.#around.subarray(0, bytes.length - at), at);
    }
  }

  #datagram(messages: Message | readonly Message[]): Uint8Array {
    const list = messages instanceof Uint8Array ? [messages] : messages;
    return concat(list.map((one) => withSequence(one, this.#sequence)));
  }
}

/** The host's byte order, in which netlink's own numbers are. */
export const LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** A message of any type; the payload follows the header. */
export function message(type: number, flags: number, sequence: number, payload: Uint8Array = bytes()): Message {
  const built = concat([new Uint8Array(HEADER), padded(payload)]);
  const view = new DataView(built.buffer);
  view.setUint32(0, HEADER + payload.length, LITTLE);
  view.setUint16(4, type, LITTLE);
  view.setUint16(6, flags, LITTLE);
  view.setUint32(8, sequence, LITTLE);
  return built;
}

/** A message of netfilter: `struct nfgenmsg` and attributes. */
export function netfilter(
  { type, flags = 0, sequence = ASKED }: { type: number; flags?: number; sequence?: number },
  { family = 0, resource = 0 }: { family?: number; resource?: number },
  ...attributes: readonly Uint8Array[]
): Message {
  return message(type, flags, sequence, concat([Uint8Array.of(family, 0), number(resource, 2), ...attributes]));
}

/** An attribute, padded to a multiple of 4. */
export function attribute(type: number, payload: Uint8Array): Uint8Array {
  const built = concat([new Uint8Array(4), padded(payload)]);
  const view = new DataView(built.buffer);
  view.setUint16(0, 4 + payload.length, LITTLE);
  view.setUint16(2, type, LITTLE);
  return built;
}

/** An attribute that holds others, marked as such. */
export function nested(type: number, ...attributes: readonly Uint8Array[]): Uint8Array {
  return attribute(type | NLA_F_NESTED, concat(attributes));
}

/** A number in network byte order. */
export function number(value: number, size: 1 | 2 | 4): Uint8Array {
  const built = new Uint8Array(4);
  new DataView(built.buffer).setUint32(0, value);
  return built.subarray(4 - size);
}

export interface Entry {
  /** IPv4 when it is left out. */
  readonly family?: number;
  readonly protocol: number;
  /** The `IPS_` bits; CONFIRMED alone when they are left out. */
  readonly status?: number;
  /** Left out when the kernel would tell none. */
  readonly tcpState?: number;
}

/** An entry as the answer to the question for the table has it. */
export function entry(description: Entry): Message {
  const header = { type: NEW, flags: NLM_F_MULTI };
  return netfilter(header, { family: description.family ?? 2 }, ...entryAttributes(description));
}

/** An event. It answers nothing, so its sequence number is 0. */
export function event(kind: 'new' | 'update' | 'destroy', description: Entry): Message {
  const flags = kind === 'new' ? NLM_F_CREATE | NLM_F_EXCL : 0;
  const header = { type: kind === 'destroy' ? DELETE : NEW, flags, sequence: 0 };
  return netfilter(header, { family: description.family ?? 2 }, ...entryAttributes(description));
}

/** The attributes of an entry, the first of which tells the protocol. */
export function entryAttributes({ family = 2, protocol, status = 8, tcpState }: Entry): Uint8Array[] {
  const state = tcpState === undefined ? [] : [nested(4, nested(1, attribute(1, number(tcpState, 1))))];
  return [
    tuple(1, family, protocol, 0x11),
    tuple(2, family, protocol, 0x22),
    attribute(3, number(status, 4)),
    attribute(7, number(299, 4)),
    ...state,
    attribute(8, number(0, 4)),
    attribute(12, number(0xa1b2c3d4, 4)),
    attribute(11, number(1, 4)),
  ];
}

function tuple(type: number, family: number, protocol: number, address: number): Uint8Array {
  const [size, source, destination] = family === 10 ? [16, 3, 4] : [4, 1, 2];
  return nested(
    type,
    nested(
      1,
      attribute(source, new Uint8Array(size).fill(address)),
      attribute(destination, new Uint8Array(size).fill(address + 1)),
    ),
    nested(
      2,
      attribute(1, number(protocol, 1)),
      attribute(2, number(40_000 + address, 2)),
      attribute(3, number(443, 2)),
    ),
  );
}

/** The answer to the question for the statistics. Without a maximum it is that of an old kernel. */
export function statistics({ entries, max }: { entries: number; max?: number }): Message {
  const limit = max === undefined ? [] : [attribute(2, number(max, 4))];
  return netfilter({ type: (1 << 8) | 5 }, {}, attribute(1, number(entries, 4)), ...limit);
}

/** Names and attribute types of a CPU's counters, those that a current kernel sends. */
const CPU_COUNTERS = {
  found: 2,
  invalid: 4,
  insert: 8,
  insert_failed: 9,
  drop: 10,
  early_drop: 11,
  icmp_error: 12,
  search_restart: 13,
  clashres: 14,
  chainlength: 15,
};

const EXPECTATION_COUNTERS = { expect_new: 1, expect_create: 2, expect_delete: 3 };

export type CpuCounters = Partial<Record<keyof typeof CPU_COUNTERS, number>>;
export type ExpectationCounters = Partial<Record<keyof typeof EXPECTATION_COUNTERS, number>>;

/** What the answer to the question for the statistics of every CPU says of one; what is left out is 0. */
export function cpuStatistics(cpu: number, counters: CpuCounters = {}): Message {
  return netfilter(
    { type: (1 << 8) | 4, flags: NLM_F_MULTI },
    { resource: cpu },
    ...counterAttributes(CPU_COUNTERS, counters),
  );
}

/** The same for the statistics of expectations. */
export function expectationStatistics(cpu: number, counters: ExpectationCounters = {}): Message {
  return netfilter(
    { type: (2 << 8) | 3, flags: NLM_F_MULTI },
    { resource: cpu },
    ...counterAttributes(EXPECTATION_COUNTERS, counters),
  );
}

function counterAttributes(
  types: Readonly<Record<string, number>>,
  counters: Readonly<Record<string, number>>,
): Uint8Array[] {
  return Object.entries(types).map(([name, type]) => attribute(type, number(counters[name] ?? 0, 4)));
}

/** A socket as sock_diag tells of it. */
export interface DiagnosedSocket {
  readonly state: number;
  /** IPv4 when it is left out. */
  readonly family?: number;
  /** The type of the request that is answered: SOCK_DIAG_BY_FAMILY when it is left out. */
  readonly type?: number;
}

/** What the answer to a question for sockets says of one: `struct inet_diag_msg` and an attribute, its shutdown. */
export function diagnosed({ family = 2, state, type = 20 }: DiagnosedSocket): Message {
  // Timer and retransmissions; ports, addresses, interface and cookie; expiry, queues, user and inode.
  const rest = [Uint8Array.of(3, 14), new Uint8Array(48).fill(5), new Uint8Array(20).fill(6)];
  return message(
    type,
    NLM_F_MULTI,
    ASKED,
    concat([Uint8Array.of(family, state), ...rest, attribute(8, Uint8Array.of(2))]),
  );
}

/** The end of an answer; `undefined` leaves the status out. */
export function done(status: number | undefined = 0, flags = 0): Message {
  const payload = status === undefined ? bytes() : bytes(Int32Array.of(status));
  return message(3, NLM_F_MULTI | flags, ASKED, payload);
}

/** A refusal, with the request that it is about; 0 is an acknowledgement. */
export function error(errno: number, sequence = ASKED): Message {
  return message(2, 0, sequence, concat([bytes(Int32Array.of(-errno)), new Uint8Array(HEADER)]));
}

/** What `receive` throws when the kernel had to drop something. */
export function overrun(): OperationError {
  return failure('ENOBUFS');
}

/** An error of the channel. */
export function failure(
  code: keyof typeof constants.errno,
  operation = 'receive from',
  target = 'ctnetlink',
): OperationError {
  return new OperationError(operation, target, new SystemError(constants.errno[code]));
}

/** The bytes of anything that has some. */
export function bytes(view: ArrayBufferView = new Uint8Array(0)): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
}

export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A copy with one number of a message's or attribute's header, in the host's byte order, set to another. */
export function altered(built: Uint8Array, offset: number, size: 2 | 4, value: number): Uint8Array {
  const copy = bytes(built);
  const view = new DataView(copy.buffer);
  if (size === 2) view.setUint16(offset, value, LITTLE);
  else view.setUint32(offset, value, LITTLE);
  return copy;
}

function padded(payload: Uint8Array): Uint8Array {
  const whole = new Uint8Array((payload.length + 3) & ~3);
  whole.set(payload);
  return whole;
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
