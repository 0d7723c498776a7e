import { describe, expect, it } from 'vitest';

import { inSlices, type Work } from '../../collector/modules/slices.ts';
import { FakeRuntime } from '../helpers/fake_runtime.ts';

/** Work of steps that cost so many microseconds each; its result is how many steps it took. */
function* steps(runtime: FakeRuntime, ...costs: readonly number[]): Work<number> {
  for (const [index, cost] of costs.entries()) {
    if (index > 0) yield;
    runtime.compute(cost);
  }
  return costs.length;
}

const never = (): boolean => false;

describe('work in slices', () => {
  it('that is short runs without a pause', async () => {
    const runtime = new FakeRuntime(7e6);
    expect(await inSlices(steps(runtime, 1000, 2000), runtime, never)).toEqual({
      value: 2,
      duration: 3000,
      cpuTime: 3000,
    });
    expect(runtime.yields).toBe(0);
  });

  it.each([
    [[4999, 1], 0],
    [[5000, 1], 1],
    [[2000, 2000, 2000, 2000, 2000, 2000, 2000], 2],
    [[9000, 9000, 9000], 2],
    [[0, 0, 0, 0, 0, 0], 0],
    // A single step cannot be divided.
    [[80_000], 0],
  ])('of steps that take %j us pauses every five milliseconds, %i times', async (costs, pauses) => {
    const runtime = new FakeRuntime(7e6);
    expect(await inSlices(steps(runtime, ...costs), runtime, never)).toMatchObject({ value: costs.length });
    expect(runtime.yields).toBe(pauses);
  });

  it('has a duration with its pauses, and a CPU time without them', async () => {
    const runtime = new FakeRuntime(500e6);
    const release = runtime.hold();
    const done = inSlices(steps(runtime, 6000, 7000), runtime, never);
    // Others compute, then the process sleeps.
    runtime.compute(40_000);
    runtime.advanceTo(501);
    release();
    expect(await done).toEqual({ value: 2, duration: 1_007_000, cpuTime: 13_000 });
  });

  it('stopped in a pause makes no further step', async () => {
    const runtime = new FakeRuntime(7e6);
    let isStopped = false;
    let taken = 0;
    const work = (function* (): Work<string> {
      for (; taken < 9; taken++) {
        runtime.compute(3000);
        yield;
      }
      return 'all';
    })();
    const release = runtime.hold(1);
    const done = inSlices(work, runtime, () => isStopped);
    await runtime.settle();
    const before = taken;
    isStopped = true;
    release();
    expect(await done).toBeUndefined();
    expect(taken).toBe(before);
    expect(before).toBeLessThan(9);
  });

  it('that ends in its first slice has a result even if stopped', async () => {
    const runtime = new FakeRuntime(7e6);
    expect(await inSlices(steps(runtime, 1, 2), runtime, () => true)).toMatchObject({ value: 2 });
  });

  it.each([0, 6000])('throws what the work throws, before or after a pause (%i us)', async (cost) => {
    const runtime = new FakeRuntime(7e6);
    const failing = (function* (): Work<never> {
      runtime.compute(cost);
      yield;
      throw new RangeError('it went wrong');
    })();
    await expect(inSlices(failing, runtime, never)).rejects.toThrow(new RangeError('it went wrong'));
    expect(runtime.yields).toBe(cost === 0 ? 0 : 1);
  });
});
