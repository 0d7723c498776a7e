/** The module `conntrackd` on a host with daemons in memory. */

import type { Socket } from 'node:net';
import { Volume } from 'memfs';
import { vi } from 'vitest';

import { ConntrackdModule, type ConntrackdSettings } from '../../collector/modules/conntrackd/conntrackd.ts';
import type { Sample } from '../../collector/modules/module.ts';
import { messageWithFix, problemAt } from '../../collector/modules/problem.ts';
import { Host } from '../../collector/procfs/host.ts';
import { MemoryDaemon } from './conntrackd_daemon.ts';
import { contextOf } from './context.ts';
import { FakeRuntime } from './fake_runtime.ts';
import { RecordingLog } from './recording_log.ts';

export const FW = '/run/fw.ctl';
export const EDGE = '/run/edge.ctl';
export const USUAL = '/var/run/conntrackd.ctl';
export const CONFIGURATION = '/etc/conntrackd/conntrackd.conf';
export const COUNT = '/proc/sys/net/netfilter/nf_conntrack_count';
export const runtimeAnswer = (received: number): string =>
  `daemon uptime: 7 min\n\nnetlink stats:\n\tevents received:\t${String(received).padStart(20)}\n`;

export const CT = 'cache internal:\ncurrent active connections:\t          41\n';
/** A host with daemons in memory, by the paths of their sockets. */
export class Firewall {
  readonly runtime = new FakeRuntime();
  readonly log = new RecordingLog();
  readonly volume = Volume.fromJSON({ '/proc/net/dev': '' });
  readonly daemons = new Map<string, MemoryDaemon>();
  /** The paths that were connected to, in order. */
  readonly connected: string[] = [];
  /** Thrown in place of connecting. */
  defect: unknown;
  readonly module: ConntrackdModule;
  #starts = 0;

  constructor(settings: Partial<ConntrackdSettings> = {}, prefix = '') {
    const { log, runtime, volume } = this;
    const connect = (path: string): Socket => {
      this.connected.push(path);
      if (this.defect !== undefined) throw this.defect;
      const daemon = this.daemons.get(path) ?? new MemoryDaemon();
      if (!this.daemons.has(path)) daemon.instead = { fails: 'ENOENT' };
      return daemon.connect();
    };
    const context = contextOf({ connect, fs: volume, host: new Host(volume, prefix), log, runtime });
    this.module = new ConntrackdModule(context, {
      enabled: 'auto',
      every: 5,
      update_every: 5,
      timeout: 2,
      sockets: [],
      ...settings,
    });
  }

  /** Starts a daemon, or another in its place. */
  start(path: string, replies: MemoryDaemon['replies'] = {}): MemoryDaemon {
    const daemon = new MemoryDaemon({ runtime: runtimeAnswer(100), ct: CT, ...replies });
    this.daemons.set(path, daemon);
    this.volume.mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true });
    this.volume.writeFileSync(path, '');
    this.volume.utimesSync(path, 1000, 1000 + ++this.#starts);
    return daemon;
  }

  stop(path: string): void {
    this.daemons.delete(path);
    this.volume.unlinkSync(path);
  }

  /** Lists sockets in the host's namespace, and no others. */
  listed(...paths: readonly string[]): void {
    const lines = paths.map((path, at) => `00000000: 00000002 00000000 00010000 0001 01 ${12_345 + at} ${path}\n`);
    const text = `Num       RefCount Protocol Flags    Type St Inode Path\n${lines.join('')}`;
    this.volume.writeFileSync('/proc/net/unix', text);
  }

  count(connections: string): void {
    this.volume.mkdirSync(COUNT.slice(0, COUNT.lastIndexOf('/')), { recursive: true });
    this.volume.writeFileSync(COUNT, connections);
  }

  /** Updates, and lets the round that begins run until it waits. */
  async tick(second: number, isTaken = true): Promise<readonly Sample[]> {
    this.runtime.advanceTo(second);
    // Pending callbacks run first.
    await this.runtime.settle();
    const samples = this.module.collect(second * 1e6, isTaken);
    await this.runtime.settle();
    return samples;
  }

  /** Updates every second. Returns the daemon and its state at each second with a sample. */
  async states(from: number, to: number): Promise<[number, string][]> {
    const found: [number, string][] = [];
    for (let second = from; second <= to; second++) {
      const samples = await this.tick(second);
      for (const sample of samples) if (sample.scope === 'daemon') found.push([second, stateOf(sample)]);
    }
    return found;
  }

  /** The log lines since the last call. */
  logged(): string[] {
    return this.log.entries.splice(0).map(({ fields, level, message }) => `${level} ${message} ${fields?.['path']}`);
  }

  get open(): number {
    return [...this.daemons.values()].reduce((sum, { open }) => sum + open, 0);
  }
}

export function stateOf({ instance, values }: Sample): string {
  const states = ['up', 'unresponsive', 'down'].filter((state) => values[state] === 1);
  return `${instance} ${states.join()}`;
}

export const DOWN = messageWithFix(problemAt('conntrackd_down', ''));
export const SLOW = messageWithFix(problemAt('conntrackd_unresponsive', ''));
export const BACK = 'conntrackd answers again';
export const DENIED = messageWithFix(problemAt('conntrackd_denied', ''));
/** Counts from now on how often a file is opened, and the files that are open. */
export function descriptorsOf({ volume }: Firewall): () => { opened: number; open: number } {
  const open = vi.spyOn(volume, 'openSync');
  const close = vi.spyOn(volume, 'closeSync');
  return () => {
    const got = open.mock.results.filter(({ type }) => type === 'return').length;
    return { opened: open.mock.calls.length, open: got - close.mock.calls.length };
  };
}
