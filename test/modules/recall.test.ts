import { describe, expect, it } from 'vitest';

import { Recall } from '../../collector/modules/recall.ts';

/** A result of 7 ms of CPU time, at second 500. */
function recall(sign: string | undefined = 'same', cpuTime = 7000): Recall<string> {
  const made = new Recall<string>();
  made.learn(500e6, sign, 'well', cpuTime);
  return made;
}

describe('an expensive result', () => {
  it.each([505, 510, 529.4])('is repeated while the sign is the same: at second %d', (second) => {
    expect(recall().repeat(second * 1e6, 'same')).toMatchObject({ value: 'well' });
  });

  it.each([529.6, 530, 700])('is not repeated after half a minute, at an update that may be inexact: %d', (second) => {
    expect(recall().repeat(second * 1e6, 'same')).toBeUndefined();
  });

  it('is repeated five times at most', () => {
    const repeated = recall();
    const found = [501, 502, 503, 504, 505, 506].map((second) => repeated.repeat(second * 1e6, 'same')?.value);
    expect(found).toEqual(['well', 'well', 'well', 'well', 'well', undefined]);
    repeated.learn(507e6, 'same', 'spring', 7000);
    expect(repeated.repeat(508e6, 'same')).toMatchObject({ value: 'spring' });
  });

  it('is not repeated after the sign has changed or is unknown', () => {
    expect(recall().repeat(510e6, 'other')).toBeUndefined();
    expect(recall().repeat(510e6, undefined)).toBeUndefined();
  });

  it('without a sign is never repeated', () => {
    expect(recall(undefined).repeat(510e6, undefined)).toBeUndefined();
  });

  it('is replaced by the next one, and forgotten after a cheap one', () => {
    const replaced = recall();
    replaced.learn(520e6, 'newer', 'spring', 1000);
    expect(replaced.repeat(549e6, 'newer')).toMatchObject({ value: 'spring' });
    replaced.learn(560e6, 'newer', 'rill', 999);
    expect(replaced.repeat(561e6, 'newer')).toBeUndefined();
  });
});
