/**
 * Builders of the messages that the kernel sends.
 * Source: linux/netlink.h, linux/netfilter/nfnetlink_conntrack.h and linux/inet_diag.h; the order of attributes is that of
 * Linux 6.18, recorded in fixtures/netlink.
 */

import { constants } from 'node:os';

import { OperationError, SystemError } from '../../collector/base/errors.ts';

/** A placeholder for the sequence number of the request. */
export const ASKED = 0x5eed5eed;

export const HEADER = 16;
const NLM_F_MULTI = 0x2;
const NLM_F_EXCL = 0x200;
const NLM_F_CREATE = 0x400;
const NLA_F_NESTED = 0x8000;
const NEW = 0x100;
const DELETE = 0x102;

/** A message with its header, or any bytes in its place. */
export type Message = Uint8Array;

/** The host's byte order, in which netlink's own numbers are. */
export const LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** A message of any type; the payload follows the header. */
export function message(type: number, flags: number, sequence: number, payload: Uint8Array = bytes()): Message {
  const built = new Uint8Array(HEADER + aligned(payload.length));
  built.set(payload, HEADER);
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
  const built = new Uint8Array(4 + aligned(payload.length));
  built.set(payload, 4);
  setU16(built, 0, 4 + payload.length);
  setU16(built, 2, type);
  return built;
}

/** An attribute that holds others, marked as such. */
export function nested(type: number, ...attributes: readonly Uint8Array[]): Uint8Array {
  return attribute(type | NLA_F_NESTED, concat(attributes));
}

/** A number in network byte order. */
export function number(value: number, size: 1 | 2 | 4): Uint8Array {
  const built = new Uint8Array(size);
  for (let at = 0; at < size; at++) built[at] = value >>> (8 * (size - 1 - at));
  return built;
}

export interface Entry {
  /** IPv4 if not given. */
  readonly family?: number;
  readonly protocol: number;
  /** The `IPS_` bits; CONFIRMED alone if not given. */
  readonly status?: number;
  /** Absent for other protocols than TCP. */
  readonly tcpState?: number;
}

/** An entry in a dump of the table. */
export function entry(description: Entry): Message {
  const header = { type: NEW, flags: NLM_F_MULTI };
  return netfilter(header, { family: description.family ?? 2 }, ...entryAttributes(description));
}

/** An event. Its sequence number is 0, since there was no request. */
export function event(kind: 'new' | 'update' | 'destroy', description: Entry): Message {
  const flags = kind === 'new' ? NLM_F_CREATE | NLM_F_EXCL : 0;
  const header = { type: kind === 'destroy' ? DELETE : NEW, flags, sequence: 0 };
  return netfilter(header, { family: description.family ?? 2 }, ...entryAttributes(description));
}

/** The attributes of an entry; the first has the protocol. */
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

/** The use of the table; old kernels send no limit. */
export function statistics({ entries, max }: { entries: number; max?: number }): Message {
  const limit = max === undefined ? [] : [attribute(2, number(max, 4))];
  return netfilter({ type: (1 << 8) | 5 }, {}, attribute(1, number(entries, 4)), ...limit);
}

/** The attribute types of a CPU's counters that current kernels send. */
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

/** The counters of a CPU; 0 if not given. */
export function cpuStatistics(cpu: number, counters: CpuCounters = {}): Message {
  return netfilter(
    { type: (1 << 8) | 4, flags: NLM_F_MULTI },
    { resource: cpu },
    ...counterAttributes(CPU_COUNTERS, counters),
  );
}

/** The counters of expectations of a CPU; 0 if not given. */
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

/** A socket in a dump of sock_diag. */
export interface DiagnosedSocket {
  readonly state: number;
  /** IPv4 if not given. */
  readonly family?: number;
  /** The type of the request; SOCK_DIAG_BY_FAMILY if not given. */
  readonly type?: number;
}

/** A socket: `struct inet_diag_msg` and an attribute, its shutdown. */
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

/** The end of a reply; without a status if `undefined`. */
export function done(status: number | undefined = 0, flags = 0): Message {
  const payload = status === undefined ? bytes() : bytes(Int32Array.of(status));
  return message(3, NLM_F_MULTI | flags, ASKED, payload);
}

/** A refusal with the header of its request; 0 is an acknowledgement. */
export function error(errno: number, sequence = ASKED): Message {
  return message(2, 0, sequence, concat([bytes(Int32Array.of(-errno)), new Uint8Array(HEADER)]));
}

/** The error after the kernel dropped datagrams. */
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

/** A copy of the bytes. */
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

/** A copy with one number, in host byte order, replaced. */
export function altered(built: Uint8Array, offset: number, size: 2 | 4, value: number): Uint8Array {
  const copy = bytes(built);
  const view = new DataView(copy.buffer);
  if (size === 2) view.setUint16(offset, value, LITTLE);
  else view.setUint32(offset, value, LITTLE);
  return copy;
}

/** Writes a number in the host's byte order. A view for each of many attributes would cost more. */
function setU16(whole: Uint8Array, at: number, value: number): void {
  whole[LITTLE ? at : at + 1] = value;
  whole[LITTLE ? at + 1 : at] = value >> 8;
}

/** The next multiple of 4. */
function aligned(length: number): number {
  return (length + 3) & ~3;
}
