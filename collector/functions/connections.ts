/** The answer `connections`: the entries of the table that match a filter. */

import { inWhole } from '../base/numbers.ts';
import type { FlowVisitor } from '../modules/flows/table_reader.ts';
import type { Flow } from '../netlink/flow.ts';
import type { FlowPart } from '../netlink/flow_parts.ts';
import type { Answer, Cell } from './answer.ts';
import { checkArguments, choice } from './arguments.ts';
import { expectations } from './expectations.ts';
import { type Filter, flowFilter } from './filter.ts';
import { FILTERS } from './filter_parameters.ts';
import { FLOW_COLUMNS, FLOW_PARTS, flowCells, sum } from './flow_cells.ts';
import type { LiveFunction, Parameter } from './function.ts';
import { LIMIT, limitIn } from './limits.ts';
import { readTable, useNote } from './reading.ts';
import { TopRows } from './top_rows.ts';

const DEFAULT_LIMIT = 500;

const SORT = {
  name: 'sort',
  help: 'What to sort by, largest first.',
  allowed: 'timeout, age, bytes or packets',
  choices: [
    { id: 'timeout', name: 'Timeout' },
    { id: 'age', name: 'Age' },
    { id: 'bytes', name: 'Bytes' },
    { id: 'packets', name: 'Packets' },
  ],
  isSelector: true,
} as const satisfies Parameter;

const EXPECTATIONS = {
  name: 'expectations',
  help: 'List expectations instead: connections that a helper expects.',
  allowed: 'no value',
  isFlag: true,
} as const satisfies Parameter;

type SortId = (typeof SORT.choices)[number]['id'];

/** The number that an entry is sorted by; below 0 if it is unknown, so that it comes last. */
const NUMBERS: Readonly<Record<SortId, (flow: Flow) => number>> = {
  timeout: ({ timeout }) => timeout,
  // The earlier it started, the older it is.
  age: ({ startedAt }) => (startedAt < 0 ? -1 : 1 / startedAt),
  bytes: ({ originalCounters, replyCounters }) => sum(originalCounters, replyCounters, 'bytes'),
  packets: ({ originalCounters, replyCounters }) => sum(originalCounters, replyCounters, 'packets'),
};

/** What the kernel records only with a setting. */
const SETTINGS: Readonly<Partial<Record<SortId, string>>> = {
  age: 'The age of connections is unknown; "sysctl net.netfilter.nf_conntrack_timestamp=1" records it for new ones.',
  bytes:
    'Bytes and packets are not counted; "sysctl net.netfilter.nf_conntrack_acct=1" counts those of new connections.',
  packets:
    'Bytes and packets are not counted; "sysctl net.netfilter.nf_conntrack_acct=1" counts those of new connections.',
};

export const CONNECTIONS: LiveFunction = {
  name: 'connections',
  command: 'list',
  summary: 'Connections in the table, filtered like conntrack -L.',
  help:
    'Each row is one entry of the connection tracking table. Source and destination are those of the first packet; the ' +
    'translated ones are what NAT makes of them. The timeout is what remains until the entry is removed, if no packet ' +
    'comes. Bytes and packets are counted with nf_conntrack_acct, the age is known with nf_conntrack_timestamp.',
  parameters: [...FILTERS, SORT, LIMIT, EXPECTATIONS],
  async run(given, sources, signal) {
    checkArguments(given, CONNECTIONS.parameters);
    const limit = limitIn(given, sources, DEFAULT_LIMIT);
    if (given[EXPECTATIONS.name] === 'yes') return expectations(given, limit, sources, signal);
    const filter = flowFilter(given);
    const sort = choice(given, SORT) as SortId;
    const now = sources.clock.wall();
    const begin = (): readonly [Listing] => [new Listing(filter, NUMBERS[sort], limit, now)];
    const { use, visitors } = await readTable(sources, signal, { begin });
    return visitors[0].answer(sort, useNote(use));
  },
};

/** Keeps the rows with the largest numbers among the entries that match. */
class Listing implements FlowVisitor {
  readonly parts: readonly FlowPart[] = FLOW_PARTS;
  readonly #filter: Filter;
  readonly #numberOf: (flow: Flow) => number;
  readonly #rows: TopRows<Cell[]>;
  readonly #now: number;
  #matched = 0;
  #isKnown = false;

  constructor(filter: Filter, numberOf: (flow: Flow) => number, limit: number, now: number) {
    this.#filter = filter;
    this.#numberOf = numberOf;
    this.#rows = new TopRows(limit);
    this.#now = now;
  }

  add(flow: Flow, bytes: Uint8Array): void {
    if (!this.#filter.matches(flow, bytes)) return;
    this.#matched++;
    const number = this.#numberOf(flow);
    if (number >= 0) this.#isKnown = true;
    if (this.#rows.accepts(number)) this.#rows.add(number, flowCells(flow, bytes, this.#now));
  }

  answer(sort: SortId, use: string): Answer {
    const rows = this.#rows.sorted().map((cells) => ({ cells }));
    const matched = this.#matched;
    const notes = [use];
    if (rows.length < matched) {
      notes.push(
        `Showing ${inWhole(rows.length)} of ${inWhole(matched)} matching connections, those with the largest ${sort}; ` +
          'narrow the filter or raise the limit to see the others.',
      );
    } else notes.push(`Matching connections: ${inWhole(matched)}.`);
    const setting = SETTINGS[sort];
    if (matched > 0 && !this.#isKnown && setting !== undefined) notes.push(setting);
    return { columns: FLOW_COLUMNS, rows, sortedBy: sort, notes };
  }
}
