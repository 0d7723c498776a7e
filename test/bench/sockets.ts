/** What it costs to count sockets, beside the program `ss`. It needs root, for a network namespace. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';

import { end, keep } from './lifetime.ts';
import { Namespace } from './namespace.ts';
import { figure, note } from './report.ts';
import type { SocketTimes } from './worker_sockets.ts';

const WORKER = path.resolve('dist/bench/worker.cjs');
const LIBRARY = path.resolve('dist/conntrack-koffi');
const ROUNDS = 7;
/** TCP sockets, the two ends of half as many connections. */
export const SOCKETS = 50_000;
/** The most files that a process that holds sockets has open, and the share of what it may have. */
const MOST_FILES = 15_000;
const SHARE = 0.75;

/** Many connections, counted over netlink and in the text, beside `ss -ant` and beside receiving the same. */
export async function countings(): Promise<void> {
  const namespace = new Namespace();
  const holders: ChildProcess[] = [];
  try {
    await hold(namespace, holders);
    const times: SocketTimes = JSON.parse(await count(namespace));
    const sockets = Object.values(times.counts).reduce((sum, inState) => sum + inState, 0);
    if (sockets < SOCKETS) throw new Error(`there were only ${sockets} sockets`);
    const states = Object.entries(times.counts).map(([state, inState]) => `${inState} ${state}`);
    note(`(TCP sockets of ${holders.length} processes: ${states.join(', ')})`);
    const { listed, netlink, netlinkSlice, received, text: inText, textSlice } = times;
    figure('counting sockets / ss -ant >/dev/null, CPU time', netlink / listed, '', { most: 0.7, inclusive: true });
    figure('counting over netlink / counting in the text', netlink / inText, '');
    figure('counting in the text / ss -ant >/dev/null', inText / listed, '');
    figure('counting over netlink / receiving alone', netlink / received, '');
    figure(`counting ${sockets} sockets over netlink`, netlink, 'ms');
    figure('receiving them', received, 'ms');
    figure('counting them in the text', inText, 'ms');
    figure('ss -ant >/dev/null', listed, 'ms');
    figure('longest slice while counting over netlink', netlinkSlice, 'ms');
    figure('longest slice while counting in the text', textSlice, 'ms');
  } finally {
    for (const holder of holders) await end(holder);
    namespace.close();
  }
}

/** Has processes hold the sockets: one alone may not open so many files. */
async function hold(namespace: Namespace, holders: ChildProcess[]): Promise<void> {
  const connections = SOCKETS / 2;
  const each = Math.floor(Math.min(MOST_FILES, SHARE * fileLimit()) / 2);
  for (let held = 0; held < connections; held += each) {
    const [program, ...args] = namespace.command([
      process.execPath,
      WORKER,
      'hold',
      String(Math.min(each, connections - held)),
    ]);
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    keep(child);
    holders.push(child);
    const [said] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
    if (String(said) !== 'ready\n') throw new Error('a process that should hold sockets has ended');
  }
}

/** The most files that a process may ever have open here; Node.js sets its own limit to that. */
function fileLimit(): number {
  const [, hard] = /^Max open files +\S+ +(\S+)/m.exec(fs.readFileSync('/proc/self/limits', 'latin1')) ?? [];
  return hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard);
}

/** Counts the sockets and returns what the counting process printed. */
async function count(namespace: Namespace): Promise<string> {
  const [program, ...args] = namespace.command([process.execPath, WORKER, 'count', LIBRARY, String(ROUNDS)]);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  keep(child);
  const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  if (code !== 0) throw new Error(error.trim() || 'the process that should count sockets was ended');
  return out;
}
