/** What the modules `events`, `flows` and `sockets` return, and what they read: the same on every kernel. */

import { Volume } from 'memfs';

import { createLog } from '../../collector/base/log.ts';
import type { Runtime } from '../../collector/base/runtime.ts';
import { EventsModule } from '../../collector/modules/events/events.ts';
import { FlowsModule } from '../../collector/modules/flows/flows.ts';
import type { Sample } from '../../collector/modules/module.ts';
import { TABLES } from '../../collector/modules/sockets/socket_tally.ts';
import { SocketsModule } from '../../collector/modules/sockets/sockets.ts';
import { contextOf } from './context.ts';
import { done, entry, FakeChannel, statistics } from './netlink_channel.ts';

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
  const module = new EventsModule(contextOf({ ctnetlink: () => new FakeChannel(), fs: volume, log, runtime }), {
    enabled: 'auto',
    every: 1,
    receive_buffer: 1,
    most_per_second: 1000,
  });
  // The first interval is shorter than a whole one here.
  module.collect(0);
  module.collect(1e6);
  return module.collect(2e6);
}

/** What `flows` returns of a table that has held a connection with source NAT for more than a minute. */
export async function flowSamples(): Promise<readonly Sample[]> {
  const channel = new FakeChannel();
  channel.reply('statistics', [statistics({ entries: 1, max: 16 })]);
  channel.reply('table', [entry({ protocol: 17, status: 0x18 }), done()]);
  let now = 0;
  const clock = { ...runtime, monotonic: () => now };
  const module = new FlowsModule(contextOf({ ctnetlink: () => channel, log, runtime: clock }), {
    enabled: 'auto',
    every: 1,
    update_every: 10,
    cpu_share: 100,
    full_above: 100,
    method: 'full',
    snat_pools: [{ network: { address: new Uint8Array(4), prefix: 0 }, low: 1, high: 65_535 }],
  });
  for (let second = 0; second <= 60; second += 10) {
    now = second * 1e6;
    module.collect(now, true);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return module.collect(61e6, true);
}

/** What `sockets` returns of a host with IPv6 that has no sockets. `volume` is what it reads files from. */
export async function socketSamples(volume: Volume = new Volume()): Promise<readonly Sample[]> {
  volume.fromJSON(
    Object.fromEntries(TABLES.map((table) => [`/proc/net/${table}`, '  sl  local_address rem_address\n'])),
  );
  const module = new SocketsModule(contextOf({ fs: volume, log, runtime }), {
    enabled: 'auto',
    every: 1,
    read_from: 'procfs',
    update_every: 5,
    cpu_share: 100,
  });
  module.collect(0, true);
  await new Promise((resolve) => setImmediate(resolve));
  return module.collect(1e6, true);
}
