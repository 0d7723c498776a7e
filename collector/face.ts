/**
 * What shows the numbers: one text an update, whoever reads it. What feeds an agent and what a person looks at are two
 * faces of the same modules and charts.
 */

import type { Sample } from './modules/module.ts';

/** What one module returned in an update. */
export interface Reading {
  /** The module's name. */
  readonly module: string;
  /** Seconds between two readings of the module. */
  readonly every: number;
  readonly samples: readonly Sample[];
}

export interface Face {
  /**
   * The text of one update, which counts as shown.
   *
   * @param at monotonic time in microseconds.
   */
  render(at: number, readings: readonly Reading[]): string;
}
