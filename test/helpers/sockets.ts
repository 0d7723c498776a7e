/** Real sockets in namespaces of the laboratory, and how many of them the program `ss` lists. */

import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { end, type Laboratory, type Node } from './laboratory.ts';
import { TCP_NAMES, UDP_NAMES } from './ss_states.ts';

const PROGRAM = fileURLToPath(new URL('sockets.js', import.meta.url));

/** The kernel's lists of sockets. */
export type Table = 'tcp' | 'tcp6' | 'udp' | 'udp6';

/** How many sockets there are, by list and state. */
export type SocketCounts = Readonly<Record<Table, Readonly<Record<string, number>>>>;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A process that holds sockets in a namespace, and does with them what it is told; see sockets.js. */
export class SocketHolder {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<string, Waiting>();
  #commands = 0;
  #hasEnded = false;

  /** It ends with the laboratory, or by itself after so many seconds. */
  constructor(laboratory: Pick<Laboratory, 'start'>, node: Node, seconds: number) {
    this.#child = laboratory.start(node, [process.execPath, PROGRAM, String(seconds)], {}, 'pipe');
    this.#child.stderr?.on('data', (text) => process.stderr.write(text));
    if (this.#child.stdout !== null) {
      createInterface({ input: this.#child.stdout }).on('line', (line) => this.#answered(line));
    }
    this.#child.stdin?.on('error', () => undefined);
    this.#child.once('exit', () => {
      this.#hasEnded = true;
      for (const { reject } of this.#waiting.values()) reject(new Error('the holder of sockets has ended'));
    });
  }

  /** Has it do something; resolves when that is done. */
  do(...command: readonly (string | number)[]): Promise<void> {
    if (this.#hasEnded) return Promise.reject(new Error('the holder of sockets has ended'));
    const number = String(++this.#commands);
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.#child.stdin?.write(`${number} ${command.join(' ')}\n`);
    });
  }

  /** Ends it, and with it its sockets. */
  close(): Promise<void> {
    return end(this.#child);
  }

  #answered(line: string): void {
    const [number = '', ...error] = line.split(' ');
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (error.length > 0) waiting?.reject(new Error(error.join(' ')));
    else waiting?.resolve();
  }
}

/** How many sockets there are in a namespace of the laboratory, as `ss` lists them. */
export function socketsBySs(laboratory: Laboratory, node: Node): SocketCounts {
  const count = (options: readonly string[], names: Readonly<Record<string, string>>): Record<string, number> =>
    countLines(laboratory.run(node, ['ss', '-anH', ...options]), names);
  return {
    tcp: { ...count(['-4', '-t'], TCP_NAMES), new_syn_recv: 0 },
    tcp6: { ...count(['-6', '-t'], TCP_NAMES), new_syn_recv: 0 },
    udp: count(['-4', '-u'], UDP_NAMES),
    udp6: count(['-6', '-u'], UDP_NAMES),
  };
}

/** @throws on a line whose state has no name. */
function countLines(text: string, names: Readonly<Record<string, string>>): Record<string, number> {
  const counts = Object.fromEntries(Object.values(names).map((name) => [name, 0]));
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [state = ''] = line.split(/ +/);
    const name = names[state];
    if (name === undefined) throw new Error(`no line of a socket: ${line}`);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
