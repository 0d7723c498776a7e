/** The built program beside real pairs of conntrackd in every mode, compared with the counters of the daemons. */

import { describe, inject, it } from 'vitest';

import { establishedConnections } from '../helpers/conntrack.ts';
import { countersOf } from '../helpers/conntrackd_counters.ts';
import type { ConntrackdLaboratory } from '../helpers/conntrackd_lab.ts';
import { drawing, expectInStep, watchPair, watchSingle } from '../helpers/conntrackd_pair.ts';
import { BAD_MESSAGES } from '../helpers/conntrackd_requests.ts';
import { until } from '../helpers/until.ts';

const RUNNING = { running: 1, no_carrier: 0, down: 0 };
const ACTIVE = { active: 1, backup: 0 };

/** Source port of the first established connection. */
const FIRST_PORT = 1024;

describe.skipIf(inject('missing').conntrackd !== undefined).concurrent('the charts of conntrackd', () => {
  it('match the counters of both nodes in mode FTFW over UDP', async (test) => {
    const { expect } = test;
    const pair = await watchPair(test, 'ftfw-udp');
    const { laboratory, active, backup, from } = pair;
    laboratory.restore('active', establishedConnections(413));
    laboratory.restore('backup', establishedConnections(31, 50_000));
    await laboratory.traffic('active', 7, 3);
    update(laboratory, 59);
    remove(laboratory, 37);
    const count = 413 + 7 - 37;
    await expectInStep(pair, count, 31);
    const to = await Promise.all([active.mark(), backup.mark()]);

    active.expectCounted(from.active, to[0], {
      'cache_changes internal': { created: 420, updated: 59, destroyed: 37 },
      'cache_changes external': { created: 31 },
      'link_traffic sync0': { sent: 10_000, received: 300 },
      'link_packets sync0': { sent: 96, received: 5 },
      netlink_events: { received: 516 },
    });
    backup.expectCounted(from.backup, to[1], {
      'cache_changes internal': { created: 31 },
      'cache_changes external': { created: 420, destroyed: 37 },
      'link_traffic sync0': { sent: 300, received: 10_000 },
    });
    for (const node of [active, backup]) {
      expect(node.latest('state')).toEqual({ up: 1, unresponsive: 0, down: 0 });
      expect(node.latest('link_status', 'sync0')).toEqual(RUNNING);
      expect(node.latest('link_role', 'sync0')).toEqual(ACTIVE);
      expect(node.latest('messages')).toEqual({ lost: 0, out_of_order: 0, malformed_received: 0, malformed_sent: 0 });
      expect(node.latest('netlink_buffer')).toEqual({ size: 262_144 });
      expect(node.latest('children')).toEqual({ flush: 0, commit: 0, any: 0, unknown: 0 });
      expect(node.latest('tcp_channel')).toBeUndefined();
      expect(node.lines).toEqual([]);
    }
    expect(active.latest('cache_objects', 'internal')).toMatchObject({ active: count });
    expect(backup.latest('cache_objects', 'external')).toMatchObject({ active: count });
    expect(active.program.stream.definitions[active.id('cache_objects', 'internal')]?.labels).toEqual({
      daemon: 'active',
      cache: 'internal',
      objects: 'connections',
    });
    expect(backup.program.stream.definitions[backup.id('link_status', 'sync0')]?.labels).toEqual({
      daemon: 'backup',
      device: 'sync0',
      protocol: 'udp',
    });
  });

  it('distinguish lost, late and malformed messages', async (test) => {
    const pair = await watchPair(test, 'ftfw-udp');
    const { laboratory, active, backup, from } = pair;
    // A daemon detects losses only after the first message of the other.
    laboratory.restore('active', establishedConnections(11, 1000));
    await expectInStep(pair, 11, 0);
    const { badSize, before, truncated, wrongVersion } = BAD_MESSAGES;
    laboratory.send('backup', [truncated, ...times(2, wrongVersion), ...times(4, badSize)]);
    laboratory.send('backup', times(3, before));
    const sent = async () => (await countersOf(laboratory, 'active'))['link_packets sync0']?.['sent'] ?? 0;
    const alreadySent = await sent();
    laboratory.lose('backup');
    laboratory.restore('active', establishedConnections(170, 2000));
    await until('messages are sent', 120, async () => (await sent()) >= alreadySent + 10);
    laboratory.loseNothing('backup');
    // Only the next message shows that some are missing.
    laboratory.restore('active', establishedConnections(5, 3000));
    await until('the backup knows it', 120, async () =>
      /Packets lost:\s+[1-9]/.test(await laboratory.ask('backup', 'network')),
    );
    const to = await backup.mark();
    backup.expectCounted(from.backup, to, {
      messages: { lost: 1, out_of_order: 3, malformed_received: 7 },
      malformed_messages: { wrong_version: 2, truncated: 1, size: 4 },
    });
    // All of them are retransmitted.
    await expectInStep(pair, 11 + 170 + 5, 0);
    active.expectEvents([0, active.program.ticks.length], 'messages', 'lost', [0, 0]);
  });

  it('show bypassed and injected connections, and no cache, in mode NOTRACK without caches', async (test) => {
    const { expect } = test;
    const { laboratory, active, backup, from } = await watchPair(test, 'notrack-no-caches');
    laboratory.restore('active', establishedConnections(113));
    await expectInjected(laboratory, 113);
    remove(laboratory, 29);
    await expectInjected(laboratory, 113 - 29);
    const to = await Promise.all([active.mark(), backup.mark()]);
    active.expectCounted(from.active, to[0], { 'cache_changes bypass': { created: 113, destroyed: 29 } });
    backup.expectCounted(from.backup, to[1], { 'cache_changes inject': { created: 113, destroyed: 29 } });
    for (const node of [active, backup]) {
      expect(node.latest('cache_changes', 'bypass')).toEqual({ created: 0, updated: 0, destroyed: 0 });
      expect(node.latest('cache_failures', 'inject')).toEqual({ create: 0, update: 0, destroy: 0 });
      for (const cache of ['internal', 'external', 'bypass', 'inject']) {
        expect(node.latest('cache_objects', cache), cache).toBeUndefined();
      }
      expect(node.latest('sync')).toBeUndefined();
      expect(node.lines).toEqual([]);
    }
  });

  it('show the state of a TCP channel', async (test) => {
    const { expect } = test;
    const pair = await watchPair(test, 'notrack-tcp');
    const { laboratory, active, backup } = pair;
    laboratory.restore('active', establishedConnections(67));
    await expectInStep(pair, 67, 0);
    for (const node of [active, backup]) {
      expect(node.latest('tcp_channel')).toEqual({ server_connected: 1, client_connected: 1 });
      expect(node.program.stream.definitions[node.id('link_traffic', 'sync0')]?.labels['protocol']).toBe('tcp');
    }
    await laboratory.stop('backup');
    await drawing('the channel is disconnected', active, () => {
      expect(active.latest('tcp_channel')).toEqual({ server_connected: 0, client_connected: 0 });
    });
    await drawing('the daemon is down', backup, () => {
      expect(backup.latest('state')).toEqual({ up: 0, unresponsive: 0, down: 1 });
    });
  });

  it.for(['ftfw-multicast', 'alarm', 'notrack'] as const)(
    'show the true number of connections in mode %s',
    async (mode, test) => {
      const { expect } = test;
      const pair = await watchPair(test, mode);
      const { laboratory, active, backup, from } = pair;
      laboratory.restore('active', establishedConnections(131));
      laboratory.restore('backup', establishedConnections(17, 50_000));
      await expectInStep(pair, 131, 17);
      const to = await Promise.all([active.mark(), backup.mark()]);
      active.expectCounted(from.active, to[0], { 'cache_changes internal': { created: 131 } });
      backup.expectCounted(from.backup, to[1], { 'cache_changes external': { created: 131 } });
      const protocol = mode === 'ftfw-multicast' ? 'multicast' : 'udp';
      for (const node of [active, backup]) {
        expect(node.program.stream.definitions[node.id('link_status', 'sync0')]?.labels['protocol']).toBe(protocol);
        expect(node.latest('queue_elements', 'rsqueue') !== undefined).toBe(mode === 'ftfw-multicast');
        expect(node.lines).toEqual([]);
      }
    },
  );

  it('show only the cache of a statistics daemon', async (test) => {
    const { expect } = test;
    const { laboratory, active, from } = await watchSingle(test, 20);
    laboratory.restore('active', establishedConnections(69, 9000));
    remove(laboratory, 13);
    await drawing('76 connections', active, () => {
      expect(active.latest('cache_objects', 'stats')).toEqual({ active: 76, total: 76 });
    });
    active.expectCounted(from, await active.mark(), { 'cache_changes stats': { created: 69, destroyed: 13 } });
    const ids = Object.keys(active.program.stream.definitions);
    expect(ids.filter((id) => /_(?:link|queue)_|_sync_|_messages_|_tcp_channel/.test(id))).toEqual([]);
    expect(ids).toEqual(expect.arrayContaining([active.id('state'), active.id('uptime'), active.id('netlink_events')]));
    expect(active.lines).toEqual([]);
  });

  it('show expectations separately from connections', async (test) => {
    const { expect } = test;
    const { laboratory, active, backup } = await watchPair(test, 'ftfw-expectations');
    await laboratory.expectations('active', 5);
    const connections = laboratory.count('active');
    expect(laboratory.run('active', ['conntrack', '-L', 'expect']).trim().split('\n')).toHaveLength(5);
    await drawing('they are in the cache', active, () => {
      expect(active.latest('cache_objects', 'internal_expectations')).toEqual({ active: 5 });
      expect(active.latest('cache_objects', 'internal')).toMatchObject({ active: connections });
    });
    await drawing('they are copied', backup, () => {
      expect(backup.latest('cache_objects', 'external_expectations')).toEqual({ active: 5 });
      expect(backup.latest('cache_objects', 'internal_expectations')).toEqual({ active: 0 });
      expect(backup.latest('sync')).toEqual({ kernel: 0, internal: 0, external: connections });
    });
    expect(active.program.stream.definitions[active.id('cache_changes', 'internal_expectations')]?.labels).toEqual({
      daemon: 'active',
      cache: 'internal',
      objects: 'expectations',
    });
  });

  it('show overruns of kernel events, and the grown buffer', async (test) => {
    const { expect } = test;
    const { laboratory, active } = await watchPair(test, 'ftfw-udp');
    // The stopped daemon does not read, so its buffer overflows.
    laboratory.freeze('active');
    laboratory.restore('active', establishedConnections(1100));
    laboratory.thaw('active');
    const reported = async (what: string): Promise<number> =>
      Number(new RegExp(`${what}:\\s+(\\d+)`).exec(await laboratory.ask('active', 'runtime'))?.[1]);
    await until('the daemon reports overruns', 120, async () => (await reported('netlink overrun')) > 0);
    await until('the charts show them', 120, async () => {
      const overruns = await reported('netlink overrun');
      active.expectEvents([0, active.program.ticks.length], 'netlink_errors', 'overruns', [overruns, overruns]);
      expect(active.latest('netlink_buffer')).toEqual({ size: await reported('current buffer size \\(in bytes\\)') });
      return true;
    });
    expect(active.latest('netlink_buffer')?.['size']).toBeGreaterThan(262_144);
    expect(active.latest('sync')?.['kernel']).toBe(1100);
    expect(active.latest('sync')?.['internal']).toBeLessThan(1100);
  });
});

/** Changes the mark of the first `count` established connections, so that the kernel reports each of them. */
function update(laboratory: ConntrackdLaboratory, count: number): void {
  each(laboratory, count, '-U -m 7');
}

/** Deletes the first `count` established connections. */
function remove(laboratory: ConntrackdLaboratory, count: number): void {
  each(laboratory, count, '-D');
}

function each(laboratory: ConntrackdLaboratory, count: number, options: string): void {
  const command = `conntrack ${options} -s 10.88.0.1 -d 10.99.0.1 -p tcp --dport 443 --sport`;
  const last = FIRST_PORT + count - 1;
  laboratory.run('active', ['sh', '-ec', `for port in $(seq ${FIRST_PORT} ${last}); do ${command} $port; done`]);
}

/** Waits until the backup's daemon has injected `count` connections into the kernel's table. */
async function expectInjected(laboratory: ConntrackdLaboratory, count: number): Promise<void> {
  await until(`${count} connections in the backup`, 120, () => laboratory.count('backup') === count);
}

function times<T>(count: number, thing: T): T[] {
  return Array.from({ length: count }, () => thing);
}
