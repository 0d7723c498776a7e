/** Runs modules as in the agent, until each has returned data or a reason why not. */

import type { Clock } from '../base/scheduler.ts';
import type { Module, Status } from '../modules/module.ts';
import { problemAt } from '../modules/problem.ts';

/** Milliseconds between two attempts. */
const PAUSE = 100;

export interface Observation {
  readonly name: string;
  /** Whether it returned data. */
  readonly hasSamples: boolean;
  readonly status: Status;
}

/** Whether a module has returned data so far, and what it threw. */
interface Watched {
  readonly module: Module;
  hasSamples: boolean;
  error: unknown;
}

/**
 * Runs every module until each has returned data or reports why it cannot, then closes them.
 *
 * @param patience longest wait in seconds.
 */
export async function observe(
  modules: readonly Module[],
  clock: Pick<Clock, 'monotonic' | 'sleep'>,
  patience: number,
): Promise<readonly Observation[]> {
  const all: Watched[] = modules.map((module) => ({ module, hasSamples: false, error: undefined }));
  const until = clock.monotonic() + patience * 1e6;
  try {
    for (;;) {
      for (const watched of all) ask(watched, clock.monotonic());
      if (all.every(hasTold) || clock.monotonic() >= until) return all.map(observationOf);
      await clock.sleep(PAUSE);
    }
  } finally {
    for (const module of modules) module.close();
  }
}

function ask(watched: Watched, at: number): void {
  if (watched.error !== undefined) return;
  try {
    if (watched.module.collect(at, true).length > 0) watched.hasSamples = true;
  } catch (error) {
    watched.error = error;
  }
}

function hasTold({ error, hasSamples, module }: Watched): boolean {
  // If only a part is lost, the rest may still come.
  return hasSamples || error !== undefined || module.status().problems.some(({ loses }) => loses !== 'part');
}

function observationOf({ error, hasSamples, module }: Watched): Observation {
  const { problems, reads } = module.status();
  return {
    name: module.name,
    hasSamples,
    status: {
      reads,
      problems: error === undefined ? problems : [...problems, problemAt('defect', module.name, error)],
    },
  };
}
