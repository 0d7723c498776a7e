/** An entrance that remembers whether its namespace is gone: modules only report that they cannot read. */

import { ProblemError } from '../modules/problem.ts';
import type { Entrance } from '../namespaces/namespace.ts';

export class Gate implements Entrance {
  readonly #entrance: Entrance;
  /** The message of the problem; `undefined` unless the namespace was found to be gone. */
  problem: string | undefined;

  constructor(entrance: Entrance) {
    this.#entrance = entrance;
  }

  get via(): string {
    return this.#entrance.via;
  }

  get directory(): string {
    return this.#entrance.directory;
  }

  get settings(): string {
    return this.#entrance.settings;
  }

  open(name: string): number {
    return this.#try(() => this.#entrance.open(name));
  }

  openSetting(name: string): number {
    return this.#try(() => this.#entrance.openSetting(name));
  }

  inside<T>(action: () => T): T {
    return this.#try(() => this.#entrance.inside(action));
  }

  verify(): void {
    this.#try(() => this.#entrance.verify());
  }

  close(): void {
    this.#entrance.close();
  }

  #try<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      if (error instanceof ProblemError && error.problem.code === 'namespace_gone')
        this.problem = error.problem.message;
      throw error;
    }
  }
}
