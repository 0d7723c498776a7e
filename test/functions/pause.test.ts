import { describe, expect, it } from 'vitest';

import { pause } from '../../collector/functions/pause.ts';
import { FakeClock } from '../helpers/fake_clock.ts';

describe('a pause', () => {
  it('lasts as long as asked for', async () => {
    const clock = new FakeClock(0);
    await pause(clock, 3210, new AbortController().signal);
    expect(clock.sleeps).toEqual([3210]);
  });

  it('ends when its signal is aborted', async () => {
    const stop = new AbortController();
    let isWoken = false;
    const clock = new FakeClock(0);
    clock.sleep = (_milliseconds, interruption) =>
      new Promise((resolve) => {
        if (interruption === undefined) throw new Error('the pause cannot be interrupted');
        interruption.wake = () => {
          isWoken = true;
          resolve();
        };
      });
    const paused = pause(clock, 3210, stop.signal);
    stop.abort();
    await paused;
    expect(isWoken).toBe(true);
  });

  it('is none when its signal is aborted already', async () => {
    const clock = new FakeClock(0);
    await pause(clock, 3210, AbortSignal.abort());
    expect(clock.sleeps).toEqual([]);
  });
});
