/** Expectations as an answer: connections that a helper expects because of others. */

import { inWhole } from '../base/numbers.ts';
import type { Channel } from '../netlink/channel.ts';
import { Exchange } from '../netlink/exchange.ts';
import { Expectation, NF_CT_EXPECT_INACTIVE, NF_CT_EXPECT_PERMANENT } from '../netlink/expectation.ts';
import { AF_INET } from '../netlink/inet.ts';
import type { Answer, Cell, Column } from './answer.ts';
import { wholeNumber } from './arguments.ts';
import { tupleFilter } from './filter.ts';
import { DPORT, DST, FAMILY, PROTO, SPORT, SRC, ZONE } from './filter_parameters.ts';
import { addressOf, known } from './flow_cells.ts';
import { ArgumentError, type Arguments } from './function.ts';
import { LIMIT } from './limits.ts';
import { protocolName } from './protocol_names.ts';
import { asProblem, finish } from './reading.ts';
import type { Sources } from './sources.ts';
import { TopRows } from './top_rows.ts';

/** The kernel sends at most 32 KiB of a dump at once. */
const MEMORY = { slots: 4, slotSize: 32 * 1024 };

/** Arguments that say something about an expected connection. */
const APPLICABLE: ReadonlySet<string> = new Set([
  ...[PROTO, SRC, DST, SPORT, DPORT, ZONE, FAMILY, LIMIT].map(({ name }) => name),
  'expectations',
]);

const COLUMNS: readonly Column[] = [
  { id: 'protocol', name: 'Protocol', type: 'text' },
  { id: 'source', name: 'Source', type: 'text', isKey: true },
  { id: 'source_port', name: 'Source port', type: 'number', isKey: true },
  { id: 'destination', name: 'Destination', type: 'text', isKey: true },
  { id: 'destination_port', name: 'Destination port', type: 'number', isKey: true },
  { id: 'master_source', name: 'Master source', type: 'text', isKey: true },
  { id: 'master_source_port', name: 'Master source port', type: 'number', isKey: true },
  { id: 'master_destination', name: 'Master destination', type: 'text', isKey: true },
  { id: 'master_destination_port', name: 'Master destination port', type: 'number', isKey: true },
  { id: 'timeout', name: 'Timeout', type: 'duration' },
  { id: 'helper', name: 'Helper', type: 'text' },
  { id: 'class', name: 'Class', type: 'number' },
  { id: 'flags', name: 'Flags', type: 'text' },
  { id: 'zone', name: 'Zone', type: 'number' },
  { id: 'source_mask', name: 'Source mask', type: 'text', isHidden: true },
  { id: 'destination_mask', name: 'Destination mask', type: 'text', isHidden: true },
  { id: 'family', name: 'Address family', type: 'text', isHidden: true },
];

/**
 * Lists the expectations that match.
 *
 * @throws {ArgumentError}
 * @throws {ProblemError} when they cannot be read.
 * @throws an abort error when `signal` is aborted.
 */
export async function expectations(
  given: Arguments,
  limit: number,
  sources: Sources,
  signal: AbortSignal,
): Promise<Answer> {
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined && !APPLICABLE.has(name)) {
      throw new ArgumentError(`${name}: found ${JSON.stringify(value)}, allowed: nothing together with expectations`);
    }
  }
  const matches = tupleFilter(given);
  const zone = wholeNumber(given, ZONE, 0, 0xffff);
  const channel = await asProblem(() => sources.ctnetlink(MEMORY));
  try {
    const { matched, rows } = await finish(list(channel), sources, signal);
    const note =
      rows.length < matched
        ? `Showing ${inWhole(rows.length)} of ${inWhole(matched)} matching expectations, those with the largest timeout.`
        : `Matching expectations: ${inWhole(matched)}.`;
    return { columns: COLUMNS, rows: rows.map((cells) => ({ cells })), sortedBy: 'timeout', notes: [note] };
  } finally {
    channel.close();
  }

  function* list({ memory }: Channel): Generator<void, { matched: number; rows: Cell[][] }, void> {
    const expectation = new Expectation(memory);
    const rows = new TopRows<Cell[]>(limit);
    let matched = 0;
    yield* new Exchange(channel).steps('expectations', (message) => {
      expectation.read(message);
      if (!matches(expectation.tuple, memory.bytes) || (zone !== undefined && expectation.zone !== zone)) return;
      matched++;
      if (rows.accepts(expectation.timeout)) rows.add(expectation.timeout, cellsOf(expectation, memory.bytes));
    });
    return { matched, rows: rows.sorted() };
  }
}

function cellsOf(
  { class: kind, family, flags, helper, mask, master, timeout, tuple, zone }: Expectation,
  bytes: Uint8Array,
): Cell[] {
  return [
    protocolName(tuple.protocol),
    addressOf(tuple, tuple.source, bytes),
    known(tuple.sourcePort),
    addressOf(tuple, tuple.destination, bytes),
    known(tuple.destinationPort),
    addressOf(master, master.source, bytes),
    known(master.sourcePort),
    addressOf(master, master.destination, bytes),
    known(master.destinationPort),
    known(timeout),
    helper === '' ? null : helper,
    known(kind),
    flagsOf(flags),
    zone,
    addressOf(mask, mask.source, bytes),
    addressOf(mask, mask.destination, bytes),
    family === AF_INET ? 'ipv4' : 'ipv6',
  ];
}

function flagsOf(flags: number): string | null {
  const names = [];
  if (flags & NF_CT_EXPECT_PERMANENT) names.push('PERMANENT');
  if (flags & NF_CT_EXPECT_INACTIVE) names.push('INACTIVE');
  return names.length === 0 ? null : names.join(',');
}
