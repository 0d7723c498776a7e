/** Network namespaces for tests: bound to names, or held by processes alone. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';

import { requireForeign } from '../../collector/modules/access.ts';
import { entranceTo } from '../../collector/namespaces/entrance.ts';
import { identityAt } from '../../collector/namespaces/identity.ts';
import type { Anchor, Bound, Entrance } from '../../collector/namespaces/namespace.ts';
import { Passage } from '../../collector/namespaces/passage.ts';
import { Host } from '../../collector/procfs/host.ts';
import { parseProcessStat } from '../../collector/procfs/process.ts';
import { RESTORE, run } from './conntrack.ts';
import { end } from './laboratory.ts';
import { FOREIGN } from './netlink_foreign.ts';

/** Makes a namespace track connections. */
const RULES = 'table inet tracking { chain input { type filter hook input priority 0; ct state new accept; }; }\n';
/** Says that it runs, and executes another program for each line that it reads. */
const HOLDER = 'echo ready; while read -r line; do eval "$line"; echo done; done';

export const passage = new Passage({
  fs,
  foreign: () => requireForeign(fs, FOREIGN, 'the network namespace'),
  abort: (line) => {
    throw new Error(line);
  },
});

/** A process that runs commands of a shell, until it is stopped. */
export class Holder {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** @param via a command prefix that executes its arguments, such as `unshare --net`. */
  static async start(via: readonly string[]): Promise<Holder> {
    const [program = '', ...words] = [...via, 'sh', '-c', HOLDER];
    const holder = new Holder(spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] }));
    await holder.#answer();
    return holder;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Runs a command in the process itself, and waits for its end; `exec` replaces the process by another program. */
  async run(command: string): Promise<void> {
    this.#child.stdin?.write(`${command}\n`);
    await this.#answer();
  }

  async stop(): Promise<void> {
    this.#child.stdin?.destroy();
    this.#child.kill('SIGKILL');
    await end(this.#child);
  }

  async #answer(): Promise<void> {
    const ended = once(this.#child, 'exit').then(() => Promise.reject(new Error('the process ended')));
    ended.catch(() => undefined);
    if (this.#child.stdout !== null) await Promise.race([once(this.#child.stdout, 'data'), ended]);
  }
}

export function addNamespace(name: string): void {
  run(['ip', 'netns', 'add', name]);
}

export function deleteNamespace(name: string): void {
  run(['ip', 'netns', 'delete', name]);
}

/** Makes a namespace track connections, and adds as many to its table. */
export function track(via: readonly string[], entries: number): void {
  run([...via, 'nft', '-f', '-'], RULES);
  const lines = Array.from(
    { length: entries },
    (_, place) => `-A -t 600 -s 10.9.${place >> 8}.${place & 255} -d 10.8.0.1 -p udp --sport 7 --dport 9 -u ASSURED`,
  );
  run([...via, ...RESTORE], `${lines.join('\n')}\n`);
}

export function pathOf(name: string): string {
  return `/run/netns/${name}`;
}

export function boundTo(path: string): Bound {
  return { path, identity: identityAt(fs, path) };
}

export function anchorOf(pid: number): Anchor {
  const started = parseProcessStat(fs.readFileSync(`/proc/${pid}/stat`, 'latin1'))?.started ?? 0;
  return { pid, started, inode: fs.statSync(`/proc/${pid}/net/dev`).ino };
}

/** The entrance through a process, a path, or both. */
export function entranceBy({ anchor, bound }: { anchor?: Anchor; bound?: Bound }): Entrance {
  const namespace = { name: 'tested', labels: {}, anchor, bound };
  return entranceTo(namespace, { fs, host: new Host(fs, ''), passage });
}

/** The text of a file of the namespace. */
export function textOf(entrance: Entrance, name: string): string {
  const descriptor = entrance.open(name);
  try {
    return fs.readFileSync(descriptor, 'latin1');
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Entries in the connection table of the namespace. */
export function entriesIn(entrance: Entrance): number {
  const [, row = ''] = textOf(entrance, 'stat/nf_conntrack').split('\n');
  return Number.parseInt(row.slice(0, 8), 16);
}

export function openDescriptors(): number {
  return fs.readdirSync('/proc/self/fd').length;
}
