/** The answer `stuck`: unanswered connections, grouped by where they go, and since when. */

import { inWhole } from '../base/numbers.ts';
import { routeKey } from '../modules/flows/route.ts';
import { addressText } from '../netlink/address.ts';
import type { Answer, Column, Row } from './answer.ts';
import { checkArguments } from './arguments.ts';
import { endpointText } from './flow_cells.ts';
import type { LiveFunction } from './function.ts';
import { LIMIT, limitIn } from './limits.ts';
import { pause } from './pause.ts';
import { protocolName } from './protocol_names.ts';
import { readTable, useNote } from './reading.ts';
import type { Sources } from './sources.ts';
import { type Sightings, Unanswered, type UnansweredGroup } from './unanswered.ts';

const DEFAULT_LIMIT = 100;
/** How often the table is read, and milliseconds in between: clients retry every few seconds. */
const READINGS = 3;
const PAUSE = 3000;
/** Seconds from which on a refreshed connection without an answer is a problem, as in the chart. */
const STUCK = 60;

const COLUMNS: readonly Column[] = [
  { id: 'protocol', name: 'Protocol', type: 'text', isKey: true },
  { id: 'destination', name: 'Destination', type: 'text', isKey: true },
  { id: 'translated_destination', name: 'Translated destination', type: 'text', isKey: true },
  { id: 'translated_source', name: 'Translated source', type: 'text', isKey: true },
  { id: 'connections', name: 'Connections', type: 'count' },
  { id: 'refreshed', name: 'Refreshed', type: 'count' },
  { id: 'since', name: 'Since', type: 'time' },
  { id: 'age', name: 'Age', type: 'duration' },
  { id: 'source', name: 'A source', type: 'text' },
  { id: 'zone', name: 'Zone', type: 'number', isKey: true, isHidden: true },
];

export const STUCK_CONNECTIONS: LiveFunction = {
  name: 'stuck',
  command: 'stuck',
  summary: 'Connections without an answer, grouped by destination and translation.',
  help:
    'Unanswered connections that are refreshed again and again go to a dead server or through a stale address ' +
    'translation, which lives as long as the client retries; deleting the entries with conntrack -D ends that. The table ' +
    'is read three times within six seconds, and a connection is refreshed if its timeout rose in between. Since when is ' +
    'known with nf_conntrack_timestamp, or when the connections have been followed for a minute.',
  parameters: [LIMIT],
  async run(given, sources, signal) {
    checkArguments(given, STUCK_CONNECTIONS.parameters);
    const limit = limitIn(given, sources, DEFAULT_LIMIT);
    const seen: Sightings = { expiries: new Map(), refreshed: new Set() };
    for (let reading = 1; ; reading++) {
      const begin = (): readonly [Unanswered] => [new Unanswered(seen, () => sources.clock.monotonic())];
      const { use, visitors } = await readTable(sources, signal, { begin });
      if (reading === READINGS) return answer(visitors[0], sources, limit, useNote(use));
      await pause(sources.clock, PAUSE, signal);
    }
  },
};

function answer(reading: Unanswered, sources: Sources, limit: number, use: string): Answer {
  const { connections, groups, unfollowed, ungrouped } = reading;
  const now = sources.clock.wall();
  const followed = followedSince(sources);
  const all = [...groups.values()].sort(
    (one, other) => other.refreshed - one.refreshed || other.connections - one.connections,
  );
  const shown = all.slice(0, limit);
  const refreshed = all.reduce((sum, group) => sum + group.refreshed, 0);
  const notes = [
    use,
    `Unanswered connections: ${inWhole(connections)}; refreshed within ${((READINGS - 1) * PAUSE) / 1000} seconds: ` +
      `${inWhole(refreshed)}.`,
  ];
  if (shown.length < all.length) notes.push(`Showing ${inWhole(shown.length)} of ${inWhole(all.length)} groups.`);
  if (ungrouped > 0)
    notes.push(`Unanswered connections in further groups, which are not shown: ${inWhole(ungrouped)}.`);
  if (unfollowed > 0)
    notes.push(`Unanswered connections of which it is not known whether they are refreshed: ${inWhole(unfollowed)}.`);
  const rows = shown.map((group) => rowOf(group, group.startedAt ?? followed.get(routeKey(group)), now));
  if (rows.length > 0 && rows.every(({ cells }) => cells[SINCE] === null)) {
    notes.push(
      'Since when is unknown; "sysctl net.netfilter.nf_conntrack_timestamp=1" records it for new connections.',
    );
  }
  return { columns: COLUMNS, rows, sortedBy: 'refreshed', notes };
}

const SINCE = COLUMNS.findIndex(({ id }) => id === 'since');

/** Since when each group is followed, in milliseconds since the epoch. */
function followedSince({ clock, stuckGroups }: Sources): Map<string, number> {
  const offset = clock.wall() - clock.monotonic() / 1000;
  const since = new Map<string, number>();
  for (const group of stuckGroups?.() ?? []) since.set(routeKey(group), offset + group.since / 1000);
  return since;
}

function rowOf(group: UnansweredGroup, since: number | undefined, now: number): Row {
  const { connections, destination, destinationPort, protocol, refreshed, source, zone } = group;
  const { translatedDestination: to, translatedSource: from } = group;
  const age = since === undefined ? null : Math.max(0, Math.round((now - since) / 1000));
  const cells = [
    protocolName(protocol),
    endpointText(addressText(destination), destinationPort),
    to === undefined ? null : endpointText(addressText(to.address), to.port),
    from === undefined ? null : addressText(from),
    connections,
    refreshed,
    since === undefined ? null : Math.round(since),
    age,
    addressText(source),
    zone,
  ];
  return refreshed > 0 && (age ?? 0) >= STUCK ? { cells, severity: 'warning' } : { cells };
}
