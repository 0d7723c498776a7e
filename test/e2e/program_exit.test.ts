/** How the built program exits: on the end of its input, on signals and on an uncaught exception. */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ENDING } from '../../collector/commands/signals.ts';
import { PLUGIN, type Program, throwOnceDrawn } from '../helpers/program.ts';
import { ProgramHost } from '../helpers/program_host.ts';
import { until } from '../helpers/until.ts';
import { seconds } from '../helpers/wall_clock.ts';

const host = new ProgramHost();

beforeEach(() => host.create());
afterEach(() => host.remove());

describe('the program exits with 0', () => {
  it.each([
    ['when standard input ends', (program: Program) => program.child.stdin.end()],
    ['when the agent sends QUIT without a newline', (program: Program) => program.child.stdin.write('QUIT')],
    ['when the agent sends QUIT with a newline', (program: Program) => program.child.stdin.write('QUIT\n')],
    ['when standard output breaks', (program: Program) => program.child.stdout.destroy()],
  ])('%s', async (_, act) => {
    const program = host.onRecorded();
    await program.printed('END\n');
    act(program);
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(program.err).toBe('');
  });

  it.each(['SIGTERM', 'SIGINT', ...ENDING] as const)('on %s', async (signal) => {
    const program = host.onRecorded();
    await program.printed('END\n');
    program.child.kill(signal);
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(program.err).toBe('');
  });

  it('on every signal that can be handled, except those of crashes, those that stop a process and those ignored by default', () => {
    const crash = ['SIGILL', 'SIGTRAP', 'SIGBUS', 'SIGFPE', 'SIGSEGV'];
    const stop = ['SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU'];
    const nothing = ['SIGPIPE', 'SIGXFSZ', 'SIGCHLD', 'SIGCONT', 'SIGURG', 'SIGWINCH'];
    const others = new Set(['SIGKILL', 'SIGHUP', ...crash, ...stop, ...nothing]);
    const numbers = Object.entries(constants.signals).filter(([name]) => !others.has(name));
    const listened = new Set(['SIGTERM', 'SIGINT', ...ENDING].map((name) => numberOf(name)));
    expect(numbers.filter(([, number]) => !listened.has(number))).toEqual([]);
  });

  it('when standard input ends within a payload, after it has answered that call', async () => {
    const program = host.onRecorded();
    await program.printed('END\n');
    program.child.stdin.end('FUNCTION_PAYLOAD tx-19 10 "conntrack:top" "0xffff" "user=operator"\n{"selections"');
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(program.out).toMatch(/FUNCTION_RESULT_BEGIN 'tx-19' 400 application\/json \d+\n.*\nFUNCTION_RESULT_END\n$/);
  });

  it('on SIGTERM even while its log is not read', async () => {
    const log = join(host.folder, 'log');
    spawnSync('mkfifo', [log]);
    const descriptor = openSync(log, 'r+');
    const child = spawn(PLUGIN, ['1', '--debug'], { stdio: ['pipe', 'pipe', descriptor] });
    let out = '';
    child.stdout?.on('data', (text) => {
      out += text;
    });
    child.stdin?.on('error', () => undefined);
    // More than a pipe holds.
    for (let line = 0; line < 5000; line++) child.stdin?.write(`UNKNOWN ${'x'.repeat(150)}\n`);
    child.stdin?.write('FUNCTION tx-9 10 "none"\n');
    await until('all lines are read', 120, () => out.includes('FUNCTION_RESULT_END'));
    child.kill('SIGTERM');
    const ended = await Promise.race([once(child, 'exit'), seconds(120)]);
    child.kill('SIGKILL');
    closeSync(descriptor);
    expect(ended).toEqual([0, null]);
  });

  it('on SIGTERM even while the agent does not read', async () => {
    const program = host.start(['1'], host.wide());
    program.child.stdout.pause();
    await program.logged('does not read');
    program.child.kill('SIGTERM');
    expect(await program.ended).toEqual({ code: 0, signal: null });
  });
});

describe('the program, on an uncaught exception', () => {
  it('logs one line with the cause and exits with 1', async () => {
    const bomb = join(host.folder, 'bomb.cjs');
    writeFileSync(bomb, throwOnceDrawn("new Error('ouch', { cause: new Error('the root') })"));
    const program = host.onRecorded(['1'], { NODE_OPTIONS: `--require ${bomb}` });
    expect(await program.ended).toEqual({ code: 1, signal: null });
    expect(program.err).toMatch(
      /^time=\S+ comm=conntrack\.plugin source=collector level=error msg="unexpected: ouch" cause="the root" .*\n$/,
    );
  });
});

/** The number of a signal; some signals have two names. */
function numberOf(name: string): number | undefined {
  return Object.entries(constants.signals).find(([other]) => other === name)?.[1];
}
