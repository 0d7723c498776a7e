/** Reads the connection table for an answer: in slices, abortable, and with errors as problems. */

import { inPercent, inWhole } from '../base/numbers.ts';
import { SAMPLE, standardErrorOf } from '../modules/flows/extent.ts';
import { type FlowVisitor, type Scan, type ScanOptions, TableReader } from '../modules/flows/table_reader.ts';
import { type InterfaceName, problemErrorOf } from '../modules/problem.ts';
import { inSlices, type Work } from '../modules/slices.ts';
import type { TableUse } from '../netlink/statistics.ts';
import type { Sources } from './sources.ts';

/** How many entries of a table to read for an estimate: all if that costs little more. */
export function sampleOf({ entries }: TableUse): number {
  return entries > 2 * SAMPLE ? SAMPLE : Number.POSITIVE_INFINITY;
}

/**
 * Reads the table.
 *
 * @throws {ProblemError} when it cannot be read.
 * @throws an abort error when `signal` is aborted.
 */
export async function readTable<V extends readonly FlowVisitor[]>(
  sources: Sources,
  signal: AbortSignal,
  options: ScanOptions<V>,
): Promise<Scan<V>> {
  const table = new TableReader(sources.ctnetlink);
  try {
    return await finish(table.read(options), sources, signal);
  } finally {
    table.close();
  }
}

/**
 * Runs work to its end.
 *
 * @param from the interface that the work reads.
 * @throws {ProblemError} when the kernel refuses.
 * @throws an abort error when `signal` is aborted.
 */
export async function finish<T>(
  work: Work<T>,
  { runtime }: Sources,
  signal: AbortSignal,
  from: InterfaceName = 'ctnetlink',
): Promise<T> {
  signal.throwIfAborted();
  const done = await asProblem(() => inSlices(work, runtime, () => signal.aborted), from);
  if (done === undefined) throw signal.reason;
  return done.value;
}

/** Runs an operation on an interface; what it throws is a problem. */
export async function asProblem<T>(action: () => T | Promise<T>, from: InterfaceName = 'ctnetlink'): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw problemErrorOf(error, from);
  }
}

/** The note that numbers are estimates; none if the whole table was read. */
export function sampleNote(scan: Omit<Scan<unknown>, 'visitors'>): string[] {
  const { isSample, read, use } = scan;
  if (!isSample) return [];
  const points = standardErrorOf(scan).toFixed(2);
  return [
    `Estimated from ${inWhole(read)} of ${inWhole(use.entries)} entries (${inPercent((100 * read) / use.entries)}); ` +
      `standard error of a share at most ${points} points.`,
  ];
}

/** The note about how full the table is. */
export function useNote({ entries, max }: TableUse): string {
  if (max === undefined) return `The table holds ${inWhole(entries)} entries.`;
  return `The table holds ${inWhole(entries)} of at most ${inWhole(max)} entries (${inPercent((100 * entries) / max)}).`;
}
