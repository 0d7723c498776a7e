/** Visitors that reduce the entries of a dump to a fixed number of metrics, for charts. */

import type { FlowVisitor } from './table_reader.ts';

export interface Breakdown extends FlowVisitor {
  /**
   * Writes what was counted into `values`, by metric.
   *
   * @param scale entries of the table per entry that was read; 1 if the whole table was.
   */
  fill(values: Record<string, number | undefined>, scale: number): void;
}
