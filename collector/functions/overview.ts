/** Who fills the table at a glance: the largest of everything, from one reading. */

import { scaleOf } from '../modules/flows/extent.ts';
import { GROUPINGS, type Grouping } from './groupings.ts';
import { Ranking } from './ranking.ts';
import { readTable, sampleNote, sampleOf } from './reading.ts';
import type { Sources } from './sources.ts';

/** What to rank by, the most telling first. */
const RANKED_BY: readonly string[] = ['source', 'destination', 'service', 'state'];

export interface Overview {
  /** Entries of the table. */
  readonly entries: number;
  /** Entries that the table can hold; `undefined` if unknown. */
  readonly max: number | undefined;
  readonly rankings: readonly {
    readonly title: string;
    /** Sorted. */
    readonly rows: readonly OverviewRow[];
  }[];
  /** What a reader must know, as sentences. */
  readonly notes: readonly string[];
}

export interface OverviewRow {
  readonly name: string;
  readonly connections: number;
  /** Percentage of all connections. */
  readonly share: number;
}

/**
 * Reads the table, or a sample of a large one, however patient the caller is: the first look must not take long.
 *
 * @param limit rows of each ranking.
 * @throws {ProblemError} when the table cannot be read.
 * @throws an abort error when `signal` is aborted.
 */
export async function overview(sources: Sources, limit: number, signal: AbortSignal): Promise<Overview> {
  const groupings = RANKED_BY.flatMap((id) => GROUPINGS.find((grouping) => grouping.id === id) ?? []);
  const begin = (): readonly Ranking[] => groupings.map((grouping) => new Ranking(grouping));
  const scan = await readTable(sources, signal, { begin, most: sampleOf });
  const { read, use, visitors } = scan;
  const scale = scaleOf(scan);
  return {
    entries: use.entries,
    max: use.max,
    rankings: groupings.map((grouping, place) => ({
      title: grouping.name,
      rows: rowsOf(grouping, visitors[place], limit, { read, scale }),
    })),
    notes: sampleNote(scan),
  };
}

function rowsOf(
  { text }: Grouping,
  ranking: Ranking | undefined,
  limit: number,
  { read, scale }: { readonly read: number; readonly scale: number },
): readonly OverviewRow[] {
  return (ranking?.keys.top(limit) ?? []).map(({ count, key }) => ({
    name: text(key),
    connections: Math.round(count * scale),
    share: (100 * count) / read,
  }));
}
