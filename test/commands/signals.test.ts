import { afterEach, describe, expect, it, vi } from 'vitest';

import { ENDING, endOnSignals } from '../../collector/commands/signals.ts';
import { fakeProcess } from '../helpers/fake_process.ts';

afterEach(() => vi.restoreAllMocks());

describe('endOnSignals', () => {
  it.each(ENDING)('ends the process on %s, for that reason', (signal) => {
    const { events } = fakeProcess();
    const reasons: string[] = [];
    endOnSignals((why) => reasons.push(why));
    events.emit(signal);
    expect(reasons).toEqual([signal]);
  });
});
