/**
 * Recordings of ctnetlink and sock_diag (fixtures/netlink), and the output of `conntrack` and `ss` at the same time.
 */

import { readFileSync } from 'node:fs';

import { ASKED, altered, LITTLE, type Message } from './netlink_channel.ts';

const FOLDER = new URL('../../fixtures/netlink/linux-6.18/', import.meta.url);

/** Recordings are from a little-endian machine. */
export const cannotReplay = LITTLE ? undefined : 'the recordings are of another byte order';

/** The datagrams as they were received. */
export function recordedDatagrams(name: string): Uint8Array[] {
  return recordedLines(`${name}.hex`).map((line) => Uint8Array.from(Buffer.from(line, 'hex')));
}

/** The messages of each datagram, ready to be replies; events are not. */
export function recorded(name: string): Message[][] {
  return recordedDatagrams(name).map((datagram) => messagesOf(datagram).map(askable));
}

/** A recorded text. */
export function recordedText(name: string): string {
  return readFileSync(new URL(name, FOLDER), 'utf8');
}

/** Its lines. */
export function recordedLines(name: string): string[] {
  return recordedText(name).trimEnd().split('\n');
}

/** Splits a well-formed datagram into messages. */
function messagesOf(datagram: Uint8Array): Message[] {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length);
  const messages: Message[] = [];
  for (let at = 0; at < datagram.length; ) {
    const length = view.getUint32(at, LITTLE);
    const next = at + ((length + 3) & ~3);
    messages.push(datagram.subarray(at, next));
    at = next;
  }
  return messages;
}

function askable(message: Message): Message {
  const sequence = new DataView(message.buffer, message.byteOffset).getUint32(8, LITTLE);
  return sequence === 1 ? altered(message, 8, 4, ASKED) : message;
}

/** One direction of a connection: addresses and, if any, ports or an id. */
type Tuple = Readonly<Record<string, string>>;

/** A line of `conntrack -o extended`. */
export interface Line {
  /** Of an event: `NEW`, `UPDATE` or `DESTROY`. */
  readonly event: string | undefined;
  readonly family: number;
  readonly protocol: number;
  /** The name of the state; `undefined` when there is none. */
  readonly state: string | undefined;
  readonly hasReply: boolean;
  readonly isAssured: boolean;
  readonly isSourceTranslated: boolean;
  readonly isDestinationTranslated: boolean;
}

export function parseLine(line: string): Line {
  const match = /^ *(?:\[([A-Z]+)\])? *\S+ +(\d+) \S+ +(\d+)(?: \d+)?(?: ([A-Z_0-9]+))? (src=.*?) (src=.*)$/.exec(line);
  if (match === null) throw new Error(`not a line of conntrack: ${line}`);
  const [, event, family, protocol, state, original = '', reply = ''] = match;
  const [there, back] = [tuple(original), tuple(reply)];
  return {
    event,
    family: Number(family),
    protocol: Number(protocol),
    state,
    hasReply: !line.includes('[UNREPLIED]'),
    isAssured: line.includes('[ASSURED]'),
    isSourceTranslated: there['src'] !== back['dst'] || there['sport'] !== back['dport'],
    isDestinationTranslated: there['dst'] !== back['src'] || there['dport'] !== back['sport'],
  };
}

function tuple(text: string): Tuple {
  return Object.fromEntries([...text.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value]));
}

/** The number of sockets of an address family by state, as `ss -aH` printed them: `[['ESTAB', 14], …]`. */
export function printedSockets(name: string, family: 'inet' | 'inet6'): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of recordedLines(name)) {
    // The state, two queues, the local address: in brackets where it is one of IPv6, or * for all of both families.
    const match = /^([A-Z0-9-]+) +\d+ +\d+ +(\S)/.exec(line);
    if (match === null) throw new Error(`not a line of ss: ${line}`);
    const [, state = '', first = ''] = match;
    if ('[*'.includes(first) === (family === 'inet6')) counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return counts;
}
