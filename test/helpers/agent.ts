/**
 * A real Netdata agent for a test: its own folders, in a network namespace of the laboratory, as user netdata with the
 * one capability that the plugin can use, with the built plugin in its plugin directory and the project's health file.
 * All of its other collectors are off but the built-in one of connection tracking.
 */

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { AgentApi } from './agent_api.ts';
import { end, type Laboratory } from './laboratory.ts';
import { until } from './until.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BRIDGE = fileURLToPath(new URL('bridge.js', import.meta.url));

/** Through which its API is reached, in its folder. */
const SOCKET = 'bridge.sock';

/** Runs an agent as its own user, with what its service would be given for the plugin. */
const AS_NETDATA = [
  'setpriv',
  '--reuid=netdata',
  '--regid=netdata',
  '--init-groups',
  '--inh-caps=+net_admin',
  '--ambient-caps=+net_admin',
];

/** Where the agent answers, inside the router's namespace. */
export const AGENT_URL = 'http://127.0.0.1:19999';

const OFF = [
  'diskspace',
  'cgroups',
  'tc',
  'idlejitter',
  'checks',
  'timex',
  'statsd',
  'slabinfo',
  'nfacct',
  'perf',
  'apps',
];

/** Everything else that the built-in `proc` collector would read. */
const PROC_OFF = [
  '/proc/pagetypeinfo',
  '/proc/stat',
  '/proc/uptime',
  '/proc/loadavg',
  '/proc/sys/kernel/random/entropy_avail',
  '/proc/pressure',
  '/proc/interrupts',
  '/proc/softirqs',
  '/proc/vmstat',
  '/proc/meminfo',
  '/sys/kernel/mm/ksm',
  '/sys/block/zram',
  '/sys/devices/system/edac/mc',
  '/sys/devices/system/node',
  '/proc/net/dev',
  '/proc/net/wireless',
  '/proc/net/sockstat',
  '/proc/net/sockstat6',
  '/proc/net/netstat',
  '/proc/net/snmp',
  '/proc/net/snmp6',
  '/proc/net/sctp/snmp',
  '/proc/net/softnet_stat',
  '/proc/net/ip_vs/stats',
  '/sys/class/infiniband',
  '/proc/net/stat/synproxy',
  '/proc/diskstats',
  '/proc/mdstat',
  '/proc/net/rpc/nfsd',
  '/proc/net/rpc/nfs',
  '/proc/spl/kstat/zfs/arcstats',
  '/sys/fs/btrfs',
  'ipc',
  '/sys/class/power_supply',
];

/** A chart as `/api/v1/charts` lists it. */
export interface ListedChart {
  readonly id: string;
  readonly title: string;
  readonly context: string;
  readonly units: string;
  readonly family: string;
  readonly plugin: string;
  readonly module: string;
  readonly update_every: number;
  readonly chart_labels?: Readonly<Record<string, string>>;
  readonly dimensions: Readonly<Record<string, { readonly name: string }>>;
}

/** A series of `/api/v1/data`: a row a second, newest first; the first column is the time in seconds. */
export interface Series {
  readonly labels: readonly string[];
  readonly data: readonly (readonly (number | null)[])[];
}

export interface Alarm {
  readonly name: string;
  readonly status: string;
  readonly chart: string;
  readonly value: number | null;
}

export interface AgentOptions {
  /** The text of the plugin's configuration file. */
  readonly config: string;
  /** What the health file becomes. */
  readonly health: (text: string) => string;
}

export class Agent {
  readonly #folder: string;
  readonly #api: AgentApi;
  readonly #processes: Parameters<typeof end>[0][];

  private constructor(folder: string, processes: Parameters<typeof end>[0][]) {
    this.#folder = folder;
    this.#api = new AgentApi(join(folder, SOCKET));
    this.#processes = processes;
  }

  /** Starts the agent in the router's namespace and waits until it answers. */
  static async start(laboratory: Laboratory, options: AgentOptions): Promise<Agent> {
    const folder = mkdtempSync(join(tmpdir(), 'conntrack-agent-'));
    prepare(folder, options);
    const agent = new Agent(folder, [
      laboratory.start('router', [process.execPath, BRIDGE, join(folder, SOCKET), '19999']),
      laboratory.start('router', [...AS_NETDATA, 'netdata', '-D', '-c', join(folder, 'netdata.conf')], {
        PATH: pathWithNode(),
        HOME: join(folder, 'lib'),
      }),
    ]);
    try {
      await until('the agent answers', 60, async () => {
        await agent.get('/api/v1/info');
        return true;
      });
    } catch (error) {
      await agent.close();
      throw error;
    }
    return agent;
  }

  /** What the agent answers to a path of its API, parsed from JSON. */
  get<T>(path: string): Promise<T> {
    return this.#api.get(path);
  }

  /** The charts of one plugin, by id. */
  async charts(plugin: string): Promise<Readonly<Record<string, ListedChart>>> {
    const { charts } = await this.get<{ charts: Record<string, ListedChart> }>('/api/v1/charts');
    return Object.fromEntries(Object.entries(charts).filter(([, chart]) => chart.plugin === plugin));
  }

  /** A chart's points between two times, in seconds since the epoch or, if negative, back from now. */
  data(chart: string, after: number, before = 0): Promise<Series> {
    return this.get(`/api/v1/data?chart=${chart}&after=${after}&before=${before}&format=json&options=ms,absolute`);
  }

  /** The alarms on the plugin's own charts, or on one of them, by name: those that are on several charts only once. */
  async alarms(chart?: string): Promise<Readonly<Record<string, Alarm>>> {
    const { alarms } = await this.get<{ alarms: Record<string, Alarm> }>('/api/v1/alarms?all');
    const own = Object.values(alarms).filter((alarm) =>
      chart === undefined ? alarm.chart.startsWith('conntrack.') : alarm.chart === chart,
    );
    return Object.fromEntries(own.map((alarm) => [alarm.name, alarm]));
  }

  /** Every status that an alarm on a chart has had so far. */
  async statuses(chart: string, name: string): Promise<readonly string[]> {
    const changes = await this.get<Alarm[]>('/api/v1/alarm_log');
    return changes.filter((change) => change.chart === chart && change.name === name).map(({ status }) => status);
  }

  /** What the agent and its plugins logged so far. */
  get log(): string {
    const path = join(this.#folder, 'log/error.log');
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  /** The process of the plugin that runs now. */
  get pluginPid(): number | undefined {
    const script = join(this.#folder, 'plugins/conntrack.plugin');
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    const found = pids.find((pid) => commandLine(pid)[1] === script);
    return found === undefined ? undefined : Number(found);
  }

  async close(): Promise<void> {
    for (const child of [...this.#processes].reverse()) await end(child);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function prepare(folder: string, { config, health }: AgentOptions): void {
  const user = Number(spawnSync('id', ['-u', 'netdata'], { encoding: 'utf8' }).stdout);
  const group = Number(spawnSync('id', ['-g', 'netdata'], { encoding: 'utf8' }).stdout);
  chmodSync(folder, 0o755);
  for (const name of ['etc', 'health', 'plugins', 'cache', 'lib', 'log']) {
    mkdirSync(join(folder, name));
    chownSync(join(folder, name), user, group);
  }
  const plugin = join(folder, 'plugins/conntrack.plugin');
  copyFileSync(join(ROOT, 'dist/conntrack.plugin'), plugin);
  chownSync(plugin, 0, group);
  chmodSync(plugin, 0o750);
  cpSync(join(ROOT, 'dist/conntrack-koffi'), join(folder, 'plugins/conntrack-koffi'), { recursive: true });
  writeFileSync(join(folder, 'etc/conntrack.conf'), config);
  const alerts = readFileSync(join(ROOT, 'health/conntrack.conf'), 'utf8');
  writeFileSync(join(folder, 'health/conntrack.conf'), health(alerts));
  writeFileSync(join(folder, 'netdata.conf'), configuration(folder));
}

function configuration(folder: string): string {
  return `[global]
  run as user = netdata
[db]
  mode = dbengine
[directories]
  config = ${folder}/etc
  stock config = ${folder}/etc
  health config = ${folder}/health
  stock health config = ${folder}/health
  cache = ${folder}/cache
  lib = ${folder}/lib
  log = ${folder}/log
  plugins = "${folder}/plugins"
[web]
  bind to = 127.0.0.1:19999
[health]
  enabled = yes
  in memory max health log entries = 1000
[registry]
  enabled = no
[ml]
  enabled = no
[plugins]
  proc = yes
  netdata monitoring = no
${OFF.map((name) => `  ${name} = no`).join('\n')}
[plugin:proc]
${PROC_OFF.map((name) => `  ${name} = no`).join('\n')}
`;
}

/** The words that a process was started with; none if it has ended meanwhile. */
function commandLine(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** The agent starts the plugin with its own path, which must lead to Node.js. */
function pathWithNode(): string {
  return `${process.env['PATH'] ?? ''}:${join(process.execPath, '..')}`;
}
