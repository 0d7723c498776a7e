/** The built program and its configuration: invalid, fixed, and reloaded on SIGHUP. */

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { PLUGIN } from '../helpers/program.ts';
import { HOST, ProgramHost, replace, STAT_ALONE } from '../helpers/program_host.ts';
import { until } from '../helpers/until.ts';

const host = new ProgramHost();

beforeEach(() => host.create());
afterEach(() => host.remove());

describe('the program without an agent', () => {
  it('refuses an invalid configuration of a run with --ticks in one line, with exit code 2', async () => {
    const file = join(host.folder, 'conntrack.conf');
    writeFileSync(file, 'update_every: 1\nmode: quick\n');
    const program = host.onRecorded(['1', '--ticks', '1'], { NETDATA_USER_CONFIG_DIR: host.folder });
    expect(await program.ended).toMatchObject({ code: 2 });
    expect(program.err).toContain(`${file}: line 2: mode: `);
    expect(program.err.match(/\n/g)).toHaveLength(1);
  });

  it('refuses an invalid configuration with exit code 2', () => {
    const file = join(host.folder, 'conntrack.conf');
    writeFileSync(file, 'mode: quick\n');
    const result = spawnSync(PLUGIN, ['1', '--config', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    expect(result).toMatchObject({ status: 2, stdout: '' });
    expect(result.stderr).toContain(`${file}: line 1: mode: `);
  });
});

describe('the program under an agent, with an invalid configuration', () => {
  const VALID = `source: fixed\n${STAT_ALONE}`;
  const file = (): string => join(host.folder, 'conntrack.conf');

  it.each([
    ['its content is fixed', (): void => writeFileSync(file(), VALID)],
    ['another file replaces it', (): void => replace(file(), VALID)],
    ['it is removed and the host.stock one is valid', (): void => rmSync(file())],
  ])('logs one line, and starts once %s', async (_, fix) => {
    writeFileSync(file(), 'update_every: 1\nmode: quick\n');
    const program = host.onRecorded(['1'], { NETDATA_USER_CONFIG_DIR: host.folder });
    await program.logged(`${file()}: line 2: mode: `);
    expect([program.out, program.err.match(/\n/g)?.length]).toEqual(['', 1]);
    fix();
    await program.printed('BEGIN conntrack.errors');
    program.child.stdin.end();
    expect(await program.ended).toEqual({ code: 0, signal: null });
  });

  it('starts once the file of --config appears', async () => {
    const program = host.onRecorded(['1', '--config', file()]);
    await program.logged('cannot be read: ENOENT');
    writeFileSync(file(), VALID);
    await program.printed("CLABEL 'source' 'fixed'");
    expect(program.err.match(/\n/g)).toHaveLength(2);
  });

  it('starts when a FIFO without a writer is replaced by a file', async () => {
    execFileSync('mkfifo', [file()]);
    const program = host.onRecorded(['1'], { NETDATA_USER_CONFIG_DIR: host.folder });
    await program.logged(`read ${file()}: not a regular file; waiting until this is fixed`);
    replace(file(), VALID);
    await program.printed("CLABEL 'source' 'fixed'");
    expect(program.err.match(/\n/g)).toHaveLength(2);
  });

  it.each(['SIGTERM', 'SIGUSR2'] as const)('exits with 0 on %s', async (signal) => {
    writeFileSync(file(), 'mode: quick\n');
    const program = host.onRecorded(['1'], { NETDATA_USER_CONFIG_DIR: host.folder });
    await program.logged('waiting until this is fixed');
    program.child.kill(signal);
    expect(await program.ended).toEqual({ code: 0, signal: null });
  });
});

describe('the program, on SIGHUP', () => {
  it('reloads its configuration: changes take effect, and unchanged charts continue', async () => {
    const file = join(host.folder, 'conntrack.conf');
    writeFileSync(file, STAT_ALONE);
    const program = host.onRecorded(['1', '--config', file]);
    await program.printed('BEGIN conntrack.errors');
    replace(file, `mode: basic\n${STAT_ALONE}`);
    program.child.kill('SIGHUP');
    await program.printed(" 'obsolete' ");
    replace(file, 'mode: quick\n');
    program.child.kill('SIGHUP');
    await program.logged('line 1: mode: ');
    const before = program.out.length;
    await program.updated('conntrack.sockets', 2);
    expect(program.out.slice(before)).not.toContain('CHART');
    replace(file, `update_every: 2\n${STAT_ALONE}`);
    program.child.kill('SIGHUP');
    await program.updated('conntrack.errors', 2);

    const { definitions, updates } = program.stream;
    expect(definitions['conntrack.errors']).toMatchObject({ every: 2 });
    const ofSockets = updates.filter(({ chart }) => chart === 'conntrack.sockets');
    expect(ofSockets.filter(({ microseconds }) => microseconds === undefined)).toHaveLength(1);
    expect(program.out.match(/^CHART conntrack.sockets /gm)).toHaveLength(2);
    expect(program.err.match(/the configuration was reloaded/g)).toHaveLength(2);
    program.child.stdin.end();
    expect(await program.ended).toEqual({ code: 0, signal: null });
  });

  it('exits with 0 on a terminal, which has been closed', async () => {
    const pid = join(host.folder, 'pid');
    const words = `echo $$ >'${pid}'\nexec '${PLUGIN}' 1 --config '${join(host.stock, 'conntrack.conf')}'`;
    writeFileSync(join(host.folder, 'run'), `${words}\n`);
    const command = `NETDATA_HOST_PREFIX='${HOST}' sh '${join(host.folder, 'run')}'`;
    const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const ended = once(child, 'exit');
    let out = '';
    child.stdout.on('data', (text) => {
      out += text;
    });
    await until('a chart', 120, () => out.includes('BEGIN conntrack.sockets'));
    process.kill(Number(readFileSync(pid, 'utf8')), 'SIGHUP');
    expect(await ended).toEqual([0, null]);
  });
});
