import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { respawn } from '../../collector/commands/respawn.ts';

const OWN = { ...process.env };
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'conntrack-respawn-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
  vi.useRealTimers();
  process.env = { ...OWN };
});

describe('a program that is started again', () => {
  it('has none of the descriptors of this process, and a new session', async () => {
    const script = 'for fd in 0 1 2; do readlink /proc/$$/fd/$fd; done; cut -d" " -f1,6 /proc/$$/stat; pwd; echo >&2 e';
    const { code, errors, how, output } = await respawn(['sh', '-c', script], {});
    const [stdin, stdout, stderr, numbers = '', cwd] = output.split('\n');
    expect([stdin, stdout, stderr]).toEqual([
      '/dev/null',
      expect.stringMatching(/^(pipe|socket):/),
      expect.stringMatching(/^(pipe|socket):/),
    ]);
    const [pid, session] = numbers.split(' ');
    expect(session).toBe(pid);
    expect({ cwd, errors, how, code }).toEqual({ cwd: '/', errors: 'e\n', how: 'exit code 0', code: 0 });
  });

  it('has the environment variables that the program reads, and the given ones', async () => {
    process.env = { PATH: OWN['PATH'], NETDATA_HOST_PREFIX: '/host', SECRET: 's' };
    const { output } = await respawn(['env'], { GIVEN: 'g' });
    expect(output.trim().split('\n').sort()).toEqual(['GIVEN=g', 'NETDATA_HOST_PREFIX=/host', `PATH=${OWN['PATH']}`]);
  });

  it.each([
    ['sh -c exit\t7', 'exit code 7', 7],
    ['sh -c kill\t-SEGV\t$$', 'killed by SIGSEGV', undefined],
    ['/missing/program', 'spawn /missing/program ENOENT', undefined],
  ])('ends, if its command is %j, with: %s', async (command, how, code) => {
    const words = command.split(' ').map((word) => word.replaceAll('\t', ' '));
    expect(await respawn(words, {})).toMatchObject({ how, code });
  });

  it('has the output on each stream cut off at 1 MiB', async () => {
    const script = 'head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2';
    const { errors, output } = await respawn(['sh', '-c', script], {});
    expect([output.length, errors.length]).toEqual([1_048_576, 1_048_576]);
  });

  it('is killed after 20 seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const file = join(folder, 'pid');
    // Only SIGKILL ends it.
    const script = `trap '' TERM HUP INT; echo $$ >${file}.new; mv ${file}.new ${file}; while :; do sleep 1; done`;
    const running = respawn(['sh', '-c', script], {});
    while (!existsSync(file)) await setImmediate();
    const pid = Number(readFileSync(file, 'utf8'));
    vi.advanceTimersByTime(19_999);
    expect(isAlive(pid)).toBe(true);
    vi.advanceTimersByTime(1);
    expect(await running).toMatchObject({ how: 'timed out after 20 seconds', code: undefined });
    while (isAlive(pid)) await setImmediate();
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
