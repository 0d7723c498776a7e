/** What a conntrackd has counted, read from its answers in another way than the program does. */

import type { ConntrackdLaboratory } from './conntrackd_lab.ts';
import type { ConntrackdNode } from './conntrackd_modes.ts';

/**
 * By the chart that draws them, as it is called after `conntrackd_`, with the cache or link after a blank; and by
 * dimension.
 */
export type Counters = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Lines below the heading of a cache; those that are no change have no name. */
const CHANGES: readonly (readonly [cache: string, heading: string, names: readonly string[]])[] = [
  ['internal', 'cache internal:', ['', 'created', '', 'updated', '', 'destroyed']],
  ['external', 'cache external:', ['', 'created', '', 'updated', '', 'destroyed']],
  ['stats', 'cache stats:', ['', 'created', '', 'updated', '', 'destroyed']],
  ['bypass', 'internal bypass:', ['created', 'updated', 'destroyed']],
  ['inject', 'external inject:', ['created', '', 'updated', '', 'destroyed']],
];

const CAUSES = ['wrong_version', 'header', 'payload', 'type', 'truncated', 'size'];

export async function countersOf(laboratory: ConntrackdLaboratory, node: ConntrackdNode): Promise<Counters> {
  const runtime = await laboratory.ask(node, 'runtime');
  return {
    ...changes(await laboratory.ask(node, 'ct'), ''),
    ...changes(await laboratory.ask(node, 'expect'), '_expectations'),
    ...messages(await laboratory.ask(node, 'network')),
    ...traffic(await laboratory.ask(node, 'link')),
    netlink_events: named(['received', 'filtered'], numbersBelow(runtime, 'netlink stats:')),
  };
}

function changes(text: string, suffix: string): Counters {
  const all = CHANGES.map(([cache, heading, names]) => {
    return [`cache_changes ${cache}${suffix}`, named(names, numbersBelow(text, heading))] as const;
  });
  return Object.fromEntries(all.filter(([, numbers]) => Object.keys(numbers).length > 0));
}

function messages(text: string): Counters {
  if (text === '') return {};
  const [malformed = 0, ...more] = numbersBelow(text, 'network statistics:');
  const [lost = 0, before = 0] = numbersBelow(text, 'sequence tracking statistics:');
  const sent = more[CAUSES.length] ?? 0;
  return {
    messages: { lost, out_of_order: before, malformed_received: malformed, malformed_sent: sent },
    malformed_messages: named(CAUSES, more),
  };
}

function traffic(text: string): Counters {
  const links = [...text.matchAll(/^\S+ traffic device=(\S+) /gm)];
  return Object.fromEntries(
    links.flatMap(([heading, device = '']) => {
      const [sent = 0, received = 0, packetsSent = 0, packetsReceived = 0] = numbersBelow(text, heading);
      return [
        [`link_traffic ${device}`, { sent, received }],
        [`link_packets ${device}`, { sent: packetsSent, received: packetsReceived }],
      ];
    }),
  );
}

/** The numbers of the lines under a heading, up to an empty line or the next heading; none if it is not there. */
function numbersBelow(text: string, heading: string): number[] {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => line.startsWith(heading));
  if (at < 0) return [];
  const below = lines.slice(at + 1);
  const end = below.findIndex((line) => line === '' || /^\S.*:$/.test(line));
  return (
    below
      .slice(0, end < 0 ? undefined : end)
      .join(' ')
      .match(/\d+/g) ?? []
  ).map(Number);
}

function named(names: readonly string[], numbers: readonly number[]): Record<string, number> {
  const pairs = names.flatMap((name, place) => {
    const value = numbers[place];
    return name === '' || value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(pairs);
}
