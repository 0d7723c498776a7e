/**
 * One tick: every module that is due is asked, and what they returned is emitted as one piece. A module that fails is
 * reported once, its charts stay silent, and it is asked again; it never stops the others.
 */

import type { Emitter, Reading } from './emit.ts';
import { describe } from './errors.ts';
import { Condition, type Log } from './log.ts';
import type { Module } from './modules/module.ts';
import type { Output } from './output.ts';
import type { Tick } from './scheduler.ts';

export interface PluginOptions {
  readonly modules: readonly Module[];
  readonly emitter: Emitter;
  readonly output: Output;
  readonly log: Log;
}

export class Plugin {
  readonly #options: PluginOptions;
  readonly #failures: ReadonlyMap<Module, Condition>;

  constructor(options: PluginOptions) {
    this.#options = options;
    this.#failures = new Map(options.modules.map((module) => [module, new Condition(options.log)]));
  }

  /** Updates everything once. While the agent does not read, the sources are read all the same, to stay current. */
  tick({ at, skipped }: Tick): void {
    const { emitter, log, modules, output } = this.#options;
    if (skipped > 0) log.warning('late: updates were skipped', { skipped });
    const readings = modules.map((module) => this.#ask(module, at));
    if (output.ready()) output.tick(emitter.render(at, readings));
  }

  close(): void {
    for (const module of this.#options.modules) module.close();
  }

  #ask(module: Module, at: number): Reading {
    const failure = this.#failures.get(module);
    try {
      const samples = module.collect(at);
      failure?.leave('the module works again', { module: module.name });
      return { every: module.every, samples };
    } catch (error) {
      const fields = { module: module.name, error: describe(error) };
      failure?.enter('failed', 'error', 'the module failed: its charts are silent until it works again', fields);
      return { every: module.every, samples: [] };
    }
  }
}
