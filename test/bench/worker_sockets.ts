/** Holding sockets, and counting them in every way that is compared. */

import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import type { Runtime } from '../../collector/base/runtime.ts';
import { createAccess } from '../../collector/modules/access.ts';
import { inSlices, type Work } from '../../collector/modules/slices.ts';
import { DiagSource } from '../../collector/modules/sockets/diag_source.ts';
import { ProcfsSource } from '../../collector/modules/sockets/procfs_source.ts';
import type { SocketTally } from '../../collector/modules/sockets/socket_tally.ts';
import { Host } from '../../collector/procfs/host.ts';
import { run } from '../helpers/conntrack.ts';
import { TCP_NAMES } from '../helpers/ss_states.ts';
import { commandTime } from './cpu_time.ts';
import { median } from './statistics.ts';
import { receive, runtime } from './worker_runtime.ts';

/** Connections that are opened at once, fewer than may wait to be accepted. */
const AT_ONCE = 256;

/** TCP sockets by state, without the states that none is in. */
export type Counts = Readonly<Record<string, number>>;

/** CPU times and, of slices, times in milliseconds, each the median of the rounds. */
export interface SocketTimes {
  /** The sockets that there were in the last round. */
  readonly counts: Counts;
  /** Of counting them over netlink. */
  readonly netlink: number;
  /** Of counting them in the text. */
  readonly text: number;
  /** Of receiving what counting over netlink receives and looking at nothing but its end. */
  readonly received: number;
  /** Of `ss -ant`. */
  readonly listed: number;
  /** The longest time for which nothing else could be done while they were counted over netlink. */
  readonly netlinkSlice: number;
  /** The same of counting them in the text. */
  readonly textSlice: number;
}

/** Holds both ends of TCP connections until the standard input ends; says when they are all there. */
export async function holdSockets(connections: number): Promise<void> {
  const server = net.createServer().listen({ host: '127.0.0.1', port: 0, backlog: AT_ONCE });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port to listen on');
  const { port } = address;
  let accepted = 0;
  let isWhole: () => void = () => undefined;
  server.on('connection', () => {
    accepted++;
    isWhole();
  });
  for (let opened = 0; opened < connections; ) {
    const target = Math.min(connections, opened + AT_ONCE);
    const all = new Promise<void>((resolve) => {
      isWhole = () => accepted === target && resolve();
    });
    const clients = Array.from({ length: target - opened }, () => net.connect(port, '127.0.0.1'));
    await Promise.all([all, ...clients.map((client) => once(client, 'connect'))]);
    opened = target;
  }
  process.stdout.write('ready\n');
  process.stdin.resume().on('end', () => process.exit());
}

/** Counts the sockets of the network namespace and prints {@link SocketTimes}. */
export async function countSockets(library: string, rounds: number): Promise<void> {
  const host = new Host(fs, '');
  const { sockDiag } = createAccess({ fs, host, library });
  const diag = new DiagSource(sockDiag);
  const procfs = new ProcfsSource(fs, host);
  const channel = sockDiag({ slots: 4, slotSize: 32 * 1024 });
  const times: Record<'listed' | 'netlink' | 'netlinkSlice' | 'received' | 'text' | 'textSlice', number[]> = {
    listed: [],
    netlink: [],
    netlinkSlice: [],
    received: [],
    text: [],
    textSlice: [],
  };
  let counts: Counts = {};
  for (let round = 0; round < rounds; round++) {
    const overNetlink = await timed(diag.count());
    times.netlink.push(overNetlink.cpuTime);
    times.netlinkSlice.push(overNetlink.longestSlice);
    const inText = await timed(procfs.count());
    times.text.push(inText.cpuTime);
    times.textSlice.push(inText.longestSlice);
    const answers = ['tcpSockets', 'udpSockets', 'udp6Sockets'] as const;
    times.received.push(answers.reduce((sum, question) => sum + receive(channel, question), 0) / 1000);
    times.listed.push(commandTime('ss -ant', run));
    counts = listed();
    requireSame({ 'ss printed': counts, 'netlink counted': overNetlink.counts, 'the text counted': inText.counts });
  }
  const result: SocketTimes = {
    counts,
    netlink: median(times.netlink),
    netlinkSlice: median(times.netlinkSlice),
    text: median(times.text),
    textSlice: median(times.textSlice),
    received: median(times.received),
    listed: median(times.listed),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

interface Counted {
  readonly counts: Counts;
  /** Milliseconds. */
  readonly cpuTime: number;
  /** Milliseconds of wall time. */
  readonly longestSlice: number;
}

async function timed(work: Work<SocketTally[]>): Promise<Counted> {
  let longest = 0;
  let since = runtime.monotonic();
  const pause = (): void => {
    longest = Math.max(longest, runtime.monotonic() - since);
  };
  const watched: Runtime = {
    ...runtime,
    yield: async () => {
      pause();
      await runtime.yield();
      since = runtime.monotonic();
    },
  };
  const done = await inSlices(work, watched, () => false);
  pause();
  if (done === undefined) throw new Error('counting was stopped');
  return { counts: tcpCounts(done.value), cpuTime: done.cpuTime / 1000, longestSlice: longest / 1000 };
}

/** Of both address families together, as `ss` lists them. */
function tcpCounts(tallies: readonly SocketTally[]): Counts {
  const counts: Record<string, number> = {};
  for (const tally of tallies.filter(({ table }) => table.startsWith('tcp'))) {
    const values: Record<string, number | undefined> = {};
    tally.fill(values);
    for (const state of Object.values(TCP_NAMES)) add(counts, state, values[`socket_${state}`] ?? 0);
  }
  return counts;
}

/** What `ss` lists. */
function listed(): Counts {
  const counts: Record<string, number> = {};
  const [, ...lines] = run(['ss', '-ant']).trimEnd().split('\n');
  for (const line of lines) {
    const [name = ''] = line.split(' ', 1);
    const state = TCP_NAMES[name];
    if (state === undefined) throw new Error(`ss printed the unknown state ${JSON.stringify(name)}`);
    add(counts, state, 1);
  }
  return counts;
}

function add(counts: Record<string, number>, state: string, sockets: number): void {
  if (sockets > 0) counts[state] = (counts[state] ?? 0) + sockets;
}

/** @throws when not all counted the same. */
function requireSame(all: Readonly<Record<string, Counts>>): void {
  const texts = Object.entries(all).map(([who, counts]) => [who, JSON.stringify(Object.entries(counts).toSorted())]);
  if (new Set(texts.map(([, text]) => text)).size === 1) return;
  throw new Error(`the counts differ: ${texts.map(([who, text]) => `${who} ${text}`).join(', ')}`);
}
