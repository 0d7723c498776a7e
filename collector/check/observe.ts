/** Runs modules as in the agent, until each has returned data or a reason why not. */

import type { Clock } from '../base/scheduler.ts';
import type { Module, Status } from '../modules/module.ts';
import { type Problem, problemAt } from '../modules/problem.ts';

/** Milliseconds between two attempts. */
const PAUSE = 100;

export interface Observation {
  readonly name: string;
  /** Whether it returned data. */
  readonly hasSamples: boolean;
  readonly status: Status;
}

/** Whether a module has returned data so far, and its exception, after which it is not called again. */
interface Watched {
  readonly module: Module;
  hasSamples: boolean;
  defect?: Problem;
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
  const all = modules.map((module): Watched => ({ module, hasSamples: false }));
  const until = clock.monotonic() + patience * 1e6;
  try {
    for (;;) {
      for (const watched of all) collect(watched, clock.monotonic());
      const observed = all.map(observationOf);
      if (observed.every(isDecided) || clock.monotonic() >= until) return observed;
      await clock.sleep(PAUSE);
    }
  } finally {
    for (const module of modules) module.close();
  }
}

function collect(watched: Watched, at: number): void {
  const { defect, module } = watched;
  if (defect !== undefined) return;
  try {
    if (module.collect(at, true).length > 0) watched.hasSamples = true;
  } catch (error) {
    watched.defect = problemAt('defect', module.name, error);
  }
}

function observationOf({ defect, hasSamples, module }: Watched): Observation {
  const { problems, reads } = module.status();
  return {
    name: module.name,
    hasSamples,
    status: { reads, problems: defect === undefined ? problems : [...problems, defect] },
  };
}

function isDecided({ hasSamples, status }: Observation): boolean {
  // If only a part is lost, the rest may still come.
  return hasSamples || status.problems.some(({ loses }) => loses !== 'part');
}
