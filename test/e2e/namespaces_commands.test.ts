/** Commands in other network namespaces, with and without a path, against what `conntrack` shows inside. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';

import { RESTORE, run } from '../helpers/conntrack.ts';
import { AS_NOBODY } from '../helpers/container.ts';
import { copyForEverybody, PLUGIN, Program, type ProgramOptions } from '../helpers/program.ts';
import { openShell } from '../helpers/shell.ts';
import { until } from '../helpers/until.ts';

const missing = inject('missing');

/** Seconds that a slow machine may take. */
const PATIENCE = 120;

/** Bound to a path; in the second there is no process. */
const BLUE = `ctns${process.pid}-blue`;
const RED = `ctns${process.pid}-red`;
const IN_BLUE = ['ip', 'netns', 'exec', BLUE];
const IN_RED = ['ip', 'netns', 'exec', RED];

let folder = '';
/** A process in a separate namespace, as in a container, and one in the namespace that is called blue. */
let held: ChildProcess;
let resident: ChildProcess;

function inHeld(): readonly string[] {
  return ['nsenter', '-t', String(held.pid), '-n'];
}

function entries(count: number, source: string): string {
  return Array.from(
    { length: count },
    (_, place) => `-A -t 3600 -s ${source} -d 10.99.0.1 -p udp --sport ${2000 + place} --dport 4711\n`,
  ).join('');
}

/** The number of entries that `conntrack -C` shows inside. */
function countedIn(via: readonly string[]): number {
  return Number(run([...via, 'conntrack', '-C']));
}

/** Starts a process that does nothing; resolves when it is in another namespace than this one. */
async function started(...command: readonly string[]): Promise<ChildProcess> {
  const [program = '', ...words] = command;
  const child = spawn(program, [...words, 'sleep', '3600'], { stdio: 'ignore' });
  const own = readlinkSync('/proc/self/ns/net');
  await until('a process in a namespace', PATIENCE, () => readlinkSync(`/proc/${child.pid}/ns/net`) !== own);
  return child;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'conntrack-netns-'));
  if (missing.kernel !== undefined) return;
  for (const name of [BLUE, RED]) run(['ip', 'netns', 'add', name]);
  resident = await started(...IN_BLUE);
  held = await started('unshare', '-n');
  run([...IN_BLUE, ...RESTORE], entries(471, '10.1.0.1'));
  run([...IN_RED, ...RESTORE], entries(38, '10.2.0.1'));
  run([...inHeld(), ...RESTORE], entries(1203, '10.3.0.1'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  held?.kill();
  resident?.kill();
  if (missing.kernel === undefined) for (const name of [BLUE, RED]) run(['ip', 'netns', 'delete', name]);
});

interface Printed {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a command in the namespace of this test to its end. */
async function printed(args: readonly string[], options: ProgramOptions = {}): Promise<Printed> {
  const program = new Program(args, {}, options);
  const { code } = await program.ended;
  return { code, out: program.out, err: program.err };
}

/** The objects that a command prints, and that all of them have this namespace. */
async function objects(args: readonly string[], options: ProgramOptions = {}): Promise<Record<string, unknown>[]> {
  const { code, err, out } = await printed([...args, '--json'], options);
  if (code !== 0) throw new Error(err);
  return out
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

function asNobody(): ProgramOptions {
  return { via: AS_NOBODY, plugin: copyForEverybody(folder) };
}

describe.skipIf(missing.kernel !== undefined)('a command in another network namespace', () => {
  it.each<[string, () => [given: string, name: string], number]>([
    ['by its name', () => [BLUE, BLUE], 471],
    ['by its name, without a process', () => [RED, RED], 38],
    ['by its path', () => [`/run/netns/${BLUE}`, BLUE], 471],
    ['by the path of a process in it', () => [`/proc/${resident.pid}/ns/net`, BLUE], 471],
    ['without a path, by a process', () => [`/proc/${held.pid}/ns/net`, `pid-${held.pid}`], 1203],
    ['without a path, by its name', () => [`pid-${held.pid}`, `pid-${held.pid}`], 1203],
  ])('%s lists all of its connections and no others', async (_, names, count) => {
    const [given, name] = names();
    const rows = await objects(['list', '--netns', given, '--limit', '100000']);
    expect(rows).toHaveLength(count);
    expect(new Set(rows.map(({ destination_port, netns }) => `${netns} ${destination_port}`))).toEqual(
      new Set([`${name} 4711`]),
    );
    expect(new Set(rows.map(({ source_port }) => source_port)).size).toBe(count);
  });

  it('ranks them as on a host, and names the namespace in a table for a program', async () => {
    const { code, err, out } = await printed(['top', '--netns', BLUE]);
    expect([code, err]).toEqual([0, expect.stringContaining(`The table holds ${countedIn(IN_BLUE)} of at most `)]);
    const [head, row] = out.split('\n').map((line) => line.trim().split(/ {2,}/));
    expect(head?.slice(0, 3)).toEqual(['netns', 'source', 'connections']);
    expect(row?.slice(0, 3)).toEqual([BLUE, '10.1.0.1', '471']);
  });

  it('tail prints the events of that namespace alone', async () => {
    const program = new Program(['tail', '--json', '--netns', RED]);
    onTestFinished(() => program.stop().then(() => undefined));
    const entry = (port: number): string[] =>
      `-t 60 -p tcp -s 10.8.0.1 -d 10.9.0.1 --state SYN_SENT --sport ${port} --dport 80`.split(' ');
    const deleted = '-p tcp -s 10.8.0.1 -d 10.9.0.1 --dport 80'.split(' ');
    await until('an event', PATIENCE, () => {
      run([...IN_BLUE, 'conntrack', '-I', ...entry(5001)]);
      run([...IN_RED, 'conntrack', '-I', ...entry(5002)]);
      for (const via of [IN_BLUE, IN_RED]) run([...via, 'conntrack', '-D', ...deleted]);
      return program.out.includes('"destroyed"');
    });
    const events = program.out
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
    expect(new Set(events.map(({ netns, source_port }) => `${netns} ${source_port}`))).toEqual(
      new Set([`${RED} 5002`]),
    );
  });

  it('show prints lines with its name, and no others', async () => {
    const { code, err, out } = await printed(['show', '--netns', BLUE, '--ticks', '2']);
    expect([code, err]).toEqual([0, '']);
    const lines = out.split('\n').slice(0, -1);
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatch(new RegExp(`^\\S+Z netns=${BLUE} sockets\\.connections=471 `));
  });

  it('is refused when there is none of that name, with the nearest one', async () => {
    const { code, err, out } = await printed(['list', '--netns', `${BLUE}e`]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(
      new RegExp(`^conntrack\\.plugin: unknown network namespace "${BLUE}e"; did you mean "${BLUE}"\\?`),
    );
    expect(await printed(['list', '--netns', '/proc/self/ns/user'])).toMatchObject({
      code: 2,
      err: 'conntrack.plugin: /proc/self/ns/user is not the path of another network namespace\n',
    });
  });

  it.each(['list', 'show', 'tail'])('%s without the privilege says how to get it, and fails', async (command) => {
    const expected = 'cannot enter the network namespace: CAP_SYS_ADMIN is missing; ';
    const fix = 'run conntrack.plugin check to see how to allow it, or run this command as root';
    for (const name of [BLUE, `pid-${held.pid}`]) {
      expect(await printed([command, '--netns', name], asNobody())).toEqual({
        code: 1,
        out: '',
        err: `conntrack.plugin: ${expected}${fix}\n`,
      });
    }
  });
});

describe.skipIf(missing.kernel !== undefined)('top by network namespace', () => {
  const RANKED = ['top', '--by', 'netns', '--limit', '100000'];

  it('has the number of entries of each, and how it was read', async () => {
    const rows = await objects(RANKED);
    const found = (name: string) => rows.find(({ netns }) => netns === name);
    expect([BLUE, RED, `pid-${held.pid}`].map((name) => found(name)?.['connections'])).toEqual([
      countedIn(IN_BLUE),
      countedIn(IN_RED),
      countedIn(inHeld()),
    ]);
    expect([countedIn(IN_BLUE), countedIn(IN_RED), countedIn(inHeld())]).toEqual([471, 38, 1203]);
    expect([BLUE, RED, `pid-${held.pid}`].map((name) => found(name)?.['via'])).toEqual([
      expect.stringMatching(/^process \d+ \(/),
      `/run/netns/${RED}`,
      `process ${held.pid} (sleep)`,
    ]);
    expect(found(BLUE)).toMatchObject({ growth: 0, drop: 0, early_drop: 0, insert_failed: 0 });
    expect(found('host')?.['via']).toBe('/proc/net/stat/nf_conntrack');
    const places = [`pid-${held.pid}`, BLUE, RED].map((name) => rows.findIndex(({ netns }) => netns === name));
    expect(places).toEqual(places.toSorted((one, other) => one - other));
  });

  it('reads namespaces through their processes without privilege, and says why it cannot read the others', async () => {
    const { code, err, out } = await printed([...RANKED, '--json'], asNobody());
    expect(code).toBe(0);
    const rows = out
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
    const found = (name: string) => rows.find(({ netns }) => netns === name);
    expect(found(`pid-${held.pid}`)).toMatchObject({ connections: 1203, via: `process ${held.pid} (sleep)` });
    expect(found(RED)).toEqual({
      netns: RED,
      problem: 'cannot enter the network namespace: CAP_SYS_ADMIN is missing',
    });
    expect(err).toContain('run conntrack.plugin check to see how to allow it');
  });

  it('refuses the option --netns', async () => {
    expect(await printed(['top', '--by', 'netns', '--netns', BLUE])).toMatchObject({
      code: 2,
      err: 'conntrack.plugin: --by netns ranks all network namespaces: leave out --netns\n',
    });
  });
});

describe.skipIf(missing.terminal !== undefined)('network namespaces on a terminal', () => {
  const RUN = `${process.execPath} ${PLUGIN}`;

  async function shown(command: string, expected: RegExp, columns = 100): Promise<readonly string[]> {
    const tmux = openShell([], columns, 30);
    tmux.type(`clear; ${RUN} ${command}; echo ended with $?`);
    await until(`${expected} on the screen`, PATIENCE, () => expected.test(tmux.screen.join('\n')));
    return tmux.screen;
  }

  it('show ranks them beside the sections of the host', async () => {
    const config = join(folder, 'conntrack.conf');
    writeFileSync(config, `namespaces: { include: [${BLUE}, ${RED}, pid-${held.pid}], max: 0 }\n`);
    const rows = [`pid-${held.pid} +1,203`, `${BLUE} +471`, `${RED} +38`].map(
      (row) => `^.*${row} +<?\\d+\\.\\d %.*$\n`,
    );
    const screen = await shown(`show --config ${config}`, new RegExp(rows.join(''), 'm'));
    expect(screen.join('\n')).toMatch(/^Rates ─+ {2}Network Namespaces ─+$/m);
    expect(screen[0]).not.toContain('netns');
  });

  it('show names the one that it shows', async () => {
    const screen = await shown(`show --netns ${BLUE}`, /^471 of [\d,]+ entries/m);
    expect(screen[0]).toContain(`  netns ${BLUE}  every 1 s`);
  });

  it('an answer stands below the name of its namespace', async () => {
    const screen = await shown(`list --netns ${RED} --limit 2`, /ended with 0$/m);
    expect(screen[0]).toBe(`netns ${RED}`);
    expect(screen[1]).toMatch(/^Protocol /);
    const [name, entries] = await shown(`top --netns ${RED}`, /ended with 0$/m);
    expect([name, entries]).toEqual([`netns ${RED}`, expect.stringMatching(/^38 of [\d,]+ entries/)]);
  });
});
