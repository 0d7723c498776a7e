import { describe, expect, it } from 'vitest';

import { NatSearch } from '../../collector/jobs/derived.ts';
import type { Reading } from '../../collector/jobs/renderer.ts';

type Values = Readonly<Record<string, number | undefined>>;

function reading(module: string, values: Values): Reading {
  return { module, every: 1, samples: [{ scope: 'host', instance: '', labels: {}, values }] };
}

/** The candidates per connection after ticks a second apart, each with what `stat` and `events` know. */
function candidates(ticks: readonly { stat?: Values; events?: Values }[]): (number | undefined)[] {
  const search = new NatSearch();
  return ticks.map(({ events, stat }, tick) => {
    const readings = [
      reading('flows', { found: 7777, new: 7777 }),
      ...(stat === undefined ? [] : [reading('stat', stat)]),
      ...(events === undefined ? [] : [reading('events', events)]),
    ];
    return search.derive(500e6 + tick * 1e6, readings)?.samples[0]?.values['nat_candidates'];
  });
}

const IDLE = { stat: { found: 0 }, events: { new: 0 } };

describe('candidates per new connection', () => {
  it('are the candidates that were taken, divided by the new connections', () => {
    expect(candidates([IDLE, { stat: { found: 90 }, events: { new: 40 } }])).toEqual([undefined, 2.25]);
  });

  it('are those of the last ten seconds, since the modules are not read at the same instant', () => {
    const late = [{ stat: { found: 30 }, events: { new: 0 } }, ...Array.from({ length: 9 }, () => IDLE), IDLE];
    const found = candidates([IDLE, { stat: { found: 0 }, events: { new: 10 } }, ...late]);
    expect(found).toEqual([undefined, 0, ...Array.from({ length: 9 }, () => 3), undefined, undefined]);
  });

  it('count a connection that could not be inserted as new', () => {
    const full = { stat: { found: 6626, insert_failed: 60 }, events: { new: 100 } };
    expect(candidates([IDLE, full])[1]).toBe(6626 / 160);
  });

  it('weigh ticks by their length', () => {
    const search = new NatSearch();
    const tick = (at: number, found: number, created: number) =>
      search.derive(at * 1e6, [reading('stat', { found }), reading('events', { new: created })])?.samples[0]?.values;
    tick(0, 0, 0);
    tick(1, 100, 10);
    expect(tick(5, 20, 40)).toEqual({ nat_candidates: (100 + 4 * 20) / (10 + 4 * 40) });
  });

  it.each<[string, { stat?: Values; events?: Values }]>([
    ['without new connections', { stat: { found: 90 }, events: { new: 0 } }],
    ['without the module stat', { events: { new: 40 } }],
    ['without the module events', { stat: { found: 90 } }],
    ['without rates', { stat: {}, events: { new: 40 } }],
    ['while reports are lost', { stat: { found: 90 }, events: {} }],
    ['if the kernel counts new connections itself', { stat: { found: 90, new: 40 }, events: { new: 40 } }],
  ])('are unknown %s', (_, tick) => {
    expect(candidates([IDLE, tick])).toEqual([undefined, undefined]);
  });

  it('start again after a gap', () => {
    const busy = { stat: { found: 80 }, events: { new: 40 } };
    const slow = { stat: { found: 10 }, events: { new: 40 } };
    expect(candidates([IDLE, busy, { events: { new: 40 } }, slow])).toEqual([undefined, 2, undefined, 0.25]);
  });

  it('come as a reading of the module events', () => {
    const search = new NatSearch();
    const readings = [reading('stat', { found: 3 }), reading('events', { new: 2 })];
    search.derive(0, readings);
    expect(search.derive(1e6, readings)).toMatchObject({ module: 'events', every: 1 });
  });
});
