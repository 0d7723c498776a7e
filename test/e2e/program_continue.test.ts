/** What the built program survives: unusual files, input and users, an agent that does not read, and a container. */

import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { PLUGIN } from '../helpers/program.ts';
import { AT_MOST, HOST, ProgramHost, replace } from '../helpers/program_host.ts';
import { NAMES, statRow, statText } from '../helpers/stat_text.ts';
import { lastValues, parseStream, type Update } from '../helpers/stream.ts';
import { until } from '../helpers/until.ts';
import { seconds } from '../helpers/wall_clock.ts';

const host = new ProgramHost();

beforeEach(() => host.create());
afterEach(() => host.remove());

describe('the program continues', () => {
  it('if a kernel file is a FIFO', async () => {
    mkdirSync(join(host.folder, 'proc/net/stat'), { recursive: true });
    spawnSync('mkfifo', [join(host.folder, 'proc/net/stat/nf_conntrack')]);
    const program = host.start(['1'], { NETDATA_HOST_PREFIX: host.folder });
    await program.logged('cannot be used');
    program.child.stdin.end();
    expect(await program.ended).toEqual({ code: 0, signal: null });
  });

  it('if standard input is /dev/null', async () => {
    const result = spawnSync(PLUGIN, ['1', '--ticks', '3'], {
      encoding: 'utf8',
      timeout: AT_MOST,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    expect(result.status).toBe(0);
    expect(() => parseStream(result.stdout)).not.toThrow();
  });

  it('if standard input is a terminal', () => {
    const environment = `NETDATA_HOST_PREFIX='${HOST}' NETDATA_STOCK_CONFIG_DIR='${host.stock}'`;
    const command = `${environment} '${PLUGIN}' 1 --ticks 3`;
    const result = spawnSync('script', ['-qec', command, '/dev/null'], {
      encoding: 'utf8',
      timeout: AT_MOST,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const stream = parseStream(result.stdout.replaceAll('\r\n', '\n'));
    expect(stream.updates.filter((update) => update.chart === 'conntrack.sockets')).toHaveLength(3);
  });

  it('after unknown input lines, which it logs with --debug', async () => {
    const program = host.onRecorded(['1', '--debug']);
    await program.printed('END\n');
    program.child.stdin.write('BLAH blah\nFUNCTION_PROGRESS 5\n');
    await program.logged('line="BLAH blah"');
    await program.printed('BEGIN conntrack.errors');
    expect(program.err).toContain('line="FUNCTION_PROGRESS 5"');
  });

  it('after a call of an unknown function, which it answers with 404', async () => {
    const program = host.onRecorded();
    program.child.stdin.write('FUNCTION tx-17 10 "conntrack:flows limit:5" "0x8" "user=operator"\n');
    await program.printed('FUNCTION_RESULT_END\n');
    const [, code, body] =
      /FUNCTION_RESULT_BEGIN 'tx-17' (\d+) application\/json \d+\n(.*)\nFUNCTION_RESULT_END\n/.exec(program.out) ?? [];
    expect(code).toBe('404');
    expect(JSON.parse(body ?? '')).toMatchObject({
      status: 404,
      errorMessage: expect.stringContaining('conntrack:flows'),
    });
  });

  it('while the agent does not read: drops whole ticks, logs that once, and resumes with a valid stream', async () => {
    const program = host.start(['1'], host.wide());
    program.child.stdout.pause();
    await program.logged('does not read');
    // Enough for two more ticks, even if one is late.
    await seconds(5);
    program.child.stdout.resume();
    await program.logged('reads again');
    program.child.kill('SIGSTOP');
    await until('all is read', 120, () => program.out.endsWith('END\n'));
    const dropped = Number(/dropped=(\d+)/.exec(program.err)?.[1]);
    expect(dropped).toBeGreaterThanOrEqual(2);
    expect(program.err.match(/does not read/g)).toHaveLength(1);
    const updates = parseStream(program.out).updates.filter((update) => update.chart === 'conntrack.sockets');
    const longest = Math.max(...updates.map((update) => update.microseconds ?? 0));
    expect(longest).toBeGreaterThan(dropped * 1e6);
  });

  it('through long intervals, in which it prints empty lines', async () => {
    const faster = join(host.folder, 'faster.cjs');
    writeFileSync(
      faster,
      'const { setInterval } = globalThis;\n' +
        'globalThis.setInterval = (action, milliseconds) => setInterval(action, milliseconds / 100);\n',
    );
    const program = host.onRecorded(['300'], { NODE_OPTIONS: `--require ${faster}` });
    await program.printed('END\n\n\n');
    program.child.stdin.end();
    expect(await program.ended).toEqual({ code: 0, signal: null });
  });

  it('as an unprivileged user', () => {
    const copy = join(host.folder, 'conntrack.plugin');
    cpSync(PLUGIN, copy);
    chmodSync(host.folder, 0o755);
    const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    const result = spawnSync(copy, ['1', '--ticks', '2'], { encoding: 'utf8', timeout: AT_MOST, cwd: '/', ...user });
    expect(result.status).toBe(0);
    expect(() => parseStream(result.stdout)).not.toThrow();
  });
});

describe('the program in a container with the host below a prefix', () => {
  it("shows the network namespace of the host's first process, not its own", async () => {
    host.copyRecorded();
    mkdirSync(join(host.folder, 'proc/1/net/stat'), { recursive: true });
    replace(join(host.folder, 'proc/1/net/stat/nf_conntrack'), statText(NAMES, [statRow({ entries: 1717 })]));
    const program = host.start(['1', '--ticks', '1'], { NETDATA_HOST_PREFIX: host.folder });
    await program.ended;
    expect(lastValues(parseStream(program.out), 'conntrack.sockets')).toEqual({ connections: 1717 });
  });

  it('waits while connection tracking is not loaded, and logs the remedy', async () => {
    const program = host.start(['1'], { NETDATA_HOST_PREFIX: host.folder, NETDATA_STOCK_CONFIG_DIR: host.stock });
    await program.logged('modprobe nf_conntrack');
    program.child.stdin.end();
    expect(await program.ended).toMatchObject({ code: 0 });
    expect(program.out).toMatch(/^(?:FUNCTION GLOBAL .*\n)*$/);
    expect(program.err.match(/\n/g)).toHaveLength(1);
  });

  it('leaves a gap while the file is truncated or missing, and continues afterwards', async () => {
    host.copyRecorded();
    rmSync(join(host.folder, 'proc/sys/net'), { recursive: true });
    const file = join(host.folder, 'proc/net/stat/nf_conntrack');
    replace(file, statText(NAMES, [statRow({ entries: 501 })]));
    const program = host.start(['1'], { NETDATA_HOST_PREFIX: host.folder });
    await program.printed('SET connections = 501\n');
    replace(file, statText(NAMES, [statRow({ entries: 502 })]).subarray(0, 200));
    await program.logged('torn');
    rmSync(file);
    await program.logged('not loaded');
    // Those of sockets come at any time, from other files.
    const isFromFile = ({ chart }: Update): boolean => !chart.startsWith('conntrack.socket_states_');
    const before = program.stream.updates.filter(isFromFile).length;
    replace(file, statText(NAMES, [statRow({ entries: 503 })]));
    await program.printed('SET connections = 503\n');
    const updates = program.stream.updates.filter(isFromFile);
    expect(updates.findIndex(({ values }) => values['connections'] === 503)).toBe(before);
    await program.logged('can be read again');
  });
});
