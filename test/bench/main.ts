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
import { describeUsage, idleHost, paced } from './idle.ts';
import { endAllOnExit, temporaryFolder } from './lifetime.ts';
import { measureGrowth } from './memory.ts';
import { manyNamespaces } from './namespaces.ts';
import { dumps, events, lateness } from './netlink.ts';
import { measurePace } from './pace.ts';
import { packageSizes } from './package.ts';
import { PluginProcess } from './plugin_process.ts';
import { recordSection } from './record.ts';
import { RecordedHost } from './recorded_host.ts';
import { figure, heading, note, takeFigures } from './report.ts';
import { samples } from './sampling.ts';
import { everySecond } from './seconds.ts';
import { countings, SOCKETS } from './sockets.ts';
import { measureStartup } from './startup.ts';

const MEGABYTE = 1e6;
/** Millisecond of each second when recorded hosts change; the plugin updates at 0. */
const MIDDLE = 500;
const LARGE = 256;
const PER_CPU = 'modules: { stat: { per_cpu: yes } }\n';

/** Seconds of warm-up and of measurement. */
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
  await section('Updates every second, on an idle host', () => idleHost(here.prefix));
  await section(`Updates every second, a recorded host with ${LARGE} CPUs, module stat`, largeHost);
  await section('1,000 network namespaces', () => manyNamespaces(1000));
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

const RECORD = '--record';
const words = process.argv.slice(2);
/** Whether the figures become those of the documentation. */
const isRecorded = words.includes(RECORD);
/** Part of a title: only sections whose title contains it are measured. */
const wanted = words.find((word) => word !== RECORD) ?? '';

/** Measures a section; reports a failure and continues with the next. */
async function section(title: string, measure: () => Promise<void>): Promise<void> {
  if (!title.includes(wanted)) return;
  heading(title);
  const [load = 0] = os.loadavg();
  const date = new Date().toISOString().slice(0, 10);
  takeFigures();
  try {
    await measure();
    if (isRecorded) recordSection({ title, date, load, figures: takeFigures() });
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
  const { node, program, script, starts } = await measureStartup(options);
  figure(`packaged, to the first CHART line, median of ${starts}`, program, 'ms', { most: 150, inclusive: false });
  figure(`script, to the first CHART line, median of ${starts}`, script, 'ms', { most: 150, inclusive: false });
  figure(`node -e "", median of ${starts}`, node, 'ms');
}

async function sizes(): Promise<void> {
  for (const [name, bytes] of packageSizes()) figure(name, bytes / MEGABYTE, 'MB');
}

async function largeHost(): Promise<void> {
  const host = new RecordedHost(temporaryFolder(), LARGE);
  const start = (config: string): PluginProcess =>
    new PluginProcess({ folder: temporaryFolder(), hostPrefix: host.prefix, config });
  const plugins = [start(''), start(PER_CPU)];
  const stop = everySecond(MIDDLE, () => host.advance());
  try {
    const [plain, perCpu] = await measurePace(plugins.map(paced), ...ON_LARGE_HOST);
    if (plain !== undefined) describeUsage('without per_cpu', plain);
    if (perCpu !== undefined) describeUsage('with per_cpu', perCpu);
  } finally {
    stop();
    for (const plugin of plugins) await plugin.end();
  }
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
