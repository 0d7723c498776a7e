/** What is counted in a dump for charts. */

import type { FlowVisitor } from './table_reader.ts';

export interface Breakdown extends FlowVisitor {
  /**
   * Writes what was counted, by metric.
   *
   * @param scale entries of the table for each one that was read; 1 if all of them were.
   */
  fill(values: Record<string, number | undefined>, scale: number): void;
}
