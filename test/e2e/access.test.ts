/** Privileges and network namespaces: the charts and the log lines where netlink cannot be used. */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it, type TestContext } from 'vitest';

import { charts } from '../../charts/index.ts';
import { AS_NOBODY, withHostAt, withMount } from '../helpers/container.ts';
import { Laboratory } from '../helpers/laboratory.ts';
import { isAlwaysShown } from '../helpers/occasional_charts.ts';
import { copyForEverybody, Program, type ProgramOptions } from '../helpers/program.ts';
import { lastValues } from '../helpers/stream.ts';
import { until } from '../helpers/until.ts';

const HOST = fileURLToPath(new URL('../../fixtures/hosts/linux-6.18', import.meta.url));
const OFTEN = '{ update_every: 1, cpu_share: 100 }';
const EVERY_SECOND = `modules: { flows: ${OFTEN}, sockets: ${OFTEN} }`;

const SOCKETS = ['tcp', 'tcp6', 'udp', 'udp6'].map((list) => `conntrack.socket_states_${list}`);

const chartsOf = (module: string): string[] =>
  charts.filter((chart) => chart.module === module && chart.scope === 'host').map(({ id }) => `conntrack.${id}`);

/** Starts the program and ends it with the test. */
function start(test: TestContext, environment: Readonly<Record<string, string>>, options: ProgramOptions): Program {
  const program = new Program(['1'], environment, { config: EVERY_SECOND, ...options });
  test.onTestFinished(async () => void (await program.stop()));
  return program;
}

/** A folder that is removed with the test. */
function temporaryFolder(test: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'conntrack-access-'));
  test.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The log, without times. */
function lines(program: Program): string[] {
  return program.err
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^time=\S+ comm=\S+ source=\S+ /, ''));
}

/** Waits for some ticks, in which only the modules `stat` and `sockets` have charts. */
async function expectUnprivileged(program: Program): Promise<void> {
  await Promise.all(['conntrack.sockets', ...SOCKETS].map((chart) => program.updated(chart, 4)));
  const needNothing = [...chartsOf('stat'), ...SOCKETS];
  expect(Object.keys(program.stream.definitions).filter((chart) => !needNothing.includes(chart))).toEqual([]);
}

/** The level and the code of each log line, in alphabetical order. */
function problems(program: Program): string[] {
  return lines(program)
    .map((line) => line.replace(/^level=(\w+) msg=".*" code=(\w+) .*/, '$1 $2'))
    .sort();
}

it.concurrent('below a prefix that may be another host, the plugin uses no netlink and logs why', async (test) => {
  const { expect } = test;
  const program = start(test, { NETDATA_HOST_PREFIX: HOST }, {});
  await expectUnprivileged(program);
  expect(lastValues(program.stream, 'conntrack.sockets')).toEqual({ connections: 2300 });
  expect(lastValues(program.stream, 'conntrack.socket_states_udp6')).toEqual({ connected: 28, unconnected: 32 });
  // Sockets are counted from procfs.
  expect(problems(program)).toEqual(['info other_namespace', 'notice other_namespace', 'notice other_namespace']);
});

describe.skipIf(inject('missing').kernel !== undefined).concurrent('in its own network namespace,', () => {
  let laboratory: Laboratory;

  beforeAll(() => {
    laboratory = Laboratory.create();
    laboratory.load(17);
  });

  afterAll(() => laboratory?.close());

  /** Runs a copy of the program that all users can read, as a user without privileges. */
  function startUnprivileged(test: TestContext, config: string): Program {
    const plugin = copyForEverybody(temporaryFolder(test));
    return start(test, {}, { via: [...laboratory.via('router'), ...AS_NOBODY], plugin, cwd: '/', config });
  }

  it('a plugin without privileges collects what needs none, and logs the missing capability once for each other module', async (test) => {
    const { expect } = test;
    const program = startUnprivileged(test, EVERY_SECOND);
    await expectUnprivileged(program);
    expect(lastValues(program.stream, 'conntrack.sockets')).toEqual({ connections: 17 });
    expect(Object.keys(program.stream.definitions)).toContain('conntrack.errors');
    // Sockets are counted over netlink; the others log nothing.
    expect(problems(program)).toEqual(['notice no_capability', 'notice no_capability']);
  });

  it('a plugin without privileges logs an error for each module that is configured to need them', async (test) => {
    const { expect } = test;
    const program = startUnprivileged(
      test,
      `modules:
  stat: { enabled: yes, read_from: netlink }
  events: { enabled: yes }
  flows: { enabled: yes }
  sockets: { enabled: yes, read_from: netlink, update_every: 1, cpu_share: 100 }
`,
    );
    await until('three lines', 120, () => lines(program).length === 3);
    await Promise.all(['conntrack.sockets', ...SOCKETS].map((chart) => program.updated(chart, 3)));
    expect(Object.keys(program.stream.definitions).sort()).toEqual(
      ['conntrack.buckets', 'conntrack.sockets', 'conntrack.utilization', ...SOCKETS].sort(),
    );
    expect(problems(program)).toEqual(Array(3).fill('error no_capability'));
  });

  it('a plugin in a container outside the network namespace of the host uses no netlink', async (test) => {
    const { expect } = test;
    const folder = temporaryFolder(test);
    mkdirSync(join(folder, 'proc'));
    const via = [...laboratory.via('router'), ...withMount('--bind /proc'), join(folder, 'proc')];
    const program = start(test, { NETDATA_HOST_PREFIX: folder }, { via });
    await expectUnprivileged(program);
    expect(lastValues(program.stream, 'conntrack.flows_by_protocol')).toBeUndefined();
    expect(problems(program)).toEqual(['info other_namespace', 'notice other_namespace', 'notice other_namespace']);
  });

  it('a plugin in a container in the network namespace of the host collects everything', async (test) => {
    const { expect } = test;
    const folder = temporaryFolder(test);
    mkdirSync(join(folder, 'proc'));
    const via = [...laboratory.via('router'), ...withHostAt(join(folder, 'proc'))];
    const program = start(test, { NETDATA_HOST_PREFIX: folder }, { via });
    await program.updated('conntrack.dump', 2);
    await program.updated('conntrack.new_by_protocol', 2);
    await program.updated('conntrack.socket_states_udp6', 2);
    expect(Object.keys(program.stream.definitions)).toEqual(
      expect.arrayContaining([...['stat', 'events', 'flows'].flatMap(chartsOf).filter(isAlwaysShown), ...SOCKETS]),
    );
    expect(lastValues(program.stream, 'conntrack.sockets')).toEqual({ connections: 17 });
    expect(lastValues(program.stream, 'conntrack.flows_by_protocol')).toMatchObject({ tcp: 17, udp: 0 });
    expect(lines(program)).toEqual([]);
  });
});
