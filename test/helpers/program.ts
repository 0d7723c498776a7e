/** The built program, run as the agent runs it. */

import { type ChildProcessWithoutNullStreams, type SpawnOptionsWithoutStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { until } from './until.ts';

export const PLUGIN = fileURLToPath(new URL('../../dist/conntrack.plugin', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Program {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  /** What it printed to standard output and to standard error so far. */
  out = '';
  err = '';

  constructor(
    args: readonly string[] = ['1'],
    environment: Readonly<Record<string, string>> = {},
    options: SpawnOptionsWithoutStdio = {},
  ) {
    const env = { PATH: process.env['PATH'], ...environment };
    this.child = spawn(process.execPath, [PLUGIN, ...args], { env, ...options });
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.out += text;
    });
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.err += text;
    });
    this.child.stdin.on('error', () => undefined);
    this.ended = once(this.child, 'close').then(([code, signal]) => ({ code, signal }));
  }

  /** Waits until standard output holds `text`. */
  async printed(text: string): Promise<void> {
    await until(`${JSON.stringify(text)} on standard output; standard error: ${this.err}`, 20, () =>
      this.out.includes(text),
    );
  }

  /** Waits until standard error holds `text`. */
  async logged(text: string): Promise<void> {
    await until(`${JSON.stringify(text)} on standard error`, 20, () => this.err.includes(text));
  }

  /** Ends it, if it has not ended itself, and waits for that. */
  async stop(): Promise<Ended> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    return await this.ended;
  }
}
