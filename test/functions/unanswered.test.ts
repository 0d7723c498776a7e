import { describe, expect, it } from 'vitest';

import { type Sightings, Unanswered } from '../../collector/functions/unanswered.ts';
import { flowEntry } from '../helpers/flow_entry.ts';

describe('an unanswered connection', () => {
  it.each([
    ['not refreshed, however long each reading took until it came', 93, 0],
    ['refreshed if its timeout rose in between', 97, 1],
  ])('is %s', (_what, timeout, refreshed) => {
    const seen: Sightings = { expiries: new Map(), refreshed: new Set() };
    let now = 0;
    // It comes four seconds after the first reading begins, and one after the second.
    for (const [begun, delay, left] of [
      [0, 4, 100],
      [10, 1, timeout],
    ] as const) {
      now = begun * 1e6;
      const reading = new Unanswered(seen, () => now);
      now += delay * 1e6;
      const original = { from: '10.0.0.7', to: '10.96.0.10', sport: 5353, dport: 53 };
      const { bytes, flow } = flowEntry({ original, id: 7, timeout: left });
      reading.add(flow, bytes);
    }
    expect(seen.refreshed.size).toBe(refreshed);
  });
});
