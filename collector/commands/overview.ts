/** What `conntrack.plugin top` shows on a terminal if not told by what to rank: the largest of everything. */

import type { CommandLine } from '../cli.ts';
import type { Arguments, LiveFunction } from '../functions/function.ts';
import type { Sources } from '../functions/sources.ts';
import { Statistics, type TableUse } from '../netlink/statistics.ts';
import type { Size } from '../terminal/columns.ts';
import { overviewLines, type Ranking } from '../terminal/overview.ts';
import type { Line } from '../terminal/text.ts';

const COMMAND = 'top';
/** What to rank by, the most telling first. */
const RANKED_BY = ['source', 'destination', 'service', 'state'];
/** Rows of each ranking, as many as the largest screens show. */
const LIMIT = '10';
/** The statistics are one short message. */
const MEMORY = { slots: 1, slotSize: 8192 };

export function isOverview({ command, given }: CommandLine): boolean {
  return command === COMMAND && given['by'] === undefined;
}

/** Finds the rankings, each from a sample if the table is large: the first screen must not take long. */
export async function findOverview(
  top: LiveFunction,
  given: Arguments,
  sources: Sources,
): Promise<(size: Size) => readonly Line[]> {
  const hurried = { ...sources, isPatient: false };
  const { entries, max } = readUse(sources);
  const rankings: Ranking[] = [];
  for (const by of RANKED_BY) {
    const answer = await top.run({ limit: LIMIT, ...given, by }, hurried, new AbortController().signal);
    rankings.push({ title: titleOf(top, by), answer });
  }
  return (size) => overviewLines({ entries, max, rankings }, size);
}

function readUse({ ctnetlink }: Sources): TableUse {
  const channel = ctnetlink(MEMORY);
  try {
    return new Statistics(channel).use();
  } finally {
    channel.close();
  }
}

function titleOf({ parameters }: LiveFunction, by: string): string {
  const choices = parameters.find(({ name }) => name === 'by')?.choices ?? [];
  return choices.find(({ id }) => id === by)?.name ?? by;
}
