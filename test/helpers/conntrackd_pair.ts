/** A laboratory of conntrackd for one test, with the built program beside each daemon, and expectations of both. */

import { expect, type TestContext } from 'vitest';

import { establishedConnections } from './conntrack.ts';
import { countersOf } from './conntrackd_counters.ts';
import { ConntrackdLaboratory } from './conntrackd_lab.ts';
import type { ConntrackdMode } from './conntrackd_modes.ts';
import { ConntrackdWatch, type Mark, type WatchOptions } from './conntrackd_watch.ts';
import { until } from './until.ts';

export interface Pair {
  readonly laboratory: ConntrackdLaboratory;
  readonly active: ConntrackdWatch;
  readonly backup: ConntrackdWatch;
  /** Counters when the programs started. */
  readonly from: Readonly<Record<'active' | 'backup', Mark>>;
}

/** A single daemon with the program beside it. */
export interface Single {
  readonly laboratory: ConntrackdLaboratory;
  readonly active: ConntrackdWatch;
  readonly from: Mark;
}

/** Values by dimension. */
type Values = Readonly<Record<string, number>>;

/** Creates a laboratory and closes it with the test. */
export async function createLaboratory(test: TestContext, mode: ConntrackdMode): Promise<ConntrackdLaboratory> {
  const laboratory = await ConntrackdLaboratory.create(mode);
  test.onTestFinished(() => laboratory.close());
  return laboratory;
}

/** Starts the program beside a daemon and stops it with the test. */
export function watch(
  test: TestContext,
  laboratory: ConntrackdLaboratory,
  node: 'active' | 'backup',
  options?: WatchOptions,
): ConntrackdWatch {
  const watching = new ConntrackdWatch(laboratory, node, options);
  test.onTestFinished(async () => void (await watching.stop()));
  return watching;
}

/** Starts a pair; resolves when both daemons have charts. */
export async function watchPair(test: TestContext, mode: ConntrackdMode): Promise<Pair> {
  const laboratory = await createLaboratory(test, mode);
  const before = await Promise.all([countersOf(laboratory, 'active'), countersOf(laboratory, 'backup')]);
  const active = watch(test, laboratory, 'active');
  const backup = watch(test, laboratory, 'backup');
  const from = await Promise.all([active.begun(before[0]), backup.begun(before[1])]);
  return { laboratory, active, backup, from: { active: from[0], backup: from[1] } };
}

/** Starts a statistics daemon with some connections; resolves when it has charts. */
export async function watchSingle(test: TestContext, connections: number, options?: WatchOptions): Promise<Single> {
  const laboratory = await createLaboratory(test, 'stats');
  laboratory.restore('active', establishedConnections(connections));
  const before = await countersOf(laboratory, 'active');
  const active = watch(test, laboratory, 'active', options);
  return { laboratory, active, from: await active.begun(before) };
}

/** Waits until an expectation of the charts holds. */
export async function drawing(what: string, { program }: ConntrackdWatch, expected: () => void): Promise<void> {
  await until(`${what}; standard error: ${program.err}`, 120, () => {
    expected();
    return true;
  });
}

/** Waits until both nodes draw the active's `own` and the backup's `others` connections, as the kernel counts them. */
export async function expectInStep({ laboratory, active, backup }: Pair, own: number, others: number): Promise<void> {
  await drawing('what the active node has', active, () => {
    expect(active.latest('sync')).toEqual({ kernel: own, internal: own, external: others });
  });
  await drawing('what the backup has', backup, () => {
    expect(backup.latest('sync')).toEqual({ kernel: others, internal: others, external: own });
  });
  expect([laboratory.count('active'), laboratory.count('backup')]).toEqual([own, others]);
}

/** Waits until a node draws its links with their status and role. */
export async function expectLinks(
  node: ConntrackdWatch,
  links: Readonly<Record<string, readonly [status: Values, role: Values]>>,
): Promise<void> {
  await drawing('the links', node, () => {
    for (const [link, [status, role]] of Object.entries(links)) {
      expect(node.latest('link_status', link), link).toEqual(status);
      expect(node.latest('link_role', link), link).toEqual(role);
    }
  });
}
