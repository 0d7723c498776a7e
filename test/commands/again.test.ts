import { afterEach, describe, expect, it, vi } from 'vitest';

import { runAgain } from '../../collector/commands/again.ts';

const OWN = { ...process.env };

afterEach(() => {
  vi.useRealTimers();
  process.env = { ...OWN };
});

describe('a program that is run again', () => {
  it('gets no descriptor of this process, and a session of its own', async () => {
    const script = 'for fd in 0 1 2; do readlink /proc/$$/fd/$fd; done; cut -d" " -f1,6 /proc/$$/stat; pwd; echo >&2 e';
    const { errors, how, output } = await runAgain(['sh', '-c', script], {});
    const [stdin, stdout, stderr, numbers = '', folder] = output.split('\n');
    expect([stdin, stdout, stderr]).toEqual([
      '/dev/null',
      expect.stringMatching(/^(pipe|socket):/),
      expect.stringMatching(/^(pipe|socket):/),
    ]);
    const [pid, session] = numbers.split(' ');
    expect(session).toBe(pid);
    expect({ folder, errors, how }).toEqual({ folder: '/', errors: 'e\n', how: 'it ended with code 0' });
  });

  it('gets of the environment what the program reads, and what it is given', async () => {
    process.env = { PATH: OWN['PATH'], NETDATA_HOST_PREFIX: '/host', SECRET: 's' };
    const { output } = await runAgain(['env'], { GIVEN: 'g' });
    expect(output.trim().split('\n').sort()).toEqual(['GIVEN=g', 'NETDATA_HOST_PREFIX=/host', `PATH=${OWN['PATH']}`]);
  });

  it.each([
    ['sh -c exit\t7', 'it ended with code 7'],
    ['sh -c kill\t-SEGV\t$$', 'it ended by SIGSEGV'],
    ['/missing/program', 'spawn /missing/program ENOENT'],
  ])('%j: %s', async (command, how) => {
    const words = command.split(' ').map((word) => word.replaceAll('\t', ' '));
    expect((await runAgain(words, {})).how).toBe(how);
  });

  it('is not waited for any longer than a check may take', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const running = runAgain(['sleep', '600'], {});
    vi.advanceTimersByTime(20_000);
    expect((await running).how).toBe('it did not end within 20 seconds');
  });
});
