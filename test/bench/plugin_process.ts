/** The built plugin, run like an agent does: executed by its path, with pipes, at a one-second interval. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';

import { end, keep } from './lifetime.ts';
import type { Namespace } from './namespace.ts';
import { PROGRAM } from './package.ts';

/** Every update has exactly one of these lines. */
const UPDATE = 'BEGIN conntrack.sockets ';
/** Milliseconds after which a program without output has failed. */
const START_MS = 10_000;

export interface PluginOptions {
  /** An empty folder for the pipes. */
  readonly folder: string;
  /** `NETDATA_HOST_PREFIX`; empty for this machine itself. */
  readonly hostPrefix: string;
  /** The text of `conntrack.conf`. */
  readonly config: string;
  /** The network namespace that it runs in; this program's if not given. */
  readonly namespace?: Pick<Namespace, 'command'>;
  /** The path of the program; the packaged program if not given. */
  readonly program?: string;
  /** More environment variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** Is given all that the plugin prints, as it comes. */
  readonly onText?: (text: string) => void;
}

export class PluginProcess {
  readonly pid: number;
  /** Resolves with the milliseconds from the program's start to its first chart. */
  readonly firstChart: Promise<number>;
  readonly #child: ChildProcess;
  readonly #pipes: readonly net.Socket[];
  #updates = 0;

  constructor({ config, env, folder, hostPrefix, namespace, onText, program = PROGRAM }: PluginOptions) {
    const file = path.join(folder, 'conntrack.conf');
    fs.writeFileSync(file, config);
    // Node.js gives a child sockets for pipes; the agent gives it pipes, and writing to those costs less.
    const input = openPipe(path.join(folder, 'stdin'));
    const output = openPipe(path.join(folder, 'stdout'));

    const startedAt = performance.now();
    const command = [program, '1', '--config', file];
    const [first = '', ...args] = namespace?.command(command) ?? command;
    this.#child = spawn(first, args, {
      stdio: [input.readable, output.writable, 'inherit'],
      env: { PATH: process.env['PATH'], NETDATA_HOST_PREFIX: hostPrefix, NETDATA_LOG_LEVEL: 'warning', ...env },
    });
    keep(this.#child);
    fs.closeSync(input.readable);
    fs.closeSync(output.writable);
    const agentReads = new net.Socket({ fd: output.readable, readable: true, writable: false });
    const agentWrites = new net.Socket({ fd: input.writable, readable: false, writable: true });
    this.#pipes = [agentReads, agentWrites];
    this.pid = this.#child.pid ?? 0;
    this.firstChart = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('exit', (code, signal) => reject(new Error(`the plugin ended: ${code ?? signal}`)));
      setTimeout(() => reject(new Error('the plugin drew no chart')), START_MS).unref();
      let unread = '';
      agentReads.on('data', (chunk: Buffer) => {
        const text = unread + chunk.toString('latin1');
        onText?.(text.slice(unread.length));
        if (/^CHART /m.test(text)) resolve(performance.now() - startedAt);
        this.#updates += text.split(UPDATE).length - 1;
        unread = text.slice(1 - UPDATE.length);
      });
    });
    this.firstChart.catch(() => undefined);
  }

  /** Updates that came so far. */
  get updates(): number {
    return this.#updates;
  }

  /** Ends the process and resolves when it is gone. */
  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await end(this.#child, signal);
    for (const pipe of this.#pipes) pipe.destroy();
  }
}

/** Both ends of a new named pipe. */
function openPipe(file: string): { readable: number; writable: number } {
  fs.rmSync(file, { force: true });
  const made = spawnSync('mkfifo', [file]);
  if (made.status !== 0) throw new Error(`mkfifo ${file}: ${made.error?.message ?? made.stderr}`);
  // Opening one end alone would wait for the other.
  const both = fs.openSync(file, fs.constants.O_RDWR);
  const readable = fs.openSync(file, fs.constants.O_RDONLY);
  const writable = fs.openSync(file, fs.constants.O_WRONLY);
  fs.closeSync(both);
  return { readable, writable };
}
