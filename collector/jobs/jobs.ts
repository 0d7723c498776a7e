/** What is collected. Jobs come, change and go while the program runs. */

import type { Context } from '../modules/context.ts';
import { Job, type Settings } from './job.ts';

/** Id of the job that collects from the host itself. */
export const HOST = 'host';

export class Jobs {
  /** The jobs, in the order in which they came. */
  all: readonly Job[] = [];
  readonly #jobs = new Map<string, Job>();

  /**
   * Adds a job, or replaces the one with its id: modules with the same settings keep running, the others are closed.
   *
   * @returns whether the job has any module.
   */
  set(id: string, context: Context, settings: Settings): boolean {
    const before = this.#jobs.get(id);
    const job = new Job(id, context, settings, before);
    this.#jobs.set(id, job);
    before?.close(job);
    this.#refresh();
    return job.modules.length > 0;
  }

  get(id: string): Job | undefined {
    return this.#jobs.get(id);
  }

  remove(id: string): void {
    this.#jobs.get(id)?.close();
    this.#jobs.delete(id);
    this.#refresh();
  }

  close(): void {
    for (const id of [...this.#jobs.keys()]) this.remove(id);
  }

  #refresh(): void {
    this.all = [...this.#jobs.values()];
  }
}
