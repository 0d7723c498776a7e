/** The built program beside real conntrackd daemons that stop, hang, restart or refuse access. */

import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, expect, inject, it, type TestContext } from 'vitest';

import { establishedConnections } from '../helpers/conntrack.ts';
import { countersOf } from '../helpers/conntrackd_counters.ts';
import type { ConntrackdLaboratory } from '../helpers/conntrackd_lab.ts';
import { createLaboratory, drawing, watch, watchSingle } from '../helpers/conntrackd_pair.ts';
import { type ConntrackdWatch, type Mark, onlyConntrackd } from '../helpers/conntrackd_watch.ts';
import { AS_NOBODY, withHostAt } from '../helpers/container.ts';
import { copyForEverybody, Program } from '../helpers/program.ts';
import { lastValues } from '../helpers/stream.ts';
import { until } from '../helpers/until.ts';

const ANSWERS_AGAIN = 'level=info msg="conntrackd answers again" path=PATH';
const NO_STATE = { up: 0, unresponsive: 0, down: 0 };

describe.skipIf(inject('missing').conntrackd !== undefined).concurrent('the charts of a conntrackd', () => {
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
    const { laboratory, active, from } = await watchSingle(test, 500, { module: 'update_every: 1, timeout: 5' });
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
    const { laboratory, active, from } = await watchSingle(test, 500, { module: 'update_every: 6, timeout: 10' });
    await roundIsOver(laboratory);
    await laboratory.stop('active');
    await laboratory.start('active');
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
    await until('both draw the connections', 120, () => {
      expect(lastValues(ofHost.stream, sync)).toEqual({ kernel: 47, internal: 47, external: 0 });
      expect(lastValues(ofAnother.stream, sync)).toEqual({ internal: 47, external: 0 });
      return true;
    });
    expect([ofHost.err, ofAnother.err]).toEqual(['', '']);
  });
});

/** Waits until the charts show a state, and for two more rounds: the first round of a new daemon has no rates. */
async function expectState(watching: ConntrackdWatch, state: keyof typeof NO_STATE): Promise<void> {
  await drawing(state, watching, () => expect(watching.latest('state')).toEqual({ ...NO_STATE, [state]: 1 }));
  await watching.program.updated(watching.id('state'), 2);
}

/**
 * Waits until the current round of requests is over: a daemon that ends during its answers resets the connection and is
 * noticed as down only in the next round. It answers one request after the other, so it has answered the nine of a round
 * once it has answered these ten.
 */
async function roundIsOver(laboratory: ConntrackdLaboratory): Promise<void> {
  for (let times = 0; times < 2; times++) await countersOf(laboratory, 'active');
}

/** Expects 500 objects without a rate of created ones, and only the state of a daemon that does not answer. */
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

/** Expects that the created objects since a mark add up to `count`. */
function expectCreated(watching: ConntrackdWatch, { ticks }: Mark, count: number): void {
  watching.expectEvents([ticks, watching.program.ticks.length], 'cache_changes stats', 'created', [count, count]);
}

/** Makes a folder that is removed with the test. */
function temporaryFolder(test: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'conntrack-'));
  test.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
