import { describe, expect, it, vi } from 'vitest';

import { Emitter } from '../../collector/agent/emit.ts';
import type { Reading } from '../../collector/jobs/renderer.ts';
import {
  CPU,
  cpu,
  emitter,
  FLOWS,
  FLOWS_LINE,
  FLOWS_OBSOLETE,
  HELD,
  host,
  lines,
  QUEUE,
  QUEUE_LINE,
  SECOND,
  START,
} from '../helpers/emitting.ts';

// So that a new chart on the dashboard does not move these.
vi.mock('../../charts/priorities.ts', () => ({
  FIRST_PRIORITY: 4200,
  contextsInOrder: ['test.queue', 'test.cpu', 'test.flows', 'test.streams', 'test.datagrams'],
}));

describe('a chart without data', () => {
  it('becomes obsolete after a minute, once', () => {
    const emit = emitter([FLOWS]);
    emit(0, host({ holding: 1 }));
    emit(3, host({ holding: 2 }));
    expect(emit(62.999_999)).toEqual([]);
    expect(emit(63)).toEqual([FLOWS_OBSOLETE]);
    expect(emit(66)).toEqual([]);
    expect(emit(600)).toEqual([]);
  });

  it('is a new one when data return, without the time since its last update', () => {
    const emit = emitter([FLOWS]);
    emit(0, host({ open_rate: 4, holding: 1, most: 512, least: 3 }));
    expect(emit(61)).toEqual([FLOWS_OBSOLETE]);
    expect(emit(90.5, host({ holding: 5, most: 512, least: 4 }))).toEqual([
      FLOWS_LINE,
      HELD,
      'BEGIN conntrack.flows',
      'SET held = 5',
      'VARIABLE CHART ceiling = 512',
      'VARIABLE CHART floor = 4',
      'END',
    ]);
    expect(emit(93.5, host({ holding: 6, most: 512, least: 4 }))).toEqual([
      'BEGIN conntrack.flows 3000000',
      'SET held = 6',
      'END',
    ]);
  });

  it('that had data again becomes obsolete again', () => {
    const emit = emitter([FLOWS]);
    emit(0, host({ holding: 1 }));
    emit(60);
    emit(100, host({ holding: 2 }));
    expect(emit(159)).toEqual([]);
    expect(emit(160)).toEqual([FLOWS_OBSOLETE]);
    expect(emit(163)).toEqual([]);
  });

  it('does not become obsolete if data return with the update that would make it so', () => {
    const emit = emitter([QUEUE]);
    emit(0, host({ waiting: 1 }));
    expect(emit(75, host({ waiting: 2 }))).toEqual(['BEGIN conntrack.queue 75000000', 'SET waiting = 2', 'END']);
  });

  it('keeps its other options when it becomes obsolete', () => {
    const emit = emitter([QUEUE]);
    emit(0, host({ waiting: 1 }));
    expect(emit(60)).toEqual([QUEUE_LINE.replace("'detail'", "'detail obsolete'")]);
  });

  it('becomes obsolete without the others', () => {
    const emit = emitter([FLOWS, QUEUE]);
    emit(0, host({ holding: 1, waiting: 1 }));
    emit(30, host({ waiting: 2 }));
    expect(emit(60, host({ waiting: 3 }))).toEqual([
      'BEGIN conntrack.queue 30000000',
      'SET waiting = 3',
      'END',
      FLOWS_OBSOLETE,
    ]);
  });

  it.each([
    ['an interval of 15 s: a minute', 15, 60],
    ['an interval of 45 s: four intervals', 45, 180],
    ['an interval of an hour: four hours', 3600, 14_400],
  ])('becomes obsolete later with %s', (_what, every, patience) => {
    const emitting = new Emitter({ charts: [QUEUE], source: '' });
    emitting.render(START, [{ module: 'probe', every, samples: [host({ waiting: 1 })] }]);
    const silent: Reading[] = [{ module: 'probe', every, samples: [] }];
    expect(lines(emitting.render(START + (patience - 1) * SECOND, silent))).toEqual([]);
    expect(emitting.render(START + patience * SECOND, silent).toString()).toContain(' conntrack.queue ');
  });
});

describe('replacing the charts', () => {
  const at = (seconds: number): number => START + seconds * SECOND;
  const samples = [host({ holding: 1, waiting: 2 }), cpu(3, { busy: 4 })];
  const readings: Reading[] = [{ module: 'probe', every: 3, samples }];
  const both = { charts: [FLOWS, QUEUE, CPU], source: '' };

  it('makes a removed chart obsolete once, and no other', () => {
    const emitting = new Emitter(both);
    emitting.render(START, readings);
    emitting.use({ charts: [QUEUE], source: '' });
    expect(lines(emitting.render(at(3), readings))).toEqual([
      'BEGIN conntrack.queue 3000000',
      'SET waiting = 2',
      'END',
      FLOWS_OBSOLETE,
      expect.stringMatching(/^CHART conntrack.cpu_load_cpu3 .* 'detail obsolete' /),
    ]);
    expect(lines(emitting.render(at(6), readings))).toEqual([
      'BEGIN conntrack.queue 3000000',
      'SET waiting = 2',
      'END',
    ]);
  });

  it('makes a removed chart that returns a new one', () => {
    const emitting = new Emitter(both);
    emitting.render(START, readings);
    emitting.use({ charts: [], source: '' });
    emitting.render(at(3), readings);
    emitting.use({ charts: [FLOWS], source: '' });
    const said = [FLOWS_LINE, HELD, 'BEGIN conntrack.flows', 'SET held = 1', 'END'];
    expect(lines(emitting.render(at(6), readings))).toEqual(said);
  });

  it('defines a chart with another context again, with the time since its last update', () => {
    const emitting = new Emitter({ charts: [FLOWS], source: '' });
    emitting.render(START, readings);
    emitting.use({ charts: [{ ...FLOWS, context: 'test.streams' }], source: '' });
    expect(lines(emitting.render(at(3), readings))).toEqual([
      FLOWS_LINE.replace("'test.flows' area 4202", "'test.streams' area 4203"),
      HELD,
      'BEGIN conntrack.flows 3000000',
      'SET held = 1',
      'END',
    ]);
  });

  it('does not define a chart again that is equal to the one before', () => {
    const emitting = new Emitter({ charts: [FLOWS], source: 'north' });
    emitting.render(START, readings);
    emitting.use({ charts: [structuredClone(FLOWS)], source: 'north' });
    expect(lines(emitting.render(at(3), readings))).toEqual(['BEGIN conntrack.flows 3000000', 'SET held = 1', 'END']);
  });

  it('defines every chart again, once, when the label source changes', () => {
    const emitting = new Emitter({ charts: [FLOWS], source: 'north' });
    emitting.render(START, readings);
    emitting.use({ charts: [FLOWS], source: 'south' });
    expect(lines(emitting.render(at(3), readings)).slice(0, 3)).toEqual([
      FLOWS_LINE,
      "CLABEL 'source' 'south' 2",
      'CLABEL_COMMIT',
    ]);
    expect(lines(emitting.render(at(6), readings))).toHaveLength(3);
  });
});

describe('a module that is turned off', () => {
  const flows = { module: 'flows', every: 3, samples: [host({ open_rate: 2, holding: 1 })] };
  const queues = { module: 'queues', every: 3, samples: [host({ holding: 7, waiting: 2 })] };

  it('makes the charts obsolete at once that have no other data', () => {
    const emitting = new Emitter({ charts: [FLOWS, QUEUE], source: '' });
    emitting.render(START, [
      { ...flows, samples: [host({ open_rate: 2 })] },
      { ...queues, samples: [host({ waiting: 2 })] },
    ]);
    expect(lines(emitting.render(START + 3 * SECOND, [{ ...queues, samples: [] }]))).toEqual([FLOWS_OBSOLETE]);
    expect(lines(emitting.render(START + 6 * SECOND, [{ ...queues, samples: [] }]))).toEqual([]);
  });

  it('keeps the charts that have data of another module', () => {
    const emitting = new Emitter({ charts: [FLOWS], source: '' });
    emitting.render(START, [flows, queues]);
    const other = ['BEGIN conntrack.flows 3000000', 'SET held = 7', 'END'];
    expect(lines(emitting.render(START + 3 * SECOND, [queues]))).toEqual(other);
    expect(lines(emitting.render(START + 6 * SECOND, [{ ...queues, samples: [] }]))).toEqual([]);
    expect(lines(emitting.render(START + 9 * SECOND, []))).toEqual([FLOWS_OBSOLETE]);
  });
});
