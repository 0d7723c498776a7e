/** Calls live answers in a network namespace: one process that takes a call a line (answer_program.ts). */

import type { ChildProcess } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';

import type { Answer } from '../../collector/functions/answer.ts';
import type { Call, Called } from './answer_program.ts';
import { bundled } from './bundled.ts';
import type { Laboratory } from './laboratory.ts';

export class Answering {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #waiting: ((line: string) => void)[] = [];

  /** Starts in the router of a laboratory, which also ends it. */
  constructor(laboratory: Laboratory) {
    this.#child = laboratory.start('router', [process.execPath, bundled('answer_program')], {}, 'pipe');
    this.#child.stderr?.on('data', (text) => process.stderr.write(text));
    if (this.#child.stdout === null) throw new Error('no standard output');
    this.#lines = createInterface({ input: this.#child.stdout });
    this.#lines.on('line', (line) => this.#waiting.shift()?.(line));
  }

  /** As a person at a terminal unless said otherwise. */
  async call(name: string, given: Call['given'] = {}, changes: Partial<Call> = {}): Promise<Called> {
    const call: Call = { name, given, isPatient: true, ...changes };
    const line = new Promise<string>((resolve) => this.#waiting.push(resolve));
    this.#child.stdin?.write(`${JSON.stringify(call)}\n`);
    return JSON.parse(await line) as Called;
  }

  /** The answer; throws when there is none. */
  async answer(name: string, given: Call['given'] = {}, changes: Partial<Call> = {}): Promise<Answer> {
    const { answer, error } = await this.call(name, given, changes);
    if (!answer) throw new Error(error ?? `no answer ${name}`);
    return answer;
  }
}
