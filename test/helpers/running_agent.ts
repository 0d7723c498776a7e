/** A real Netdata agent of any version in a network namespace of a laboratory, and its API. */

import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { AgentApi } from './agent_api.ts';
import { pluginIn } from './agent_folder.ts';
import { end, type Laboratory } from './laboratory.ts';
import { LATENESS } from './program.ts';
import { until } from './until.ts';
import { wallSeconds } from './wall_clock.ts';

const BRIDGE = fileURLToPath(new URL('bridge.js', import.meta.url));
const PORT = 19_999;

/** Runs an agent as its own user, with the capability that its service needs for the plugin. */
const AS_NETDATA = [
  'setpriv',
  '--reuid=netdata',
  '--regid=netdata',
  '--init-groups',
  '--inh-caps=+net_admin',
  '--ambient-caps=+net_admin',
];

/** Where the agent answers, inside the router's namespace. */
export const AGENT_URL = `http://127.0.0.1:${PORT}`;

/** The part of a laboratory that an agent needs. */
export type Place = Pick<Laboratory, 'start'>;

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

/** A series of `/api/v1/data`: one row per second, newest first; the first column is the time in seconds. */
export interface Series {
  readonly labels: readonly string[];
  readonly data: readonly (readonly (number | null)[])[];
}

export interface Alarm {
  readonly name: string;
  readonly status: string;
  readonly chart: string;
  readonly value: number | null;
  readonly info: string;
  /** Agents 1.37 have none. */
  readonly summary?: string;
}

export class RunningAgent {
  /** See {@link makeAgentFolder}; removed when the agent is closed. */
  readonly folder: string;
  readonly #api: AgentApi;
  readonly #processes: readonly ChildProcess[];
  #printed = '';

  /** Starts an agent in the router's namespace; it must listen on port 19999 of the loopback. */
  protected constructor(place: Place, folder: string, command: readonly string[]) {
    const socket = join(folder, 'bridge.sock');
    const environment = { PATH: pathWithNode(), HOME: join(folder, 'lib') };
    const agent = place.start('router', [...AS_NETDATA, ...command], environment);
    agent.stdout?.resume();
    agent.stderr?.on('data', (text) => {
      this.#printed += text;
    });
    this.folder = folder;
    this.#processes = [place.start('router', [process.execPath, BRIDGE, socket, String(PORT)]), agent];
    this.#api = new AgentApi(socket);
  }

  /** Waits until the agent answers; closes it if it does not. */
  protected async answers(): Promise<this> {
    try {
      await until('the agent answers', 120, async () => {
        await this.get('/api/v1/info');
        return true;
      });
      return this;
    } catch (error) {
      await this.close();
      throw new Error(`the agent does not answer; standard error: ${this.#printed}`, { cause: error });
    }
  }

  /** Requests a path of the API and parses the JSON reply. */
  get<T>(path: string): Promise<T> {
    return this.#api.get(path);
  }

  /** Requests a path of the API, with POST if there is a body. */
  request(path: string, body?: string): ReturnType<AgentApi['request']> {
    return this.#api.request(path, body);
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

  /** A dimension's latest point. */
  async latest(chart: string, dimension: string): Promise<number | null> {
    const { labels, data } = await this.data(chart, -1);
    return data[0]?.[labels.indexOf(dimension)] ?? null;
  }

  /** The latest point of a chart, by dimension. */
  async latestOf(chart: string): Promise<Record<string, number | null>> {
    const { labels, data } = await this.data(chart, -1);
    const [, ...dimensions] = labels;
    return Object.fromEntries(dimensions.map((dimension, at) => [dimension, data[0]?.[at + 1] ?? null]));
  }

  /** The sum of the absolute values of a dimension over some seconds, one point per second. */
  async total(chart: string, dimension: string, after: number, before: number): Promise<number> {
    const { labels, data } = await this.data(chart, after, before);
    const column = labels.indexOf(dimension);
    return data.reduce((sum, row) => sum + Math.abs(row[column] ?? 0), 0);
  }

  /** The alarms on the plugin's charts, or on one of them, by name. An alarm on several charts is listed once. */
  async alarms(chart?: string): Promise<Readonly<Record<string, Alarm>>> {
    const { alarms } = await this.get<{ alarms: Record<string, Alarm> }>('/api/v1/alarms?all');
    const own = Object.values(alarms).filter((alarm) =>
      chart === undefined ? alarm.chart.startsWith('conntrack.') : alarm.chart === chart,
    );
    return Object.fromEntries(own.map((alarm) => [alarm.name, alarm]));
  }

  /** All statuses of an alarm on a chart so far. */
  async statuses(chart: string, name: string): Promise<readonly string[]> {
    const changes = await this.get<Alarm[]>('/api/v1/alarm_log');
    return changes.filter((change) => change.chart === chart && change.name === name).map(({ status }) => status);
  }

  /** The log of the agent and its plugins so far, one file after the other. */
  get log(): string {
    const folder = join(this.folder, 'log');
    const files = existsSync(folder) ? readdirSync(folder).filter((name) => name !== 'access.log') : [];
    return files.map((name) => readFileSync(join(folder, name), 'utf8')).join('');
  }

  /** The lines that the plugin has logged, except that it is late. */
  get pluginLines(): readonly string[] {
    const lines = this.log.replace(LATENESS, '').split('\n');
    return lines.filter((line) => line.includes('comm=conntrack.plugin'));
  }

  /** The process id of the running plugin. */
  get pluginPid(): number | undefined {
    const plugin = pluginIn(this.folder);
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    // A script is the argument of Node.js, a packaged program its own.
    const found = pids.find((pid) => commandLine(pid).slice(0, 2).includes(plugin));
    return found === undefined ? undefined : Number(found);
  }

  async close(): Promise<void> {
    for (const child of [...this.#processes].reverse()) await end(child);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * Whether a sum over the agent's seconds equals a number, within 3 % and one: the agent interpolates between seconds,
 * and a late update shifts a rate into the next second.
 */
export function isAbout(sum: number, number: number): boolean {
  return Math.abs(sum - number) <= 1 + 0.03 * Math.abs(number);
}

/**
 * Fills an empty table, and again until the rates of a chart add up to the numbers of events by dimension (see
 * {@link isAbout}). The agent takes each rate as that of a whole second, but on a busy machine an update covers more or
 * less: the sum is right once the updates around the events come in time.
 */
export async function expectSums(
  agent: RunningAgent,
  laboratory: Laboratory,
  chart: string,
  counts: Readonly<Record<string, number>>,
  fill: () => void,
): Promise<void> {
  await until(`${chart} adds up to ${JSON.stringify(counts)}`, 240, async () => {
    laboratory.flush();
    const from = await wallSeconds(1);
    fill();
    const to = await wallSeconds(4);
    for (const [dimension, count] of Object.entries(counts)) {
      const sum = await agent.total(chart, dimension, from, to);
      if (!isAbout(sum, count)) throw new Error(`${dimension}: ${sum} of ${count}`);
    }
    return true;
  });
}

/** The command line of a process; empty if it has ended. */
function commandLine(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** PATH of the agent and so of the plugin, which must find Node.js. */
function pathWithNode(): string {
  return `${process.env['PATH'] ?? ''}:${join(process.execPath, '..')}`;
}
