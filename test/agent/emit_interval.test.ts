import { describe, expect, it, vi } from 'vitest';

import type { Chart } from '../../charts/types.ts';
import { Emitter } from '../../collector/agent/emit.ts';
import type { Reading } from '../../collector/jobs/renderer.ts';
import {
  CLOSED,
  FLOWS,
  FLOWS_LINE,
  HELD,
  host,
  lines,
  OPENED,
  QUEUE,
  QUEUE_LINE,
  SECOND,
  START,
  type Values,
} from '../helpers/emitting.ts';

// So that a new chart on the dashboard does not move these.
vi.mock('../../charts/priorities.ts', () => ({
  FIRST_PRIORITY: 4200,
  contextsInOrder: ['test.queue', 'test.cpu', 'test.flows', 'test.streams', 'test.datagrams'],
}));

describe('the interval of a chart', () => {
  const flowsLine = (every: number): string => FLOWS_LINE.replace(' 4202 3 ', ` 4202 ${every} `);

  /** The lines that an emitter returns for a reading of a module with an interval. */
  function drawing(charts: readonly Chart[]) {
    const emitting = new Emitter({ charts, source: 'rack 7' });
    return (seconds: number, every: number, values: Values = {}): string[] =>
      lines(emitting.render(START + seconds * SECOND, [{ module: 'probe', every, samples: [host(values)] }]));
  }

  const SOURCE = ["CLABEL 'source' 'rack 7' 2", 'CLABEL_COMMIT'];

  it('is sent when it changes, once, with the labels and all dimensions of the chart', () => {
    const emit = drawing([FLOWS]);
    emit(0, 10, { open_rate: 1, holding: 2, most: 70 });
    emit(10, 10, { close_rate: 3 });
    expect(emit(20, 40, { holding: 4, most: 70 })).toEqual([
      flowsLine(40),
      ...SOURCE,
      ...[OPENED, CLOSED, HELD],
      'BEGIN conntrack.flows 10000000',
      'SET held = 4',
      'END',
    ]);
    expect(emit(60, 40, { holding: 5, most: 70 })).toEqual(['BEGIN conntrack.flows 40000000', 'SET held = 5', 'END']);
    expect(emit(100, 10, { holding: 6 })[0]).toBe(flowsLine(10));
    expect(emit(110, 10, { holding: 7 })[0]).toBe('BEGIN conntrack.flows 10000000');
  });

  it('is sent with the next data if it changes while there are none', () => {
    const emit = drawing([FLOWS]);
    emit(0, 10, { holding: 2 });
    expect(emit(10, 20)).toEqual([]);
    expect(emit(20, 20, { holding: 3 }).slice(0, 5)).toEqual([
      flowsLine(20),
      ...SOURCE,
      HELD,
      'BEGIN conntrack.flows 20000000',
    ]);
  });

  it('is that of the module with its data', () => {
    const emitting = new Emitter({ charts: [FLOWS, QUEUE], source: '' });
    const readings: Reading[] = [
      { module: 'queues', every: 2, samples: [host({ waiting: 1 })] },
      { module: 'probe', every: 30, samples: [host({ holding: 1 })] },
    ];
    expect(lines(emitting.render(START, readings)).filter((line) => line.startsWith('CHART'))).toEqual([
      flowsLine(30),
      QUEUE_LINE.replace(' 4200 3 ', ' 4200 2 '),
    ]);
    const silent = { module: 'probe', every: 30, samples: [] };
    expect(
      lines(
        emitting.render(START + 2 * SECOND, [{ module: 'queues', every: 2, samples: [host({ waiting: 3 })] }, silent]),
      ),
    ).toEqual(['BEGIN conntrack.queue 2000000', 'SET waiting = 3', 'END']);
  });

  it('decides, as last sent, when the chart becomes obsolete', () => {
    const emit = drawing([FLOWS]);
    emit(0, 10, { holding: 1 });
    emit(10, 300, { holding: 2 });
    expect(emit(1209, 300)).toEqual([]);
    expect(emit(1210, 300)).toEqual([flowsLine(300).replace(" 300 '' ", " 300 'obsolete' ")]);
    expect(emit(1300, 10, { holding: 3 })[0]).toBe(flowsLine(10));
    expect(emit(1359, 10)).toEqual([]);
    expect(emit(1360, 10)).toEqual([flowsLine(10).replace(" 10 '' ", " 10 'obsolete' ")]);
  });
});
