/**
 * One tick: every module that is due is asked, and what they returned is shown as one piece. A module that fails is
 * reported once, its charts stay silent, and it is asked again; it never stops the others.
 */

import { describe } from './errors.ts';
import type { Face, Reading } from './face.ts';
import { Condition, type Log } from './log.ts';
import type { Module } from './modules/module.ts';
import type { Output } from './output.ts';
import type { Tick } from './scheduler.ts';

/** After so long without a late tick, in microseconds, the process is in time again. */
const IN_TIME_AFTER = 60e6;

export interface PluginOptions {
  readonly modules: readonly Module[];
  readonly face: Face;
  readonly output: Output;
  readonly log: Log;
}

export class Plugin {
  readonly #options: PluginOptions;
  readonly #failures: ReadonlyMap<Module, Condition>;
  readonly #late: Condition;
  #skipped = 0;
  #lateAt = 0;

  constructor(options: PluginOptions) {
    this.#options = options;
    this.#late = new Condition(options.log);
    this.#failures = new Map(options.modules.map((module) => [module, new Condition(options.log)]));
  }

  /** Updates everything once. While the agent does not read, the sources are read all the same, to stay current. */
  tick({ at, skipped }: Tick): void {
    const { face, modules, output } = this.#options;
    this.#watch(at, skipped);
    const isDrawn = output.ready();
    const readings = modules.map((module) => this.#ask(module, at, isDrawn));
    if (isDrawn) output.tick(face.render(at, readings));
  }

  close(): void {
    for (const module of this.#options.modules) module.close();
  }

  /** Says once that updates are late, and once, when none was for a while, how many were skipped. */
  #watch(at: number, skipped: number): void {
    if (skipped > 0) {
      this.#skipped += skipped;
      this.#lateAt = at;
      this.#late.enter('late', 'warning', 'late: updates are skipped', { skipped });
    } else if (this.#skipped > 0 && at - this.#lateAt >= IN_TIME_AFTER) {
      this.#late.leave('in time again', { skipped: this.#skipped });
      this.#skipped = 0;
    }
  }

  #ask(module: Module, at: number, isDrawn: boolean): Reading {
    const failure = this.#failures.get(module);
    try {
      const samples = module.collect(at, isDrawn);
      failure?.leave('the module works again', { module: module.name });
      return { every: module.every, samples };
    } catch (error) {
      const fields = { module: module.name, error: describe(error) };
      failure?.enter('failed', 'error', 'the module failed: its charts are silent until it works again', fields);
      return { every: module.every, samples: [] };
    }
  }
}
