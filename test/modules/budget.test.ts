import { describe, expect, it } from 'vitest';

import { Budget } from '../../collector/modules/budget.ts';

describe('the CPU budget of background work', () => {
  it('gives the whole limit to work that is alone', () => {
    expect(new Budget().claim('flows', 0.03).share).toBe(0.03);
  });

  it('divides the limit among all work of one name, however late it comes', () => {
    const budget = new Budget();
    const first = budget.claim('flows', 0.06);
    const others = [budget.claim('flows', 0.06), budget.claim('flows', 0.06)];
    expect([first, ...others].map(({ share }) => share)).toEqual([0.02, 0.02, 0.02]);
  });

  it('keeps the limits of different work apart', () => {
    const budget = new Budget();
    const flows = budget.claim('flows', 0.05);
    const sockets = budget.claim('sockets', 0.07);
    expect([flows.share, sockets.share]).toEqual([0.05, 0.07]);
  });

  it('returns a released part to the others, once', () => {
    const budget = new Budget();
    const [first, second, third] = [1, 2, 3].map(() => budget.claim('flows', 0.06));
    third?.release();
    third?.release();
    expect([first?.share, second?.share]).toEqual([0.03, 0.03]);
  });
});
