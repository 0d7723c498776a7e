import { describe, expect, it } from 'vitest';

import { Placement } from '../../collector/jobs/place.ts';
import type { Sample } from '../../collector/modules/module.ts';

const placement = new Placement({ instance: 'netns_blue', labels: { netns: 'blue', container: 'a1b2c3' } });

describe('samples of a network namespace', () => {
  it('have its name and its labels, as a whole and in each of their instances', () => {
    const values = { used: 41 };
    expect(
      placement.of([
        { scope: 'host', instance: '', labels: {}, values },
        { scope: 'tcp', instance: 'tcp4', labels: { family: 'ipv4' }, values },
      ]),
    ).toEqual([
      { scope: 'host', instance: 'netns_blue', labels: { netns: 'blue', container: 'a1b2c3' }, values },
      {
        scope: 'tcp',
        instance: 'netns_blue_tcp4',
        labels: { netns: 'blue', container: 'a1b2c3', family: 'ipv4' },
        values,
      },
    ]);
  });

  it('that a module reuses have their new values', () => {
    const values = { used: 41 };
    const sample: Sample = { scope: 'host', instance: '', labels: {}, values };
    const [before] = placement.of([sample]);
    values.used = 43;
    const [after] = placement.of([sample]);
    expect(after).toBe(before);
    expect(after?.values).toEqual({ used: 43 });
  });

  it('that a module reuses have the labels of another place', () => {
    const sample: Sample = { scope: 'host', instance: '', labels: {}, values: {} };
    placement.of([sample]);
    const labels = { netns: 'blue', pod: 'web' };
    expect(new Placement({ instance: 'netns_blue', labels }).of([sample])).toMatchObject([{ labels }]);
  });
});
