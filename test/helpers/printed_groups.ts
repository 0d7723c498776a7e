/** What live answers must say about entries that `conntrack` prints. */

import { expect } from 'vitest';

import type { Cell } from '../../collector/functions/answer.ts';
import type { PrintedEntry } from './conntrack_text.ts';

/** Names that conntrack does not have. */
const NAMES: Readonly<Record<number, string>> = { 50: 'esp' };

/** What the ranking counts connections by, from what conntrack prints. */
export const GROUPS: Readonly<Record<string, (entry: PrintedEntry) => string | undefined>> = {
  source: ({ original }) => original.src,
  destination: ({ original }) => original.dst,
  service: ({ original, ...entry }) => {
    const name = nameOf(entry);
    if (original.icmp !== null) return `${name} type ${/type=(\d+)/.exec(original.icmp)?.[1]}`;
    return original.dport === null ? name : `${name}/${original.dport}`;
  },
  'nat-address': ({ isSourceTranslated, reply }) => (isSourceTranslated ? reply.dst : undefined),
  zone: ({ zone }) => String(zone),
  mark: ({ mark }) => String(mark),
};

function nameOf({ protocol, protocolNumber }: Pick<PrintedEntry, 'protocol' | 'protocolNumber'>): string {
  return protocol === 'unknown' ? (NAMES[protocolNumber] ?? String(protocolNumber)) : protocol;
}

/** Compares a row with what conntrack printed of the same entry; the timeout falls in between. */
export function expectSame(row: Record<string, Cell>, entry: PrintedEntry | undefined): void {
  if (entry === undefined) throw new Error(`no entry ${row['id']}`);
  const { original, reply } = entry;
  const { timeout } = row;
  const end = (address: string, port: number | null): string => {
    if (port === null) return address;
    return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  };
  const total = (what: 'bytes' | 'packets'): number | null =>
    original[what] === null ? null : original[what] + (reply[what] ?? 0);
  expect(row).toMatchObject({
    family: entry.family,
    protocol: nameOf(entry),
    state: entry.state,
    source: original.src,
    source_port: original.sport,
    destination: original.dst,
    destination_port: original.dport,
    translated_source: entry.isSourceTranslated ? end(reply.dst, reply.dport) : null,
    translated_destination: entry.isDestinationTranslated ? end(reply.src, reply.sport) : null,
    icmp: original.icmp,
    zone: entry.zone,
    mark: entry.mark,
    packets: total('packets'),
    bytes: total('bytes'),
    original_packets: original.packets,
    original_bytes: original.bytes,
    reply_packets: reply.packets,
    reply_bytes: reply.bytes,
  });
  const flags = String(row['status']).split(',');
  expect([flags.includes('UNREPLIED'), flags.includes('ASSURED')]).toEqual([entry.isUnreplied, entry.isAssured]);
  expect(Math.abs(Number(timeout) - Number(entry.timeout))).toBeLessThanOrEqual(10);
}

/** Key, connections, unreplied, packets and bytes of each group. */
export function groupsOf(
  entries: readonly PrintedEntry[],
  keyOf: (entry: PrintedEntry) => string | undefined,
): Cell[][] {
  const groups = new Map<string, [number, number, number, number]>();
  for (const entry of entries) {
    const key = keyOf(entry);
    if (key === undefined) continue;
    const group = groups.get(key) ?? [0, 0, 0, 0];
    groups.set(key, group);
    const { isUnreplied, original, reply } = entry;
    group[0]++;
    if (isUnreplied) group[1]++;
    group[2] += (original.packets ?? 0) + (reply.packets ?? 0);
    group[3] += (original.bytes ?? 0) + (reply.bytes ?? 0);
  }
  return [...groups].map(([key, numbers]) => [key, ...numbers]);
}

/** Protocol, translated source, destination, zone and used ports of each NAT endpoint. */
export function endpointsOf(entries: readonly PrintedEntry[]): Cell[][] {
  const endpoints = new Map<string, number>();
  for (const entry of entries) {
    const { isSourceTranslated, reply, zone } = entry;
    if (!isSourceTranslated || !['tcp', 'udp'].includes(entry.protocol) || Number(reply.dport) < 1024) continue;
    const key = JSON.stringify([entry.protocol, reply.dst, `${reply.src}:${reply.sport}`, zone]);
    endpoints.set(key, (endpoints.get(key) ?? 0) + 1);
  }
  return [...endpoints].map(([key, used]) => [...(JSON.parse(key) as Cell[]), used]);
}
