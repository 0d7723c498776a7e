import { describe, expect, it } from 'vitest';

import type { Interruption } from '../../collector/base/scheduler.ts';
import { pause } from '../../collector/functions/reading.ts';
import { FakeClock } from '../helpers/fake_clock.ts';
import { LiveKernel } from '../helpers/live_kernel.ts';

/** Sleeps until it is interrupted. */
class SleepingClock extends FakeClock {
  override sleep(milliseconds: number, interruption?: Interruption): Promise<void> {
    this.sleeps.push(milliseconds);
    return new Promise((resolve) => {
      if (interruption !== undefined) interruption.wake = resolve;
    });
  }
}

describe('a pause', () => {
  it('ends when its signal is aborted', async () => {
    const clock = new SleepingClock(0);
    const { sources } = new LiveKernel({}, { clock });
    const abort = new AbortController();
    const paused = pause(4711, sources, abort.signal);
    abort.abort();
    await paused;
    expect(clock.sleeps).toEqual([4711]);
  });

  it('does not begin if its signal is aborted already', async () => {
    const clock = new SleepingClock(0);
    const { sources } = new LiveKernel({}, { clock });
    await pause(4711, sources, AbortSignal.abort());
    expect(clock.sleeps).toEqual([]);
  });
});
