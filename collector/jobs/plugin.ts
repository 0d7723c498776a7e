/**
 * One tick: asks every module, and sends the results as one update. A failure of a module is logged once and leaves its
 * charts without data; the module is asked again, and the others continue.
 */

import { describe } from '../base/errors.ts';
import { Condition, type Log } from '../base/log.ts';
import type { Tick } from '../base/scheduler.ts';
import type { Module } from '../modules/module.ts';
import type { Job } from './job.ts';
import type { Destination, Reading, Renderer } from './renderer.ts';

/** The process is back on schedule after this many microseconds without a late tick. */
const ON_SCHEDULE_AFTER = 60e6;

/** The part of a job that a tick needs. */
export type Asked = Pick<Job, 'netns' | 'modules' | 'natSearch' | 'placed'>;

export interface PluginOptions {
  readonly jobs: { readonly all: readonly Asked[] };
  readonly renderer: Renderer;
  readonly output: Destination;
  readonly log: Log;
}

export class Plugin {
  readonly #options: PluginOptions;
  /** Whether each module fails. */
  readonly #failures = new WeakMap<Module, Condition>();
  readonly #late: Condition;
  #skipped = 0;
  #lateAt = 0;

  constructor(options: PluginOptions) {
    this.#options = options;
    this.#late = new Condition(options.log);
  }

  /** Updates everything once. Modules also read their sources while the agent does not read, to stay current. */
  tick({ at, skipped }: Tick): void {
    const { jobs, output, renderer } = this.#options;
    this.#watch(at, skipped);
    const isDrawn = output.ready();
    const readings: Reading[] = [];
    for (const job of jobs.all) this.#askAll(job, at, isDrawn, readings);
    if (isDrawn) output.tick(renderer.render(at, readings));
  }

  /** Adds the readings of a job. */
  #askAll(job: Asked, at: number, isDrawn: boolean, readings: Reading[]): void {
    const first = readings.length;
    for (const module of job.modules) readings.push(this.#ask(job, module, at, isDrawn));
    const derived = job.natSearch?.derive(at, readings.slice(first));
    if (derived !== undefined) readings.push({ ...derived, samples: job.placed(derived.samples) });
  }

  /** Logs that updates are late, and, after a while without a late one, how many were skipped. */
  #watch(at: number, skipped: number): void {
    if (skipped > 0) {
      this.#skipped += skipped;
      this.#lateAt = at;
      this.#late.enter('late', 'warning', 'late: updates are skipped', { skipped });
    } else if (this.#skipped > 0 && at - this.#lateAt >= ON_SCHEDULE_AFTER) {
      this.#late.leave('back on schedule', { skipped: this.#skipped });
      this.#skipped = 0;
    }
  }

  /** What a module returns; nothing if it fails. Only samples prove that it works: it may fail in the background. */
  #ask(job: Asked, module: Module, at: number, isDrawn: boolean): Reading {
    const { every, name } = module;
    const failure = this.#failureOf(module);
    try {
      const samples = module.collect(at, isDrawn);
      if (samples.length > 0) failure.works('the module works', { module: name, netns: job.netns });
      return { module: name, every: module.every, samples: job.placed(samples) };
    } catch (error) {
      const fields = { module: name, netns: job.netns, error: describe(error) };
      failure.enter('failed', 'error', 'the module failed: its charts have no data until it works again', fields);
      return { module: name, every, samples: [] };
    }
  }

  #failureOf(module: Module): Condition {
    const known = this.#failures.get(module);
    if (known !== undefined) return known;
    const failure = new Condition(this.#options.log);
    this.#failures.set(module, failure);
    return failure;
  }
}
