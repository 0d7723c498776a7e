/** Cost of the modules that use netlink, compared with the program `conntrack`. Needs root. */

import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

import { parseStream } from '../helpers/stream.ts';
import { until } from '../helpers/until.ts';
import { CpuTime, commandTime, memoryOf } from './cpu_time.ts';
import { end, keep, temporaryFolder } from './lifetime.ts';
import { type Namespace, TrackingNamespace } from './namespace.ts';
import { PluginProcess } from './plugin_process.ts';
import { figure, note } from './report.ts';
import { median } from './statistics.ts';
import type { DumpTimes } from './worker.ts';

const WORKER = path.resolve('dist/bench/worker.cjs');
const LIBRARY = path.resolve('dist/conntrack-koffi');
const EVENTS_ONLY = 'modules: { flows: { enabled: no }, sockets: { enabled: no }, conntrackd: { enabled: no } }\n';
/** Hardly a pause between dumps, regardless of their cost. */
const ALL_DUMPS =
  'modules: { flows: { update_every: 3, cpu_share: 100, full_above: 100, method: full }, sockets: { enabled: no }, conntrackd: { enabled: no } }\n';
const MEBIBYTE = 2 ** 20;

/** Dumping and counting the table, compared with `conntrack -L` and with receiving alone. */
export async function dumps(): Promise<void> {
  await inNamespace(250_000, async (namespace) => {
    namespace.load(200_000);
    const times: DumpTimes = JSON.parse(namespace.run([process.execPath, WORKER, 'dump', LIBRARY, '7']));
    const listed = median(
      Array.from({ length: 7 }, () => commandTime('conntrack -L', (command) => namespace.run(command))),
    );
    figure('dumping and counting / conntrack -L >/dev/null, CPU time', times.counted / listed, '', most(0.5));
    figure('dumping and counting / receiving alone, CPU time', times.counted / times.received, '', most(1.2));
    figure(`dumping and counting ${times.entries} flows`, times.counted, 'ms');
    figure('receiving them', times.received, 'ms');
    figure('conntrack -L >/dev/null', listed, 'ms');
  });
}

/** New flows, read by the plugin and then, at the same rate, by `conntrack -E` piped into split2. */
export async function events(rate: number): Promise<void> {
  const seconds = 8;
  await inNamespace(rate * seconds * 2, async (namespace) => {
    const plugin = await pluginUnderLoad(namespace, rate, seconds);
    namespace.flush();
    const peer = await peerUnderLoad(namespace, rate, seconds);
    figure('plugin / conntrack -E | split2, CPU time', plugin.cpu / peer.cpu, '', most(1 / 6));
    figure(`plugin, CPU time for ${plugin.sent} flows`, plugin.cpu, 'ms');
    figure('plugin, flows not seen', plugin.sent - plugin.seen, '', most(0));
    figure(`conntrack -E | split2, CPU time for ${peer.sent} flows`, peer.cpu, 'ms');
    figure('conntrack -E | split2, flows not seen', peer.sent - peer.seen, '');
  });
}

/** Lateness of updates while a table of a million entries is dumped continuously. */
export async function lateness(): Promise<void> {
  await inNamespace(1_100_000, async (namespace) => {
    namespace.load(1_000_000);
    const late: number[] = [];
    let resident = 0;
    let dumped = 0;
    const plugin = new PluginProcess({
      folder: temporaryFolder(),
      hostPrefix: '',
      config: ALL_DUMPS,
      namespace,
      onText: (piece) => {
        if (piece.includes('BEGIN conntrack.sockets ')) late.push(Date.now() % 1000);
        if (piece.includes('BEGIN conntrack.dump ')) dumped++;
        resident = Math.max(resident, memoryOf(plugin.pid, 'VmRSS'));
      },
    });
    try {
      await sleep(30_000);
    } finally {
      await plugin.end();
    }
    figure('lateness of an update, median', median(late), 'ms');
    figure(`lateness of an update, most of ${late.length}`, Math.max(...late), 'ms', most(50));
    figure('resident memory, most', resident / MEBIBYTE, 'MiB');
    note(`  (${dumped} dumps)`);
  });
}

interface Load {
  readonly sent: number;
  readonly seen: number;
  /** Milliseconds. */
  readonly cpu: number;
}

async function pluginUnderLoad(namespace: Namespace, rate: number, seconds: number): Promise<Load> {
  let out = '';
  const plugin = new PluginProcess({
    folder: temporaryFolder(),
    hostPrefix: '',
    config: EVENTS_ONLY,
    namespace,
    onText: (piece) => {
      out += piece;
    },
  });
  try {
    await until('the plugin updates', 30, () => plugin.updates > 3);
    const cpu = new CpuTime(plugin.pid);
    const before = cpu.read();
    const sent = await flood(namespace, rate, seconds);
    const updates = plugin.updates;
    await until('two more updates', 30, () => plugin.updates > updates + 1 && out.endsWith('END\n'));
    return { sent, seen: newFlows(out), cpu: (cpu.read() - before) / 1e6 };
  } finally {
    await plugin.end();
  }
}

async function peerUnderLoad(namespace: Namespace, rate: number, seconds: number): Promise<Load> {
  const [program, ...args] = namespace.command(['conntrack', '-E', '-e', 'NEW,DESTROY', '-b', String(16 * MEBIBYTE)]);
  const listener = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const splitter = spawn(process.execPath, [WORKER, 'split'], { stdio: [listener.stdout, 'pipe', 'inherit'] });
  for (const child of [listener, splitter]) keep(child);
  listener.stdout.destroy();
  await sleep(1000);
  const cpus = [listener, splitter].map((child) => new CpuTime(child.pid ?? 0));
  const read = (): number => cpus.reduce((sum, cpu) => sum + cpu.read(), 0);
  const before = read();
  const sent = await flood(namespace, rate, seconds);
  let used = read();
  await until('both programs rest', 30, () => {
    const last = used;
    used = read();
    return used - last < 1e6;
  });
  const counted = text(splitter.stdout ?? process.stdin);
  await end(listener);
  return { sent, seen: Number(await counted), cpu: (used - before) / 1e6 };
}

/** Makes new flows and returns how many. */
export async function flood(namespace: Namespace, rate: number, seconds: number): Promise<number> {
  const [program, ...args] = namespace.command([
    process.execPath,
    WORKER,
    'flood',
    LIBRARY,
    String(rate),
    String(seconds),
  ]);
  const child: ChildProcess = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  keep(child);
  const { seconds: taken, sent }: { sent: number; seconds: number } = JSON.parse(
    await text(child.stdout ?? process.stdin),
  );
  note(`  (${sent} flows in ${taken.toFixed(2)} s)`);
  return sent;
}

/** Number of new flows in a stream: each rate times its interval. */
function newFlows(out: string): number {
  const updates = parseStream(out).updates.filter(({ chart }) => chart === 'conntrack.new');
  const flows = updates.map(({ microseconds = 0, values }) => ((values['new'] ?? 0) * microseconds) / 1e9);
  return Math.round(flows.reduce((sum, count) => sum + count, 0));
}

/** Runs a measurement in a namespace whose table can hold so many entries. */
export async function inNamespace(
  entries: number,
  measure: (namespace: TrackingNamespace) => Promise<void>,
): Promise<void> {
  const namespace = new TrackingNamespace(entries);
  try {
    await measure(namespace);
  } finally {
    namespace.close();
  }
}

/** An aim that is met by at most this. */
export function most(limit: number): { most: number; inclusive: boolean } {
  return { most: limit, inclusive: true };
}
