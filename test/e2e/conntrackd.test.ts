/** The built program beside real pairs of conntrackd in every mode, compared with the counters of the daemons. */

import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, expect, inject, it, type TestContext } from 'vitest';

import { establishedConnections } from '../helpers/conntrack.ts';
import { countersOf } from '../helpers/conntrackd_counters.ts';
import { BAD_MESSAGES, type ConntrackdLaboratory } from '../helpers/conntrackd_lab.ts';
import {
  createLaboratory,
  drawing,
  expectInStep,
  expectLinks,
  watch,
  watchPair,
  watchSingle,
} from '../helpers/conntrackd_pair.ts';
import { type ConntrackdWatch, type Mark, onlyConntrackd } from '../helpers/conntrackd_watch.ts';
import { AS_NOBODY, withHostAt } from '../helpers/container.ts';
import { copyForEverybody, Program } from '../helpers/program.ts';
import { drawn } from '../helpers/stream.ts';
import { until } from '../helpers/until.ts';

const RUNNING = { running: 1, no_carrier: 0, down: 0 };
const NO_CARRIER = { running: 0, no_carrier: 1, down: 0 };
const DOWN = { running: 0, no_carrier: 0, down: 1 };
const ACTIVE = { active: 1, backup: 0 };
const BACKUP = { active: 0, backup: 1 };
const ANSWERS_AGAIN = 'level=info msg="conntrackd answers again" path=PATH';
const NO_STATE = { up: 0, unresponsive: 0, down: 0 };

/** Source port of the first established connection. */
const FIRST_PORT = 1024;

describe.skipIf(inject('missing').conntrackd !== undefined).concurrent('the charts of conntrackd', () => {
  it('show a stop, a start and a kill, each with one log line and without a false rate', async (test) => {
    const { expect } = test;
    const { laboratory, active, from } = await watchSingle(test, 500);
    for (const end of ['stop', 'kill'] as const) {
      await expectState(active, 'up');
      await roundIsOver(laboratory);
      await laboratory[end]('active');
      await expectState(active, 'down');
      await laboratory.start('active');
    }
    await expectState(active, 'up');
    expectNoFalseRate(active);
    laboratory.restore('active', establishedConnections(43, 9000));
    await drawing('43 more', active, () => expectCreated(active, from, 43));
    expect(plainLines(laboratory, active)).toEqual([
      'level=warning code=conntrackd_down errno=ENOENT path=PATH',
      ANSWERS_AGAIN,
      'level=warning code=conntrackd_down errno=ECONNREFUSED path=PATH',
      ANSWERS_AGAIN,
    ]);
  });

  it('show an unresponsive daemon, with one log line and without a false rate', async (test) => {
    const { expect } = test;
    const { laboratory, active, from } = await watchSingle(test, 500, { module: 'update_every: 1, timeout: 1' });
    await expectState(active, 'up');
    laboratory.freeze('active');
    await expectState(active, 'unresponsive');
    laboratory.thaw('active');
    await expectState(active, 'up');
    expectNoFalseRate(active);
    laboratory.restore('active', establishedConnections(37, 9000));
    await drawing('37 more', active, () => expectCreated(active, from, 37));
    expect(plainLines(laboratory, active)).toEqual([
      'level=warning code=conntrackd_unresponsive errno=ETIMEDOUT path=PATH',
      ANSWERS_AGAIN,
    ]);
  });

  it('have no false rate when the daemon is restarted between two rounds', async (test) => {
    const { expect } = test;
    const { laboratory, active, from } = await watchSingle(test, 500, { module: 'update_every: 4' });
    await laboratory.restart('active');
    // The new daemon has counted more than the previous one.
    laboratory.restore('active', establishedConnections(300, 9000));
    expect((await countersOf(laboratory, 'active'))['cache_changes stats']?.['created']).toBe(800);
    await drawing('800', active, () => expect(active.latest('cache_objects', 'stats')?.['active']).toBe(800));
    expectCreated(active, from, 0);
    laboratory.restore('active', establishedConnections(29, 20_000));
    await drawing('29 more', active, () => expectCreated(active, from, 29));
    const states = active.program.stream.updates.filter(({ chart }) => chart === active.id('state'));
    for (const { values } of states) expect(values).toEqual({ up: 1, unresponsive: 0, down: 0 });
    expect(active.lines).toEqual([]);
  });

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
    const { expect } = test;
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
    await until('messages are sent', 10, async () => (await sent()) >= alreadySent + 10);
    laboratory.loseNothing('backup');
    // Only the next message shows that some are missing.
    laboratory.restore('active', establishedConnections(5, 3000));
    await until('the backup knows it', 20, async () =>
      /Packets lost:\s+[1-9]/.test(await laboratory.ask('backup', 'network')),
    );
    const to = await backup.mark();
    backup.expectCounted(from.backup, to, {
      messages: { lost: 1, out_of_order: 3, malformed_received: 7 },
      malformed_messages: { wrong_version: 2, truncated: 1, size: 4 },
    });
    // All of them are retransmitted.
    await expectInStep(pair, 11 + 170 + 5, 0);
    expect(active.events(0, 'messages', '', 'lost')).toBe(0);
  });

  it('show a cut link at both ends, and its repair', async (test) => {
    const { expect } = test;
    const pair = await watchPair(test, 'ftfw-udp');
    const { laboratory, active, backup } = pair;
    await expectLinks(active, { sync0: [RUNNING, ACTIVE] });
    laboratory.cut();
    await expectLinks(active, { sync0: [DOWN, ACTIVE] });
    await expectLinks(backup, { sync0: [NO_CARRIER, ACTIVE] });
    laboratory.mend();
    for (const node of [active, backup]) await expectLinks(node, { sync0: [RUNNING, ACTIVE] });
    // Connections created meanwhile are synchronised now.
    laboratory.restore('active', establishedConnections(61));
    await expectInStep(pair, 61, 0);
    for (const node of [active, backup]) expect(node.lines).toEqual([]);
  });

  it('show which of two links is active', async (test) => {
    const { expect } = test;
    const pair = await watchPair(test, 'ftfw-two-links');
    const { laboratory, active, backup, from } = pair;
    for (const node of [active, backup]) {
      await expectLinks(node, { sync0: [RUNNING, ACTIVE], sync1: [RUNNING, BACKUP] });
    }
    laboratory.cut();
    await expectLinks(active, { sync0: [DOWN, BACKUP], sync1: [RUNNING, ACTIVE] });
    await expectLinks(backup, { sync0: [NO_CARRIER, BACKUP], sync1: [RUNNING, ACTIVE] });
    laboratory.restore('active', establishedConnections(211));
    await expectInStep(pair, 211, 0);
    active.expectCounted(from.active, await active.mark(), { 'link_traffic sync1': { sent: 8000 } });
    laboratory.mend();
    for (const node of [active, backup]) {
      await expectLinks(node, { sync0: [RUNNING, BACKUP], sync1: [RUNNING, ACTIVE] });
      expect(node.latest('state')).toEqual({ up: 1, unresponsive: 0, down: 0 });
    }
  });

  it('show a link as down once its interface is removed, and the other link as before', async (test) => {
    const pair = await watchPair(test, 'ftfw-two-links');
    const { laboratory, active } = pair;
    await expectLinks(active, { sync0: [RUNNING, ACTIVE], sync1: [RUNNING, BACKUP] });
    // conntrackd prints the name and the status of the first link for the second.
    laboratory.remove(1);
    expect((await laboratory.ask('active', 'link')).match(/device=sync0 status=RUNNING/g)).toHaveLength(2);
    await expectLinks(active, { sync0: [RUNNING, ACTIVE], sync1: [DOWN, BACKUP] });
    const from = await active.mark();
    laboratory.restore('active', establishedConnections(157));
    await expectInStep(pair, 157, 0);
    active.expectCounted(from, await active.mark(), { 'link_traffic sync0': { sent: 6000 } });
    laboratory.remove(0);
    await expectLinks(active, { sync0: [DOWN, ACTIVE], sync1: [DOWN, BACKUP] });
    await active.program.updated(active.id('link_status', 'sync0'), 3);
    await active.program.updated(active.id('link_status', 'sync1'), 3);
    const status = active.id('link_status');
    const charts = Object.keys(active.program.stream.definitions).filter((id) => id.startsWith(status));
    expect(charts).toEqual([`${status}_sync0`, `${status}_sync1`]);
    expect(active.lines).toEqual([]);
  });

  it('name a link by its position if its interface was removed before the start', async (test) => {
    const laboratory = await createLaboratory(test, 'ftfw-two-links');
    laboratory.remove(0);
    const active = watch(test, laboratory, 'active');
    await expectLinks(active, { link_1: [DOWN, BACKUP], sync1: [RUNNING, ACTIVE] });
    expect(active.program.stream.definitions[active.id('link_status', 'link_1')]?.labels['device']).toBe('link 1');
    expect(active.lines).toEqual([]);
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
    const told = async (what: string): Promise<number> =>
      Number(new RegExp(`${what}:\\s+(\\d+)`).exec(await laboratory.ask('active', 'runtime'))?.[1]);
    await until('it knows', 20, async () => (await told('netlink overrun')) > 0);
    await until('it is drawn', 20, async () => {
      expect(active.events(0, 'netlink_errors', '', 'overruns')).toBe(await told('netlink overrun'));
      expect(active.latest('netlink_buffer')).toEqual({ size: await told('current buffer size \\(in bytes\\)') });
      return true;
    });
    expect(active.latest('netlink_buffer')?.['size']).toBeGreaterThan(262_144);
    expect(active.latest('sync')?.['kernel']).toBe(1100);
    expect(active.latest('sync')?.['internal']).toBeLessThan(1100);
  });

  it('are absent without permission on the socket, and appear once it is granted', async (test) => {
    const { expect } = test;
    const laboratory = await createLaboratory(test, 'ftfw-udp');
    laboratory.restore('active', establishedConnections(19));
    const folder = temporaryFolder(test);
    const socket = laboratory.socket('active');
    const off = ['events', 'flows', 'sockets'].map((module) => `${module}: { enabled: no }`).join(', ');
    const active = watch(test, laboratory, 'active', {
      via: [...laboratory.via('active'), ...AS_NOBODY],
      plugin: copyForEverybody(folder),
      cwd: '/',
      config: `modules: { ${off}, conntrackd: { sockets: [${socket}], update_every: 1 } }`,
    });
    await active.program.logged('code=conntrackd_denied');
    // Another module's charts show that time passes.
    await active.program.updated('conntrack.sockets', 4);
    const ids = (): string[] =>
      Object.keys(active.program.stream.definitions).filter((id) => id.includes('conntrackd'));
    expect(ids()).toEqual([]);
    laboratory.run('active', ['chgrp', '65534', socket]);
    laboratory.run('active', ['chmod', '0620', socket]);
    await drawing('the daemon', active, () => {
      expect(active.latest('sync')).toEqual({ kernel: 19, internal: 19, external: 0 });
    });
    expect(active.lines).toEqual([
      expect.stringMatching(/^level=warning msg=".*" code=conntrackd_denied errno=E(?:ACCES|PERM) path=/),
      `level=info msg="conntrackd answers" path=${socket}`,
    ]);
  });

  it("include a daemon of the host found by its configuration, with the kernel's count only in the same namespace", async (test) => {
    const { expect } = test;
    const laboratory = await createLaboratory(test, 'ftfw-udp');
    laboratory.restore('active', establishedConnections(47));
    const prefix = temporaryFolder(test);
    for (const folder of ['etc/conntrackd', 'proc', dirname(laboratory.folder)]) {
      mkdirSync(join(prefix, folder), { recursive: true });
    }
    copyFileSync(laboratory.configuration('active'), join(prefix, 'etc/conntrackd/conntrackd.conf'));
    symlinkSync(laboratory.folder, join(prefix, dirname(laboratory.folder), basename(laboratory.folder)));
    const start = (via: readonly string[]): Program => {
      const config = onlyConntrackd('update_every: 1');
      const program = new Program(['1'], { NETDATA_HOST_PREFIX: prefix }, { via, config });
      test.onTestFinished(async () => void (await program.stop()));
      return program;
    };
    const ofHost = start([...laboratory.via('active'), ...withHostAt(join(prefix, 'proc'))]);
    const ofAnother = start(laboratory.via('active'));
    const sync = 'conntrack.conntrackd_sync_active';
    await Promise.all([ofHost.printed(`BEGIN ${sync}`), ofAnother.printed(`BEGIN ${sync}`)]);
    expect(drawn(ofHost.stream, sync)).toEqual({ kernel: 47, internal: 47, external: 0 });
    expect(drawn(ofAnother.stream, sync)).toEqual({ internal: 47, external: 0 });
    expect([ofHost.err, ofAnother.err]).toEqual(['', '']);
  });
});

/** Waits until a daemon is drawn in a state, and then for two more rounds: the first round of a new daemon has no rates. */
async function expectState(watching: ConntrackdWatch, state: keyof typeof NO_STATE): Promise<void> {
  await drawing(state, watching, () => expect(watching.latest('state')).toEqual({ ...NO_STATE, [state]: 1 }));
  await watching.program.updated(watching.id('state'), 2);
}

/**
 * Waits until the current round of requests is over: a daemon that ends during its answers resets the connection and is
 * seen as down only in the next round. It answers one request after the other, so it has answered the nine of a round
 * once it has answered these ten.
 */
async function roundIsOver(laboratory: ConntrackdLaboratory): Promise<void> {
  for (let times = 0; times < 2; times++) await countersOf(laboratory, 'active');
}

/** Expects 500 objects that were never drawn as created, and only the state of a daemon that does not answer. */
function expectNoFalseRate(watching: ConntrackdWatch): void {
  const { ticks } = watching.program;
  const state = watching.id('state');
  for (const { charts } of ticks.filter((tick) => tick.charts[state]?.['up'] === 0)) {
    expect(Object.keys(charts)).toEqual([state]);
  }
  // Each daemon read them from the kernel at its start.
  expect(watching.latest('cache_objects', 'stats')).toEqual({ active: 500, total: 500 });
  const rates = ticks.flatMap(({ charts }) => Object.values(charts[watching.id('cache_changes', 'stats')] ?? {}));
  expect(rates.length).toBeGreaterThanOrEqual(2 * 3);
  expect(new Set(rates)).toEqual(new Set([0]));
}

/** The log lines, with only the code of each error. */
function plainLines(laboratory: ConntrackdLaboratory, watching: ConntrackdWatch): string[] {
  const path = laboratory.socket('active');
  return watching.lines.map((line) => line.replace(path, 'PATH').replace(/ msg=".*" code=/, ' code='));
}

/** Expects that the created objects since a mark add up to `count`, within a tenth. */
function expectCreated(watching: ConntrackdWatch, { ticks }: Mark, count: number): void {
  const drawnCount = watching.events(ticks, 'cache_changes', 'stats', 'created');
  expect(Math.abs(drawnCount - count), `${drawnCount} of ${count}`).toBeLessThanOrEqual(count / 10);
}

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
  await until(`${count} connections in the backup`, 15, () => laboratory.count('backup') === count);
}

function times<T>(count: number, thing: T): T[] {
  return Array.from({ length: count }, () => thing);
}

/** Makes a folder that is removed with the test. */
function temporaryFolder(test: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'conntrack-'));
  test.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
