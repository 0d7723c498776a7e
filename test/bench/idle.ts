/** Cost of updates on an idle host: the packaged program, the script, and Debian's prometheus-node-exporter beside them. */

import { Exporter } from './exporter.ts';
import { temporaryFolder } from './lifetime.ts';
import { TrackingNamespace } from './namespace.ts';
import { measurePace, type Paced, type Usage } from './pace.ts';
import { SCRIPT } from './package.ts';
import { PluginProcess } from './plugin_process.ts';
import { type Aim, figure, note } from './report.ts';
import { everySecond } from './seconds.ts';

const MEBIBYTE = 2 ** 20;
/** Millisecond of each second when the exporter is scraped; the plugin updates at 0. */
const MIDDLE = 500;
/** How many other namespaces there are depends on the machine; their cost is measured apart. */
const ALL = 'namespaces: { enabled: no }\n';
const STAT = `${ALL}modules: { events: { enabled: no }, flows: { enabled: no }, sockets: { enabled: no }, conntrackd: { enabled: no } }\n`;
const STAT_AND_EVENTS = `${ALL}modules: { flows: { enabled: no }, sockets: { enabled: no }, conntrackd: { enabled: no } }\n`;
/**
 * Seconds of warm-up and of measurement. V8 shrinks an idle heap and compiles hot code within the first two minutes, once
 * per process; the totals since the start include that.
 */
const TIMES = [120, 150] as const;

/** Measures them all at the same time. Needs root, for a namespace with an empty connection table. */
export async function idleHost(hostPrefix: string): Promise<void> {
  const namespace = new TrackingNamespace(10_000);
  const exporter = await Exporter.start(`${hostPrefix}/proc`);
  const options = { hostPrefix: '', namespace, config: STAT };
  const start = (more: Partial<ConstructorParameters<typeof PluginProcess>[0]> = {}): PluginProcess =>
    new PluginProcess({ ...options, folder: temporaryFolder(), ...more });
  const plugins = [
    start(),
    start({ program: SCRIPT }),
    start({ config: STAT_AND_EVENTS }),
    start({ config: ALL }),
    start({ config: '' }),
  ];
  let failure: unknown;
  const stop = everySecond(MIDDLE, () => {
    exporter?.scrape().catch((error: unknown) => {
      failure = error;
    });
  });
  try {
    const scraped = exporter === undefined ? [] : [{ pid: exporter.pid, count: () => exporter.scrapes }];
    const [stat, script, events, all, everything, scrape] = await measurePace(
      [...plugins.map(paced), ...scraped],
      ...TIMES,
    );
    if (failure !== undefined) throw failure;
    if (stat === undefined || script === undefined || events === undefined) return;
    if (all === undefined || everything === undefined) return;
    if (scrape !== undefined) {
      compare('module stat alone / exporter', stat, scrape, { most: 0.5, inclusive: true });
      compare('all modules / exporter', all, scrape);
    }
    compare('module stat alone, packaged program / script', stat, script);
    describeUsage('module stat alone', stat);
    describeUsage('module stat alone, script', script);
    describeUsage('stat and events', events);
    describeUsage('all modules', all, { most: 1, inclusive: true });
    describeUsage('all modules, and the other network namespaces of this machine', everything);
    if (scrape === undefined) throw new Error('the program prometheus-node-exporter is not installed');
    describeUsage('exporter, conntrack collector alone, one scrape', scrape);
  } finally {
    stop();
    for (const plugin of plugins) await plugin.end();
    await exporter?.end();
    namespace.close();
  }
}

/** A plugin that updates every second. */
export function paced(plugin: PluginProcess): Paced {
  return { pid: plugin.pid, count: () => plugin.updates };
}

/**
 * Prints what a process used.
 *
 * @param aim of the mean.
 */
export function describeUsage(name: string, { count, mean, median, memory, most, total }: Usage, aim?: Aim): void {
  figure(`${name}: CPU time of the median second`, median, 'ms');
  figure(`${name}: CPU time of the mean second`, mean, 'ms', aim);
  note(`  (${count} seconds, most ${most.toFixed(2)} ms; since its start ${total.fine.toFixed(1)} ms by schedstat,`);
  note(`  ${total.coarse} ms by utime + stime)`);
  figure(`${name}: resident memory`, memory.resident / MEBIBYTE, 'MiB');
  figure(`${name}: of it anonymous`, memory.anonymous / MEBIBYTE, 'MiB');
}

function compare(name: string, one: Usage, other: Usage, aim?: Aim): void {
  figure(`${name}: CPU time of the median second`, one.median / other.median, '', aim);
  figure(`${name}: CPU time of the mean second`, one.mean / other.mean, '', aim);
}
