import { describe, expect, it } from 'vitest';

import type { Interruption } from '../../collector/base/scheduler.ts';
import { pause } from '../../collector/functions/pause.ts';
import { FakeClock } from '../helpers/fake_clock.ts';

/** Sleeps until it is interrupted. */
class SleepingClock extends FakeClock {
  override sleep(milliseconds: number, interruption?: Interruption): Promise<void> {
    this.sleeps.push(milliseconds);
    if (interruption?.hasCome === true) return Promise.resolve();
    return new Promise((resolve) => {
      if (interruption !== undefined) interruption.wake = resolve;
    });
  }
}

describe('a pause', () => {
  it('ends as soon as its signal is aborted', async () => {
    const clock = new SleepingClock(0);
    const abort = new AbortController();
    const paused = pause(clock, 4711, abort.signal);
    abort.abort();
    await paused;
    expect(clock.sleeps).toEqual([4711]);
  });

  it('ends at once if its signal was aborted before', async () => {
    const clock = new SleepingClock(0);
    await pause(clock, 4711, AbortSignal.abort());
    expect(clock.sleeps).toEqual([4711]);
  });
});
