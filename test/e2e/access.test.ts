/** Who may ask the kernel, and of which network namespace: what is drawn and what is said where netlink is no way. */

import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';

import { charts } from '../../charts/index.ts';
import { Laboratory } from '../helpers/laboratory.ts';
import { PLUGIN, Program, type ProgramOptions } from '../helpers/program.ts';
import { drawn } from '../helpers/stream.ts';
import { until } from '../helpers/until.ts';

const HOST = fileURLToPath(new URL('../../fixtures/hosts/linux-6.18', import.meta.url));
const EVERY_SECOND = 'modules: { flows: { update_every: 1, cpu_share: 100 } }';
const ELSEWHERE = 'the plugin is not known to live in the network namespace of the host: run the agent in it';

/** Mounts at its first argument what the words say, then becomes the command of the others. */
const withMount = (words: string): readonly string[] => ['sh', '-c', `mount ${words} "$1" && shift && exec "$@"`, 'sh'];

const chartsOf = (module: string): string[] =>
  charts.filter((chart) => chart.module === module && chart.scope === 'host').map(({ id }) => `conntrack.${id}`);
const isStat = (chart: string): boolean => chartsOf('stat').includes(chart);

let folder = '';
const programs: Program[] = [];

afterEach(async () => {
  await Promise.all(programs.splice(0).map((program) => program.stop()));
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
  folder = '';
});

function start(environment: Readonly<Record<string, string>>, options: ProgramOptions): Program {
  const program = new Program(['1'], environment, { config: EVERY_SECOND, ...options });
  programs.push(program);
  return program;
}

/** What was logged, without the time. */
function lines(program: Program): string[] {
  return program.err
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^time=\S+ comm=\S+ /, ''));
}

/** Waits for some ticks, in which nothing but the module `stat` draws. */
async function expectStatAlone(program: Program): Promise<void> {
  await program.updated('conntrack.sockets', 4);
  const names = Object.keys(program.stream.definitions);
  expect(names).toContain('conntrack.sockets');
  expect(names.filter((chart) => !isStat(chart))).toEqual([]);
}

it('on a host below a prefix that is not known to be this one, nothing is asked over netlink', async () => {
  const program = start({ NETDATA_HOST_PREFIX: HOST }, {});
  await expectStatAlone(program);
  expect(drawn(program.stream, 'conntrack.sockets')).toEqual({ connections: 2300 });
  expect(lines(program)).toEqual([
    expect.stringContaining(`level=notice msg="new and destroyed connections are not drawn: ${ELSEWHERE}; `),
    expect.stringContaining(`level=notice msg="the composition of the connection table is not drawn: ${ELSEWHERE}; `),
  ]);
});

describe.skipIf(inject('missing').kernel !== undefined)('in a namespace of its own', () => {
  let laboratory: Laboratory;

  beforeAll(() => {
    laboratory = Laboratory.create();
    laboratory.load(17);
  });

  afterAll(() => laboratory?.close());

  /** A copy of the program that everybody may read, run by somebody without any privilege. */
  function startUnprivileged(config: string): Program {
    folder = mkdtempSync(join(tmpdir(), 'conntrack-nobody-'));
    chmodSync(folder, 0o755);
    cpSync(dirname(PLUGIN), join(folder, 'dist'), { recursive: true });
    return start(
      {},
      {
        via: [...laboratory.via('router'), 'setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'],
        plugin: join(folder, 'dist/conntrack.plugin'),
        cwd: '/',
        config,
      },
    );
  }

  it('the plugin without privileges draws what procfs tells, and says of the rest once what it lacks', async () => {
    const program = startUnprivileged(EVERY_SECOND);
    await expectStatAlone(program);
    expect(drawn(program.stream, 'conntrack.sockets')).toEqual({ connections: 17 });
    expect(Object.keys(program.stream.definitions)).toContain('conntrack.errors');
    const lacks = 'the plugin lacks the capability CAP_NET_ADMIN';
    expect(lines(program)).toEqual([
      expect.stringContaining(`level=notice msg="new and destroyed connections are not drawn: ${lacks}`),
      expect.stringContaining(`level=notice msg="the composition of the connection table is not drawn: ${lacks}`),
    ]);
  });

  it('the plugin without privileges that shall do more says so as an error', async () => {
    const program = startUnprivileged(
      'modules: { stat: { enabled: yes, read_from: netlink }, events: { enabled: yes }, flows: { enabled: yes } }',
    );
    await until('three lines', 20, () => lines(program).length === 3);
    await program.updated('conntrack.sockets', 3);
    expect(Object.keys(program.stream.definitions).sort()).toEqual([
      'conntrack.buckets',
      'conntrack.sockets',
      'conntrack.utilization',
    ]);
    expect(lines(program)).toHaveLength(3);
    for (const line of lines(program)) expect(line).toMatch(/^level=error msg="[^"]*CAP_NET_ADMIN/);
  });

  it('the plugin of a container in another network namespace than the host asks nothing over netlink', async () => {
    folder = mkdtempSync(join(tmpdir(), 'conntrack-container-'));
    mkdirSync(join(folder, 'proc'));
    const via = [...laboratory.via('router'), ...withMount('--bind /proc'), join(folder, 'proc')];
    const program = start({ NETDATA_HOST_PREFIX: folder }, { via });
    await expectStatAlone(program);
    expect(lines(program).filter((line) => line.includes(ELSEWHERE))).toHaveLength(2);
  });

  it('the plugin of a container in the network namespace of the host draws everything', async () => {
    folder = mkdtempSync(join(tmpdir(), 'conntrack-container-'));
    mkdirSync(join(folder, 'proc'));
    // The host's first process is one in the router: that of a process namespace that is mounted below the prefix.
    const unshare = ['unshare', '--pid', '--fork', '--kill-child'];
    const host = ['sh', '-c', '"$@"; exit $?', 'sh'];
    const via = [...laboratory.via('router'), ...unshare, ...host, ...withMount('-t proc proc'), join(folder, 'proc')];
    const program = start({ NETDATA_HOST_PREFIX: folder }, { via });
    await program.updated('conntrack.dump', 2);
    await program.updated('conntrack.new_by_protocol', 2);
    expect(Object.keys(program.stream.definitions)).toEqual(
      expect.arrayContaining([...chartsOf('stat'), ...chartsOf('events'), ...chartsOf('flows')]),
    );
    expect(drawn(program.stream, 'conntrack.sockets')).toEqual({ connections: 17 });
    expect(drawn(program.stream, 'conntrack.flows_by_protocol')).toMatchObject({ tcp: 17, udp: 0 });
    expect(lines(program)).toEqual([]);
  });
});
