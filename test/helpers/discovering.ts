/** Discovers network namespaces in another process (discovery_program.ts). */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';

import type { Discovered } from '../../collector/namespaces/discovery.ts';
import type { Namespace } from '../../collector/namespaces/namespace.ts';
import { end } from './laboratory.ts';
import { until } from './until.ts';

export class Discovering {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: Interface;
  readonly #waiting: ((line: string) => void)[] = [];

  /**
   * @param program the built file.
   * @param via a command prefix, such as that of another user.
   */
  constructor(program: string, via: readonly string[] = []) {
    const [command = '', ...words] = [...via, process.execPath, program];
    this.#child = spawn(command, words);
    this.#child.stderr.on('data', (text) => process.stderr.write(text));
    this.#lines = createInterface({ input: this.#child.stdout });
    this.#lines.on('line', (line) => this.#waiting.shift()?.(line));
  }

  async scan(): Promise<Discovered> {
    const line = new Promise<string>((resolve) => this.#waiting.push(resolve));
    this.#child.stdin.write('\n');
    return JSON.parse(await line) as Discovered;
  }

  /** Scans until a namespace is found, and returns it. */
  async found(what: string, test: (namespace: Namespace) => boolean): Promise<Namespace> {
    let found: Namespace | undefined;
    await until(`${what} is found`, 120, async () => {
      found = (await this.scan()).namespaces.find(test);
      return found !== undefined;
    });
    if (found === undefined) throw new Error(`${what} is not found`);
    return found;
  }

  /** Scans until no namespace is found any more. */
  async gone(what: string, test: (namespace: Namespace) => boolean): Promise<void> {
    await until(`${what} is gone`, 120, async () => !(await this.scan()).namespaces.some(test));
  }

  async close(): Promise<void> {
    await end(this.#child);
  }
}
