/** The built program, run as the agent runs it. */

import { type ChildProcessWithoutNullStreams, type SpawnOptionsWithoutStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe } from '../../collector/base/errors.ts';
import { parseStream, type Stream, type Tick, ticksOf } from './stream.ts';
import { until } from './until.ts';

export const PLUGIN = fileURLToPath(new URL('../../dist/conntrack.plugin', import.meta.url));

/** Copies the program to a folder that all users can read, and returns its path. */
export function copyForEverybody(folder: string): string {
  chmodSync(folder, 0o755);
  cpSync(dirname(PLUGIN), join(folder, 'dist'), { recursive: true });
  return join(folder, 'dist', basename(PLUGIN));
}

/** Lines that the program logs on a busy machine, which no test is about. */
export const LATENESS = /^.* msg="(?:late: updates are skipped|back on schedule)".*\n/gm;

/** A script to load into the program before it starts: throws an error, given as an expression, after the first update. */
export function throwOnceDrawn(error: string): string {
  return `
    const { write } = process.stdout;
    process.stdout.write = (text, ...rest) => {
      if (/SET |entries/.test(text)) {
        process.stdout.write = write;
        setImmediate(() => { throw ${error}; });
      }
      return write.call(process.stdout, text, ...rest);
    };`;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ProgramOptions extends SpawnOptionsWithoutStdio {
  /** A command prefix that runs the program, such as that of a laboratory's namespace. */
  readonly via?: readonly string[];
  /** Another copy of the program. */
  readonly plugin?: string;
  /** The text of its configuration file, completed by {@link withoutOthers}. */
  readonly config?: string;
}

/**
 * A configuration without the network namespaces of other tests, unless it says which ones are watched.
 *
 * @param config with a line for each key, not in braces.
 */
export function withoutOthers(config: string): string {
  return /^namespaces:/m.test(config) ? config : `${config.replace(/\n*$/, '\n')}namespaces: { enabled: no }\n`;
}

export class Program {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  /** Standard output so far. */
  out = '';
  #log = '';
  readonly #folder: string | undefined;
  readonly #file: string | undefined;

  constructor(
    args: readonly string[] = ['1'],
    environment: Readonly<Record<string, string>> = {},
    { via = [], plugin = PLUGIN, config, ...options }: ProgramOptions = {},
  ) {
    const env = { PATH: process.env['PATH'], ...environment };
    const words = [...via, process.execPath, plugin, ...args];
    if (config !== undefined) {
      this.#folder = mkdtempSync(join(tmpdir(), 'conntrack-config-'));
      chmodSync(this.#folder, 0o755);
      const file = join(this.#folder, 'conntrack.conf');
      writeFileSync(file, withoutOthers(config));
      this.#file = file;
      words.push('--config', file);
    }
    const [command = '', ...rest] = words;
    this.child = spawn(command, rest, { env, ...options });
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.out += text;
    });
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#log += text;
    });
    this.child.stdin.on('error', () => undefined);
    this.ended = once(this.child, 'close').then(([code, signal]) => ({ code, signal }));
  }

  /** Standard error so far, without the lines that say that the program is late. */
  get err(): string {
    return this.#log.replace(LATENESS, '');
  }

  /** The stream so far, to the end of its last tick. */
  get stream(): Stream {
    return parseStream(this.out.slice(0, this.out.lastIndexOf('\nEND\n') + '\nEND\n'.length));
  }

  /** The ticks so far; the last one may be incomplete. */
  get ticks(): readonly Tick[] {
    return ticksOf(this.stream);
  }

  /** Waits until standard output holds `text`. */
  async printed(text: string): Promise<void> {
    await this.#until(`${JSON.stringify(text)} on standard output`, () => this.out.includes(text));
  }

  /** Waits until standard error holds `text`. */
  async logged(text: string): Promise<void> {
    await this.#until(`${JSON.stringify(text)} on standard error`, () => this.err.includes(text));
  }

  /** Waits for more updates of a chart; the first of them may have been under way already. */
  async updated(chart: string, times: number): Promise<void> {
    // Updates of the past may still be in the pipe: a test that runs a command to its end reads nothing meanwhile.
    for (let turns = 0; turns < 2; turns++) await new Promise((resolve) => setImmediate(resolve));
    const count = (): number => this.out.split(`BEGIN ${chart} `).length;
    const before = count();
    await this.#until(
      `${times} updates of ${chart}`,
      () => count() >= before + times && this.out.endsWith('END\n'),
      120 + times,
    );
  }

  /** Replaces the text of the configuration file that it was started with. */
  configure(text: string): void {
    if (this.#file === undefined) throw new Error('it was started without a configuration');
    writeFileSync(this.#file, withoutOthers(text));
  }

  /** Kills the program unless it has exited, and waits for its end. */
  async stop(): Promise<Ended> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    const ended = await this.ended;
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    return ended;
  }

  async #until(what: string, condition: () => boolean, seconds = 120): Promise<void> {
    try {
      await until(what, seconds, condition);
    } catch (error) {
      throw new Error(`${describe(error)}; standard error: ${this.err}`, { cause: error });
    }
  }
}
