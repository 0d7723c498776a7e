/** The module `sockets` on a host in memory. */

import type { Sample } from '../../collector/modules/module.ts';
import { SocketsModule, type SocketsSettings } from '../../collector/modules/sockets/sockets.ts';
import { contextOf } from './context.ts';
import { FakeRuntime } from './fake_runtime.ts';
import { RecordingLog } from './recording_log.ts';
import { SocketHost, type SocketStates } from './socket_host.ts';

export const SOCKETS: SocketStates = { tcp: [1, 1, 1, 10, 6], tcp6: [8, 8, 10], udp: [7, 7, 1], udp6: [1] };

/** Number of sockets by list. */
export type Counts = Record<string, number>;

/** The module with its own clock, log and host. */
export class Counting {
  readonly runtime = new FakeRuntime(500e6);
  readonly log = new RecordingLog();
  readonly host: SocketHost;
  readonly module: SocketsModule;

  constructor(settings: Partial<SocketsSettings> = {}, states = SOCKETS) {
    this.host = new SocketHost(states);
    const { connect, volume } = this.host;
    const { log, runtime } = this;
    this.module = new SocketsModule(contextOf({ fs: volume, log, runtime, sockDiag: connect }), {
      enabled: 'auto',
      every: 1,
      read_from: 'auto',
      update_every: 5,
      cpu_share: 2,
      ...settings,
    });
  }

  /** CPU time of each later read or datagram, in microseconds. */
  set cost(microseconds: number) {
    this.host.onRead = () => this.runtime.compute(microseconds);
  }

  /** Updates, and lets a count that begins run to its end. */
  async samples(second: number, isTaken = true): Promise<readonly Sample[]> {
    this.runtime.advanceTo(second);
    // The next update fills the same samples.
    const samples = structuredClone(this.module.collect(second * 1e6, isTaken));
    await this.runtime.settle();
    return samples;
  }

  /** Updates. Returns the number of sockets of each list; `undefined` without samples. */
  async tick(second: number, isTaken = true): Promise<Counts | undefined> {
    const samples = await this.samples(second, isTaken);
    if (samples.length === 0) return undefined;
    return Object.fromEntries(
      samples.map(({ instance, values }) => [
        instance,
        Object.values(values).reduce((sum = 0, value = 0) => sum + value),
      ]),
    ) as Counts;
  }

  /** Updates every second. Returns the seconds at which sockets were counted over netlink. */
  async countedAt(from: number, to: number): Promise<number[]> {
    const times: number[] = [];
    for (let second = from; second <= to; second++) {
      const before = this.host.asked;
      await this.tick(second);
      if (this.host.asked > before) times.push(second);
    }
    return times;
  }
}

export const COUNTS: Counts = { tcp: 5, tcp6: 3, udp: 3, udp6: 1 };
