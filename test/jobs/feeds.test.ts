import { describe, expect, it } from 'vitest';

import { feedsOf, firstSource, patienceOf, valueIn } from '../../collector/jobs/feeds.ts';
import type { Sample } from '../../collector/modules/module.ts';

type Values = Sample['values'];

const host = (values: Values): Sample => ({ scope: 'host', instance: '', labels: {}, values });
const cpu = (number: number, values: Values): Sample => ({
  scope: 'cpu',
  instance: `cpu${number}`,
  labels: {},
  values,
});

/** The feeds of one module after the other, each with its samples. */
function feeds(...modules: readonly (readonly Sample[])[]) {
  return feedsOf(modules.map((samples, place) => ({ module: `module${place}`, every: 3 + place, samples })));
}

describe('the feed of the host', () => {
  it('has each metric from the first module with a value of it', () => {
    const [feed, ...others] =
      feeds(
        [host({ opened: undefined, closed: 31 })],
        [host({ opened: 17, closed: 41 })],
        [host({ opened: 19, closed: 43, held: 23 })],
      ).get('host') ?? [];
    expect(others).toEqual([]);
    const values = ['opened', 'closed', 'held', 'waiting'].map((metric) => feed && valueIn(feed, metric));
    expect(values).toEqual([17, 31, 23, undefined]);
  });

  it('has a value of 0 of the first module rather than another of the next', () => {
    const [feed] = feeds([host({ held: 0 })], [host({ held: 9 })]).get('host') ?? [];
    expect(feed && valueIn(feed, 'held')).toBe(0);
  });

  it('exists whichever modules return nothing, and wherever its sample is among the others', () => {
    const [feed] = feeds([], [cpu(3, { busy: 5 }), host({ waiting: 61 })], []).get('host') ?? [];
    expect(feed).toMatchObject({ module: 'module1', every: 4, next: undefined });
  });

  it('has as the source of a chart the module with its first known metric', () => {
    const [feed] = feeds([host({ held: 1 })], [host({ opened: 2 })]).get('host') ?? [];
    const source = (...metrics: string[]) =>
      feed &&
      firstSource(
        feed,
        metrics.map((metric) => ({ metric })),
      )?.module;
    expect(source('closed', 'opened', 'held')).toBe('module1');
    expect(source('closed')).toBeUndefined();
  });
});

describe('the feeds of network namespaces', () => {
  const inside = (instance: string, values: Values): Sample => ({ ...host(values), instance });

  it('are apart from that of the host and from each other, each with the values of all its modules', () => {
    const all = feeds(
      [host({ opened: 3 })],
      [host({ closed: 5 })],
      [inside('netns_red', { opened: 7 })],
      [inside('netns_red', { closed: 11 })],
      [inside('netns_blue', { opened: 13 })],
    ).get('host');
    expect(all?.map((feed) => [feed.sample.instance, valueIn(feed, 'opened'), valueIn(feed, 'closed')])).toEqual([
      ['', 3, 5],
      ['netns_red', 7, 11],
      ['netns_blue', 13, undefined],
    ]);
  });
});

describe('the feeds of instances', () => {
  it('are one for each sample, without the values of the host or of other modules', () => {
    const readings = feeds([host({ busy: 1 }), cpu(0, { busy: 2 })], [cpu(1, { waiting: 3 })]);
    const [first, second, ...others] = readings.get('cpu') ?? [];
    expect(others).toEqual([]);
    expect([first, second].map((feed) => feed && valueIn(feed, 'busy'))).toEqual([2, undefined]);
  });
});

describe('a chart without data', () => {
  it.each([
    ['a minute', 15, 60],
    ['four intervals of 45 seconds', 45, 180],
    ['four intervals of an hour', 3600, 14_400],
  ])('is gone after %s', (_what, every, seconds) => {
    expect(patienceOf(every)).toBe(seconds * 1e6);
  });
});
