/**
 * Parts of the benchmark that run in separate processes.
 *
 *   worker.cjs dump LIBRARY ROUNDS          dumps the table in turn with and without looking at it; prints CPU times
 *   worker.cjs flood LIBRARY RATE SECONDS   RATE new UDP flows a second, one datagram to a new port each
 *   worker.cjs split                        counts the new connections in what conntrack -E prints
 *   worker.cjs hold CONNECTIONS             holds both ends of TCP connections until its standard input ends
 *   worker.cjs count LIBRARY ROUNDS         counts sockets in turn in every way; prints CPU times
 *   worker.cjs ask SOCKET                   asks a conntrackd in as many rounds as each line of its standard input says;
 *                                           prints CPU times
 */

import { createRequire } from 'node:module';

import type * as Koffi from 'koffi';
import split2 from 'split2';

import { TableReader } from '../../collector/modules/flows/table_reader.ts';
import { Tally } from '../../collector/modules/flows/tally.ts';
import { inSlices } from '../../collector/modules/slices.ts';
import { NETLINK_NETFILTER } from '../../collector/netlink/ctnetlink.ts';
import { Foreign } from '../../collector/netlink/foreign.ts';
import { NetlinkSocket } from '../../collector/netlink/socket.ts';
import { median } from './statistics.ts';
import { askInRounds } from './worker_conntrackd.ts';
import { receive, runtime } from './worker_runtime.ts';
import { sample } from './worker_sampling.ts';
import { countSockets, holdSockets } from './worker_sockets.ts';

/** CPU times in milliseconds, each the median of the rounds. */
export interface DumpTimes {
  readonly entries: number;
  /** Of dumping and counting. */
  readonly counted: number;
  /** Of receiving the same and looking at nothing but its end. */
  readonly received: number;
}

const CTNETLINK = { name: 'ctnetlink', protocol: NETLINK_NETFILTER, slots: 4, slotSize: 32 * 1024 };

async function sampleTable(library: string, times: number): Promise<void> {
  const foreign = new Foreign(library);
  const estimates = await sample(() => new NetlinkSocket(foreign, CTNETLINK), times);
  process.stdout.write(`${JSON.stringify(estimates)}\n`);
}

async function dump(library: string, rounds: number): Promise<void> {
  const channel = new NetlinkSocket(new Foreign(library), CTNETLINK);
  const table = new TableReader(() => channel);
  const counted: number[] = [];
  const received: number[] = [];
  let entries = 0;
  for (let round = 0; round < rounds; round++) {
    const dumped = await inSlices(table.read({ begin: () => [new Tally()] }), runtime, () => false);
    counted.push((dumped?.cpuTime ?? Number.NaN) / 1000);
    entries = dumped?.value.read ?? 0;
    received.push(receive(channel, 'table') / 1000);
  }
  const times: DumpTimes = { entries, counted: median(counted), received: median(received) };
  process.stdout.write(`${JSON.stringify(times)}\n`);
}

function flood(library: string, rate: number, seconds: number): void {
  const libc: Koffi.LibraryHandle = createRequire(library)(library).load(null);
  const socket = libc.func('int socket(int domain, int type, int protocol)');
  const sendto = libc.func('int sendto(int fd, void *data, size_t size, int flags, void *address, uint32_t length)');
  const descriptor = socket(2, 2, 0);
  const piece = Buffer.from('flow');
  const address = Buffer.alloc(16);
  address.writeUInt16LE(2, 0);
  const total = rate * seconds;
  const began = performance.now();
  let sent = 0;
  const send = (): void => {
    const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * rate));
    for (; sent < due; sent++) {
      address.writeUInt16BE(1024 + (sent % 60_000), 2);
      address.set([127, 55, Math.floor(sent / 60_000), 9], 4);
      if (sendto(descriptor, piece, piece.length, 0, address, address.length) < 0) throw new Error('sendto failed');
    }
    if (sent < total) setTimeout(send, 2);
    else process.stdout.write(`${JSON.stringify({ sent, seconds: (performance.now() - began) / 1000 })}\n`);
  };
  send();
}

function split(): void {
  let lines = 0;
  process.stdin.pipe(split2()).on('data', (line: string) => {
    if (line.startsWith('    [NEW]')) lines++;
  });
  process.stdin.on('end', () => process.stdout.write(`${lines}\n`));
}

/** Says what went wrong. */
function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

const [kind, ...args] = process.argv.slice(2);
const [first = '', second = '', third = ''] = args;
if (kind === 'dump') dump(first, Number(second)).catch(fail);
else if (kind === 'sample') sampleTable(first, Number(second)).catch(fail);
else if (kind === 'flood') flood(first, Number(second), Number(third));
else if (kind === 'hold') holdSockets(Number(first)).catch(fail);
else if (kind === 'count') countSockets(first, Number(second)).catch(fail);
else if (kind === 'ask') askInRounds(first).catch(fail);
else split();
