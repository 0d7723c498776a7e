/** The answer `top`: who fills the table. */

import { inWhole } from '../base/numbers.ts';
import { scaleOf, standardErrorOf } from '../modules/flows/extent.ts';
import type { Counter } from '../modules/flows/heavy_hitters.ts';
import type { Scan } from '../modules/flows/table_reader.ts';
import type { Answer, Cell, Column, Row } from './answer.ts';
import { checkArguments, choice } from './arguments.ts';
import { ArgumentError, type LiveFunction, type Parameter } from './function.ts';
import { GROUPINGS, type Grouping, type Key } from './groupings.ts';
import { LIMIT, limitIn } from './limits.ts';
import { NETNS, topNamespaces } from './namespaces.ts';
import { type NewRates, newRates } from './new_connections.ts';
import { type Details, Ranking } from './ranking.ts';
import { readTable, sampleNote, sampleOf, useNote } from './reading.ts';

const DEFAULT_LIMIT = 20;
/** A key that holds this share of a table that is this full is a problem. */
const LARGE_SHARE = 0.5;
const FULL = 0.8;

const CHOICES = [...GROUPINGS, NETNS];

const BY = {
  name: 'by',
  help: 'What to count connections by.',
  allowed: CHOICES.map(({ id }) => id).join(', '),
  choices: CHOICES.map(({ id, name }) => ({ id, name })),
  isSelector: true,
} as const satisfies Parameter;

const SAMPLED = {
  name: 'sample',
  help: 'Estimate from a random sample of a large table, as the dashboard and repeated answers always do.',
  allowed: 'no value',
  isFlag: true,
} as const satisfies Parameter;

type Ranked = Counter<Key, Details>;

export const TOP: LiveFunction = {
  name: 'top',
  command: 'top',
  summary: 'Who fills the connection table.',
  help:
    'Ranks sources, destinations, services, networks, NAT addresses, zones, marks or states by their connections in the ' +
    'table. A source with most of the connections is a flooding host or a leaking client; many unreplied ones hint at ' +
    'a scan or at a dead server. By network namespace, the answer shows how full the table of each is, and what it ' +
    'dropped within a second; most can be read without privilege.',
  parameters: [BY, LIMIT, SAMPLED],
  async run(given, sources, signal) {
    checkArguments(given, TOP.parameters);
    const limit = limitIn(given, sources, DEFAULT_LIMIT);
    const id = choice(given, BY);
    if (id === NETNS.id) {
      if (given[SAMPLED.name] === undefined) return topNamespaces(sources, limit, signal);
      throw new ArgumentError(
        `${SAMPLED.name}: not allowed together with ${BY.name} ${NETNS.id}, whose numbers are exact`,
      );
    }
    const grouping = GROUPINGS.find((one) => one.id === id) as Grouping;
    const isWhole = sources.isPatient && given[SAMPLED.name] === undefined;
    const begin = (): readonly [Ranking] => [new Ranking(grouping)];
    const reading = readTable(sources, signal, isWhole ? { begin } : { begin, most: sampleOf });
    // Its failure is thrown when nothing listens any more.
    const [rates] = await Promise.all([newRates(grouping, sources, reading, signal), reading.catch(() => undefined)]);
    const scan = await reading;
    signal.throwIfAborted();
    return answer(grouping, scan, rates, limit);
  },
};

function answer(grouping: Grouping, scan: Scan<readonly [Ranking]>, rates: NewRates, limit: number): Answer {
  const [{ isAccounted, keys }] = scan.visitors;
  const ranked = keys.top(limit);
  const fields = fieldsOf(grouping, scan, rates);
  const isFilling = scan.use.max !== undefined && scan.use.entries >= FULL * scan.use.max;
  const rows = ranked.map((one): Row => {
    const cells = fields.map(({ cell }) => cell(one));
    return isFilling && one.count >= LARGE_SHARE * scan.read ? { cells, severity: 'warning' } : { cells };
  });
  const notes = [useNote(scan.use), ...sampleNote(scan)];
  if (keys.error > 0) {
    notes.push(
      `There are too many ${grouping.plural} to count all of them: connections are too low by at most ` +
        `${inWhole(keys.error * scaleOf(scan))}.`,
    );
  } else if (ranked.length < keys.size) {
    const found = scan.isSample ? 'seen in the sample' : 'in the table';
    notes.push(`Showing ${inWhole(ranked.length)} of ${inWhole(keys.size)} ${grouping.plural} ${found}.`);
  }
  if (keys.total < scan.read && keys.total > 0) {
    const share = ((100 * (scan.read - keys.total)) / scan.read).toFixed(1);
    notes.push(`${share} % of all connections have no ${grouping.name}.`);
  }
  if (rates.note !== undefined) notes.push(rates.note);
  if (!isAccounted && ranked.length > 0) {
    notes.push(
      'Bytes and packets are not counted; "sysctl net.netfilter.nf_conntrack_acct=1" counts those of new connections.',
    );
  }
  return { columns: fields.map(({ column }) => column), rows, sortedBy: 'connections', notes };
}

interface Field {
  readonly column: Column;
  readonly cell: (ranked: Ranked) => Cell;
}

function fieldsOf(grouping: Grouping, scan: Scan<readonly [Ranking]>, rates: NewRates): Field[] {
  const { isSample, read, use, visitors } = scan;
  const [{ isAccounted }] = visitors;
  const scale = scaleOf(scan);
  const whole = (value: number): number => Math.round(value * scale);
  const errorOf = ({ count }: Ranked): number => standardErrorOf(scan, count / read);
  return [
    {
      column: { id: grouping.id, name: grouping.name, type: 'text', isKey: true },
      cell: ({ key }) => grouping.text(key),
    },
    { column: { id: 'connections', name: 'Connections', type: 'count' }, cell: ({ count }) => whole(count) },
    {
      column: { id: 'connections_error', name: 'Standard error', type: 'count' },
      cell: (ranked) => (isSample ? Math.ceil((errorOf(ranked) / 100) * use.entries) : null),
    },
    { column: { id: 'share', name: 'Share', type: 'percent' }, cell: ({ count }) => (100 * count) / read },
    {
      column: { id: 'share_error', name: 'Standard error of share', type: 'percent', isHidden: true },
      cell: (ranked) => (isSample ? errorOf(ranked) : null),
    },
    {
      column: { id: 'unreplied', name: 'Unreplied', type: 'count' },
      cell: ({ details }) => whole(details.unreplied),
    },
    {
      column: { id: 'new', name: 'New', type: 'rate' },
      cell: ({ key }) => rates.of(key) ?? null,
    },
    {
      column: { id: 'packets', name: 'Packets', type: 'count' },
      cell: ({ details }) => (isAccounted ? whole(details.packets) : null),
    },
    {
      column: { id: 'bytes', name: 'Bytes', type: 'bytes' },
      cell: ({ details }) => (isAccounted ? whole(details.bytes) : null),
    },
  ];
}
