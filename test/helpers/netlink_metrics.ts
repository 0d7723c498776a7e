/** What the modules `events`, `flows` and `sockets` return, and what they read: the same on every kernel. */

import { Volume } from 'memfs';

import { createLog } from '../../collector/base/log.ts';
import type { Runtime } from '../../collector/base/runtime.ts';
import { EventsModule } from '../../collector/modules/events/events.ts';
import { FlowsModule } from '../../collector/modules/flows/flows.ts';
import type { Sample } from '../../collector/modules/module.ts';
import { TABLES } from '../../collector/modules/sockets/socket_tally.ts';
import { SocketsModule } from '../../collector/modules/sockets/sockets.ts';
import { Host } from '../../collector/procfs/host.ts';
import { done, FakeChannel, statistics } from './netlink_channel.ts';

const log = createLog({ level: 'error', now: () => 0, write: () => undefined });

const runtime: Runtime = {
  monotonic: () => 0,
  cpuTime: () => 0,
  later: () => () => undefined,
  yield: () => Promise.resolve(),
};

/** What `events` returns where nothing happens. `volume` is what it reads files from. */
export function eventSamples(volume: Volume = new Volume()): readonly Sample[] {
  volume.fromJSON({ '/proc/sys/net/netfilter/nf_conntrack_count': '0\n' });
  const module = new EventsModule({
    fs: volume,
    host: new Host(volume, ''),
    log,
    connect: () => new FakeChannel(),
    runtime,
    every: 1,
    required: false,
    receiveBuffer: 1024,
    mostPerSecond: 1000,
  });
  // The first interval is shorter than a whole one here.
  module.collect(0);
  module.collect(1e6);
  return module.collect(2e6);
}

/** What `flows` returns of an empty table. */
export async function flowSamples(): Promise<readonly Sample[]> {
  const channel = new FakeChannel();
  channel.reply('statistics', [statistics({ entries: 0, max: 16 })]);
  channel.reply('table', [done()]);
  const module = new FlowsModule({
    log,
    connect: () => channel,
    runtime,
    tick: 1,
    every: 10,
    share: 1,
    fullAbove: 100,
    required: false,
  });
  module.collect(0, true);
  await new Promise((resolve) => setImmediate(resolve));
  return module.collect(1e6, true);
}

/** What `sockets` returns of a host with IPv6 that has no sockets. `volume` is what it reads files from. */
export async function socketSamples(volume: Volume = new Volume()): Promise<readonly Sample[]> {
  volume.fromJSON(
    Object.fromEntries(TABLES.map((table) => [`/proc/net/${table}`, '  sl  local_address rem_address\n'])),
  );
  const module = new SocketsModule({
    fs: volume,
    host: new Host(volume, ''),
    log,
    connect: () => {
      throw new Error('nothing is asked over netlink');
    },
    runtime,
    readFrom: 'procfs',
    tick: 1,
    every: 5,
    share: 1,
    required: false,
  });
  module.collect(0, true);
  await new Promise((resolve) => setImmediate(resolve));
  return module.collect(1e6, true);
}
