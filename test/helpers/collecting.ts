/** Modules that collect for an agent, with everything around them in memory. */

import { Volume } from 'memfs';
import { vi } from 'vitest';
import { Emitter } from '../../collector/agent/emit.ts';
import { Output } from '../../collector/agent/output.ts';
import { parseConfig } from '../../collector/config/parse.ts';
import { createContext } from '../../collector/jobs/context.ts';
import { chartsOf } from '../../collector/jobs/job.ts';
import { HOST, Jobs } from '../../collector/jobs/jobs.ts';
import { Plugin } from '../../collector/jobs/plugin.ts';
import { createAccess, type EventChannel, type ReceiveBuffer } from '../../collector/modules/access.ts';
import { Budget } from '../../collector/modules/budget.ts';
import type { Context } from '../../collector/modules/context.ts';
import { receiveMemory } from '../../collector/netlink/foreign.ts';
import { MemoryDaemon } from './conntrackd_daemon.ts';
import { recording } from './conntrackd_text.ts';
import { FakeRuntime } from './fake_runtime.ts';
import {
  cpuStatistics,
  diagnosed,
  done,
  entry,
  expectationStatistics,
  FakeChannel,
  statistics,
} from './netlink_channel.ts';
import { SETTINGS, STAT } from './recorded_host.ts';
import { RecordingLog } from './recording_log.ts';
import { StallingPipe } from './stalling_pipe.ts';
import { NAMES, statRow, statText } from './stat_text.ts';

/** The module that opens a channel to ctnetlink with a buffer of these slots. */
const OPENERS: Readonly<Record<string, string>> = { '256x2048': 'events', '4x32768': 'flows', '1x32768': 'stat' };

/** The usual path of conntrackd's socket. */
export const USUAL = '/var/run/conntrackd.ctl';

/** All modules on a host in memory whose kernel answers; `createAccess` must be mocked. */
export class Collecting {
  readonly pipe = new StallingPipe();
  readonly log = new RecordingLog();
  readonly runtime = new FakeRuntime(300e6);
  readonly volume: Volume;
  /** The channels that were opened, by module. */
  readonly channels = new Map<string, FakeChannel>();
  readonly context: Context;
  readonly jobs = new Jobs();
  readonly emitter = new Emitter({ charts: [], source: '' });
  readonly plugin = new Plugin({
    jobs: this.jobs,
    log: this.log,
    output: new Output(this.pipe, this.log),
    renderer: this.emitter,
  });
  /** Whether the configuration has any module. */
  hasModules = false;
  readonly daemon = new MemoryDaemon({
    runtime: recording('ftfw-udp/active/runtime'),
    ct: recording('ftfw-udp/active/ct'),
  });
  /** The paths of UNIX sockets that were connected to. */
  readonly connected = new Set<string>();
  use = statistics({ entries: 77, max: 100 });
  socket = diagnosed({ state: 6, type: 18 });
  #second = 300;

  constructor(config: string, { every = 1, prefix = '', release = '6.18.0' } = {}) {
    const settings = { max: '4000\n', count: '900\n', buckets: '1024\n', expect_max: '96\n', events: '1\n' };
    const files = Object.entries(settings).map(([name, text]) => [`${prefix}${SETTINGS}${name}`, text]);
    this.volume = Volume.fromJSON(Object.fromEntries([...files, [USUAL, '']]));
    this.stat(NAMES, {}, prefix);
    vi.mocked(createAccess).mockReturnValue({
      ctnetlink: (room) => this.#open(room, OPENERS[`${room.slots}x${room.slotSize}`] ?? 'unknown'),
      sockDiag: (room) => this.#open(room, 'sockets'),
    });
    this.context = createContext({
      hostPrefix: prefix,
      release,
      library: '/usr/lib/conntrack-koffi',
      fs: this.volume,
      runtime: this.runtime,
      connect: (path) => {
        this.connected.add(path);
        return this.daemon.connect();
      },
      budget: new Budget(),
      memory: receiveMemory(0),
      log: this.log,
    });
    this.configure(config, every);
  }

  /** Applies a configuration, the first or another. */
  configure(text: string, every = 1): void {
    const config = parseConfig('conntrack.conf', text);
    this.emitter.use({ charts: chartsOf(config), source: config.source });
    this.hasModules = this.jobs.set(HOST, this.context, { config, every });
  }

  #open(room: ReceiveBuffer, module: string): EventChannel {
    const channel = new FakeChannel({ ...room });
    channel.replyWith('statistics', () => [[this.use]]);
    channel.reply('cpuStatistics', [cpuStatistics(0), done()]);
    channel.reply('expectationStatistics', [expectationStatistics(0), done()]);
    channel.reply('table', [entry({ protocol: 132 }), done()]);
    channel.replyWith('tcpSockets', () => [[this.socket, diagnosed({ state: 10, type: 18 }), done()]]);
    channel.reply('udpSockets', [diagnosed({ state: 7 }), done()]);
    channel.reply('udp6Sockets', [diagnosed({ family: 10, state: 1 }), done()]);
    this.channels.set(module, channel);
    return channel;
  }

  stat(names: readonly string[], values: Readonly<Record<string, number>>, prefix = ''): void {
    this.volume.mkdirSync(`${prefix}/proc/net/stat`, { recursive: true });
    this.volume.writeFileSync(`${prefix}${STAT}`, statText(names, [statRow({ entries: 812, ...values }, names)]));
  }

  hear(...events: readonly Uint8Array[]): void {
    this.channels.get('events')?.queue(events);
  }

  /** Updates so many times, every so many seconds; returns the lines that were sent. */
  async update(times: number, every = 1): Promise<string[]> {
    const before = this.pipe.text.length;
    for (let time = 0; time < times; time++) {
      this.runtime.advanceTo(this.#second);
      this.plugin.tick({ at: this.#second * 1e6, skipped: 0 });
      this.#second += every;
      await this.runtime.settle();
    }
    return this.pipe.text.slice(before).trim().split('\n');
  }
}

/** The lines between BEGIN and END of a chart's last update. */
export function valuesOf(lines: readonly string[], chart: string): string[] {
  const begin = lines.findLastIndex((line) => line.split(' ', 2).join(' ') === `BEGIN conntrack.${chart}`);
  return begin < 0 ? [] : lines.slice(begin + 1, lines.indexOf('END', begin));
}

/** One chart of each module. */
export const SIGNS = {
  stat: 'sockets',
  events: 'new_by_protocol',
  flows: 'flows_by_protocol',
  sockets: 'socket_states_udp',
  conntrackd: 'conntrackd_state_conntrackd',
};

export const ALL = Object.keys(SIGNS);

/** The modules with values in an update. */
export function working(lines: readonly string[]): string[] {
  return Object.entries(SIGNS).flatMap(([module, chart]) => (valuesOf(lines, chart).length > 0 ? [module] : []));
}

/** A configuration with these modules turned off. */
export const off = (...modules: readonly string[]): string =>
  `modules: {${modules.map((module) => `${module}: {enabled: no}`).join(', ')}}\n`;

/** A configuration of one module, with the others turned off. */
export const only = (module: string, options: string): string =>
  `modules: {${ALL.map((one) => `${one}: {${one === module ? options : 'enabled: no'}}`).join(', ')}}\n`;
