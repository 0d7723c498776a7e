/**
 * One tick: every module that is due is asked, and what they returned is shown as one piece. A module that fails is
 * reported once, its charts stay silent, and it is asked again; it never stops the others.
 */

import { describe } from '../base/errors.ts';
import { Condition, type Log } from '../base/log.ts';
import type { Tick } from '../base/scheduler.ts';
import type { Module } from '../modules/module.ts';
import type { Destination, Reading, Renderer } from './renderer.ts';

/** After so long without a late tick, in microseconds, the process is back on schedule. */
const IN_TIME_AFTER = 60e6;

export interface PluginOptions {
  readonly renderer: Renderer;
  readonly output: Destination;
  readonly log: Log;
}

export class Plugin {
  readonly #options: PluginOptions;
  /** What is asked, with its failures. */
  #modules: ReadonlyMap<Module, Condition> = new Map();
  readonly #late: Condition;
  #skipped = 0;
  #lateAt = 0;

  constructor(options: PluginOptions) {
    this.#options = options;
    this.#late = new Condition(options.log);
  }

  /** Replaces the modules, and closes those that are not among the new ones. */
  use(modules: readonly Module[]): void {
    const { log } = this.#options;
    const before = this.#modules;
    this.#modules = new Map(modules.map((module) => [module, before.get(module) ?? new Condition(log)]));
    for (const module of before.keys()) if (!this.#modules.has(module)) module.close();
  }

  /** Updates everything once. While the agent does not read, the sources are read all the same, to stay current. */
  tick({ at, skipped }: Tick): void {
    const { renderer, output } = this.#options;
    this.#watch(at, skipped);
    const isDrawn = output.ready();
    const readings: Reading[] = [];
    for (const [module, failure] of this.#modules) readings.push(ask(module, failure, at, isDrawn));
    if (isDrawn) output.tick(renderer.render(at, readings));
  }

  close(): void {
    for (const module of this.#modules.keys()) module.close();
  }

  /** Says once that updates are late, and once, when none was for a while, how many were skipped. */
  #watch(at: number, skipped: number): void {
    if (skipped > 0) {
      this.#skipped += skipped;
      this.#lateAt = at;
      this.#late.enter('late', 'warning', 'late: updates are skipped', { skipped });
    } else if (this.#skipped > 0 && at - this.#lateAt >= IN_TIME_AFTER) {
      this.#late.leave('back on schedule', { skipped: this.#skipped });
      this.#skipped = 0;
    }
  }
}

/** What a module returns; nothing if it fails. Only samples prove that it works: it may fail in the background. */
function ask(module: Module, failure: Condition, at: number, isDrawn: boolean): Reading {
  const { name } = module;
  try {
    const samples = module.collect(at, isDrawn);
    if (samples.length > 0) failure.works('the module works', { module: name });
    return { module: name, every: module.every, samples };
  } catch (error) {
    const fields = { module: name, error: describe(error) };
    failure.enter('failed', 'error', 'the module failed: its charts are silent until it works again', fields);
    return { module: name, every: module.every, samples: [] };
  }
}
