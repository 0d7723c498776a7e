/**
 * The benchmark: the cost of the built plugin, compared with Debian's prometheus-node-exporter.
 *
 * Every figure is printed with its target. A missed target is not a failure, because machines are noisy; a figure that
 * cannot be measured is.
 */

import fs from 'node:fs';
import os from 'node:os';

import { listing, ranking, tailing } from './answers.ts';
import { CONNECTIONS, questions } from './conntrackd.ts';
import { Exporter } from './exporter.ts';
import { endAllOnExit, temporaryFolder } from './lifetime.ts';
import { measureGrowth } from './memory.ts';
import { dumps, events, idle, lateness, STAT_ONLY } from './netlink.ts';
import { measurePace, type Paced, type Usage } from './pace.ts';
import { PROGRAM, packageSizes } from './package.ts';
import { PluginProcess } from './plugin_process.ts';
import { RecordedHost } from './recorded_host.ts';
import { figure, heading, note } from './report.ts';
import { samples } from './sampling.ts';
import { everySecond } from './seconds.ts';
import { countings, SOCKETS } from './sockets.ts';
import { measureStartup } from './startup.ts';

const MEGABYTE = 1e6;
/** Millisecond of each second when the exporter is scraped and recorded hosts change; the plugin updates at 0. */
const MIDDLE = 500;
const LARGE = 256;
const PER_CPU = 'modules: { stat: { per_cpu: yes } }\n';

/**
 * Seconds of warm-up and of measurement. V8 shrinks an idle heap and compiles hot code within the first two minutes,
 * once per process; the totals since the start include that.
 */
const BESIDE_EXPORTER = [120, 40] as const;
const ON_LARGE_HOST = [45, 20] as const;

async function main(): Promise<void> {
  endAllOnExit();
  const [cpu] = os.cpus();
  process.stdout.write(`conntrack.plugin: Node.js ${process.version}, Linux ${os.release()}, `);
  process.stdout.write(`${os.availableParallelism()} × ${cpu?.model ?? 'CPU'}, load ${os.loadavg()[0]?.toFixed(2)}\n`);

  const here = smallHost();
  if (here.description !== undefined) note(here.description);
  await section('Memory that 100,000 updates leave behind (4 CPUs, per_cpu)', growth);
  await section('Start', () => startup(here.prefix));
  await section('Sizes of the packages and what is in them', sizes);
  await section('At the one-second pace, module stat alone', () => besideExporter(here.prefix));
  await section(`At the one-second pace, a recorded host with ${LARGE} CPUs`, largeHost);
  await section('At the one-second pace, module events on an idle host', idle);
  await section('Dumping and counting 200,000 flows', dumps);
  for (const entries of [50_000, 230_000, 1_000_000]) {
    await section(`Samples of a table of ${entries.toLocaleString('en')} entries`, () => samples(entries));
  }
  for (const rate of [20_000, 60_000]) {
    await section(`${rate.toLocaleString('en')} new flows a second`, () => events(rate));
  }
  await section(`Counting ${SOCKETS.toLocaleString('en')} sockets`, countings);
  await section(`Asking conntrackd, with ${CONNECTIONS.toLocaleString('en')} connections`, questions);
  for (const entries of [230_000, 1_000_000]) {
    await section(`The command top, ${entries.toLocaleString('en')} entries`, () => ranking(entries));
    await section(`The command list, ${entries.toLocaleString('en')} entries`, () => listing(entries));
  }
  await section('The command tail, 20,000 new connections a second', () => tailing(20_000));
  await section('Lateness of updates while 1,000,000 flows are dumped', lateness);
}

/** Part of a title: only sections whose title contains it are measured. */
const wanted = process.argv[2] ?? '';

/** Measures a section; reports a failure and continues with the next. */
async function section(title: string, measure: () => Promise<void>): Promise<void> {
  if (!title.includes(wanted)) return;
  heading(title);
  try {
    await measure();
  } catch (error) {
    note(`not measured: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

async function growth(): Promise<void> {
  const { heap, resident } = await measureGrowth();
  figure('heap and buffers', heap / MEGABYTE, 'MB', { most: 2, inclusive: false });
  figure('resident memory (with what V8 keeps for later)', resident / MEGABYTE, 'MB');
}

async function startup(hostPrefix: string): Promise<void> {
  const options = { folder: temporaryFolder(), hostPrefix, config: '' };
  const { node, program, script, starts } = await measureStartup(options, PROGRAM);
  figure(`packaged, to the first CHART line, median of ${starts}`, program, 'ms', { most: 150, inclusive: false });
  figure(`script, to the first CHART line, median of ${starts}`, script, 'ms', { most: 150, inclusive: false });
  figure(`node -e "", median of ${starts}`, node, 'ms');
}

async function sizes(): Promise<void> {
  for (const [name, bytes] of packageSizes()) figure(name, bytes / MEGABYTE, 'MB');
}

async function besideExporter(hostPrefix: string): Promise<void> {
  const exporter = await Exporter.start(`${hostPrefix}/proc`);
  const plugin = new PluginProcess({ folder: temporaryFolder(), hostPrefix, config: STAT_ONLY });
  let failure: unknown;
  const stop = everySecond(MIDDLE, () => {
    exporter?.scrape().catch((error: unknown) => {
      failure = error;
    });
  });
  try {
    const both = [
      paced(plugin),
      ...(exporter === undefined ? [] : [{ pid: exporter.pid, count: () => exporter.scrapes }]),
    ];
    const [pluginUsage, exporterUsage] = await measurePace(both, ...BESIDE_EXPORTER);
    if (failure !== undefined) throw failure;
    if (pluginUsage !== undefined) compare(pluginUsage, exporterUsage);
  } finally {
    stop();
    await plugin.end();
    await exporter?.end();
  }
}

function compare(plugin: Usage, exporter: Usage | undefined): void {
  if (exporter !== undefined) {
    figure('plugin / exporter, CPU time', plugin.mean / exporter.mean, '', { most: 0.5, inclusive: true });
    figure('plugin / exporter, CPU time of the median second', plugin.median / exporter.median, '');
  }
  describe('plugin', 'update', plugin);
  if (exporter === undefined) throw new Error('the program prometheus-node-exporter is not installed');
  describe('exporter', 'scrape', exporter);
}

async function largeHost(): Promise<void> {
  const host = new RecordedHost(temporaryFolder(), LARGE);
  const start = (config: string): PluginProcess =>
    new PluginProcess({ folder: temporaryFolder(), hostPrefix: host.prefix, config });
  const plugins = [start(''), start(PER_CPU)];
  const stop = everySecond(MIDDLE, () => host.advance());
  try {
    const [plain, perCpu] = await measurePace(plugins.map(paced), ...ON_LARGE_HOST);
    if (plain !== undefined) describe('plugin', 'update', plain);
    if (perCpu !== undefined) describe('plugin with per_cpu', 'update', perCpu);
  } finally {
    stop();
    for (const plugin of plugins) await plugin.end();
  }
}

function describe(name: string, event: string, { count, mean, median, memory, most, total }: Usage): void {
  figure(`${name}, CPU time per ${event}, mean of ${count}`, mean, 'ms');
  note(`  (median ${median.toFixed(2)} ms, most ${most.toFixed(2)} ms)`);
  note(`  (since its start ${total.fine.toFixed(1)} ms by schedstat, ${total.coarse} ms by utime + stime)`);
  figure(`${name}, resident memory`, memory.resident / MEGABYTE, 'MB');
  figure(`${name}, of it anonymous`, memory.anonymous / MEGABYTE, 'MB');
}

function paced(plugin: PluginProcess): Paced {
  return { pid: plugin.pid, count: () => plugin.updates };
}

/** This machine, or a synthetic host if it does no connection tracking. */
function smallHost(): { prefix: string; description?: string } {
  if (fs.existsSync('/proc/net/stat/nf_conntrack')) return { prefix: '' };
  const { prefix } = new RecordedHost(temporaryFolder(), os.availableParallelism());
  return { prefix, description: 'This machine has no connection tracking; using a recorded host instead.' };
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  },
);
