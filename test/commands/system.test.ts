import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Interruption } from '../../collector/base/scheduler.ts';
import { clock, LIBRARY, runtime } from '../../collector/commands/system.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'], now: 1_795_283_470_123 });
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('the clock', () => {
  it('has wall time in milliseconds since the epoch', () => {
    expect(clock.wall()).toBe(1_795_283_470_123);
  });

  it('has monotonic time in microseconds', () => {
    vi.spyOn(process.hrtime, 'bigint').mockReturnValue(91_000_777_500n);
    expect([clock.monotonic(), runtime.monotonic()]).toEqual([91_000_777.5, 91_000_777.5]);
  });

  it('sleeps for the given milliseconds', async () => {
    const woken = vi.fn();
    const sleeping = clock.sleep(1700).then(woken);
    await vi.advanceTimersByTimeAsync(1699);
    expect(woken).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(woken).toHaveBeenCalledOnce();
    await sleeping;
  });

  it('wakes when it is interrupted, also after a sleep that was not', async () => {
    const interruption = new Interruption();
    const sleep = clock.sleep(1000, interruption);
    await vi.advanceTimersByTimeAsync(1000);
    await sleep;
    const woken = vi.fn();
    const interrupted = clock.sleep(60_000, interruption).then(woken);
    await vi.advanceTimersByTimeAsync(1);
    expect(woken).not.toHaveBeenCalled();
    interruption.come();
    await interrupted;
    await clock.sleep(60_000, interruption);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the runtime', () => {
  it('adds user and system CPU time, in microseconds', () => {
    vi.spyOn(process, 'cpuUsage').mockReturnValue({ user: 41_000, system: 1_300 });
    expect(runtime.cpuTime()).toBe(42_300);
  });

  it('runs an action after the given milliseconds', () => {
    const action = vi.fn();
    runtime.later(2500, action);
    vi.advanceTimersByTime(2499);
    expect(action).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(action).toHaveBeenCalledOnce();
  });

  it('does not run a cancelled action', () => {
    const action = vi.fn();
    runtime.later(2500, action)();
    vi.advanceTimersByTime(60_000);
    expect(action).not.toHaveBeenCalled();
  });

  it('yields to callbacks that are due', async () => {
    const order: string[] = [];
    setImmediate(() => order.push('due'));
    await runtime.yield();
    order.push('yielded');
    expect(order).toEqual(['due', 'yielded']);
  });
});

it('LIBRARY is the folder conntrack-koffi beside the program', () => {
  const program = dirname(fileURLToPath(new URL('../../collector/commands/system.ts', import.meta.url)));
  expect(LIBRARY).toBe(`${program}/conntrack-koffi`);
});
