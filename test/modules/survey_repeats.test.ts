import { describe, expect, it } from 'vitest';

import { OFF, Surveying } from '../helpers/surveying.ts';

describe('a survey with a sign of changes', () => {
  it('repeats an expensive result for half a minute while the sign is the same, without the cost', async () => {
    const surveying = new Surveying({ sign: () => 'same' });
    surveying.cost = 7000;
    const found = [];
    for (let second = 500; second <= 540; second += 10) {
      await surveying.tick(second);
      found.push(await surveying.tick(second + 1));
    }
    const repeated = { value: 1, duration: 0, cpuTime: 0 };
    expect(found.slice(0, 3)).toEqual([{ value: 1, duration: 7000, cpuTime: 7000 }, repeated, repeated]);
    expect(found.slice(3)).toMatchObject([
      { value: 2, cpuTime: 7000 },
      { value: 2, cpuTime: 0 },
    ]);
    expect(surveying.begun).toEqual([500, 530]);
  });

  it('starts at its interval once the sign changes, also during the last survey', async () => {
    let sign = 'first';
    const surveying = new Surveying({ sign: () => sign });
    surveying.cost = 7000;
    surveying.failures = (number) => {
      if (number === 2) sign = 'third';
      return undefined;
    };
    await surveying.begunAt(500, 515);
    sign = 'second';
    expect(await surveying.begunAt(516, 545)).toEqual([520, 530]);
  });

  it('whose cost is low is made every time', async () => {
    const surveying = new Surveying({ sign: () => 'same' });
    surveying.cost = 999;
    expect(await surveying.begunAt(500, 520)).toEqual([500, 510, 520]);
  });

  it('keeps its interval while it repeats a result', async () => {
    const surveying = new Surveying({ every: 5, sign: () => 'same' });
    surveying.cost = 350_000;
    expect(await surveying.begunAt(500, 570)).toEqual([500, 530, 570]);
    expect(surveying.survey.every).toBe(20);
  });

  it('fails when the sign cannot be read, before it begins', async () => {
    const surveying = new Surveying({
      sign: () => {
        throw OFF;
      },
    });
    expect(await surveying.begunAt(500, 520)).toEqual([]);
    expect(surveying.survey.problems).toMatchObject([{ code: 'events_off' }]);
    expect(surveying.released).toBe(1);
  });
});
