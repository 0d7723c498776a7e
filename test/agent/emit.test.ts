import { describe, expect, it, vi } from 'vitest';

import { Emitter } from '../../collector/agent/emit.ts';
import type { Reading } from '../../collector/jobs/renderer.ts';
import {
  CLOSED,
  CPU,
  cpu,
  emitter,
  FLOWS,
  FLOWS_LINE,
  HELD,
  host,
  lines,
  OPENED,
  QUEUE,
  QUEUE_LINE,
  START,
  WAITING,
} from '../helpers/emitting.ts';

// So that a new chart on the dashboard does not move these.
vi.mock('../../charts/priorities.ts', () => ({
  FIRST_PRIORITY: 4200,
  contextsInOrder: ['test.queue', 'test.cpu', 'test.flows', 'test.streams', 'test.datagrams'],
}));

describe('a chart', () => {
  it('is defined with its first values, and not again', () => {
    const emit = emitter([FLOWS]);
    expect(emit(0, host({ open_rate: 12.5, close_rate: 7.25, holding: 31 }))).toEqual([
      FLOWS_LINE,
      OPENED,
      CLOSED,
      HELD,
      'BEGIN conntrack.flows',
      'SET opened = 12500',
      'SET closed = 7250',
      'SET held = 31',
      'END',
    ]);
    expect(emit(3, host({ open_rate: 13.5, close_rate: 6.25, holding: 37 }))).toEqual([
      'BEGIN conntrack.flows 3000000',
      'SET opened = 13500',
      'SET closed = 6250',
      'SET held = 37',
      'END',
    ]);
  });

  it.each([
    ['no samples', []],
    ['a sample without values', [host({})]],
    ['unknown values', [host({ open_rate: undefined, holding: undefined })]],
    ['metrics of other charts', [host({ waiting: 5, most: 100 })]],
    ['samples of another scope', [cpu(0, { open_rate: 5 })]],
  ])('is not sent for %s', (_what, samples) => {
    const emit = emitter([FLOWS]);
    expect(emit(0, ...samples)).toEqual([]);
    expect(emit(3, ...samples)).toEqual([]);
    expect(emit(300, ...samples)).toEqual([]);
  });

  it('is defined with the dimensions that have a value, and again when another one has', () => {
    const emit = emitter([FLOWS]);
    expect(emit(0, host({ close_rate: 7.25 }))).toEqual([
      FLOWS_LINE,
      CLOSED,
      'BEGIN conntrack.flows',
      'SET closed = 7250',
      'END',
    ]);
    expect(emit(3, host({ open_rate: 2, close_rate: 1 }))).toEqual([
      FLOWS_LINE,
      OPENED,
      CLOSED,
      'BEGIN conntrack.flows 3000000',
      'SET opened = 2000',
      'SET closed = 1000',
      'END',
    ]);
    // What was there once stays defined, also while it is not known.
    expect(emit(6, host({ open_rate: 3, holding: 41 }))).toEqual([
      FLOWS_LINE,
      OPENED,
      CLOSED,
      HELD,
      'BEGIN conntrack.flows 3000000',
      'SET opened = 3000',
      'SET held = 41',
      'END',
    ]);
  });

  it('has a gap for an unknown value and a zero for a zero', () => {
    const emit = emitter([FLOWS]);
    emit(0, host({ open_rate: 1, close_rate: 2, holding: 3 }));
    expect(emit(3, host({ open_rate: 0, close_rate: undefined, holding: 9 }))).toEqual([
      'BEGIN conntrack.flows 3000000',
      'SET opened = 0',
      'SET held = 9',
      'END',
    ]);
  });

  it('has the priority of its context and the interval of its module', () => {
    const samples = [host({ holding: 1, waiting: 2 }), cpu(0, { busy: 3 })];
    const text = new Emitter({ charts: [FLOWS, CPU, QUEUE], source: '' }).render(START, [
      { module: 'probe', every: 17, samples },
    ]);
    const places = lines(text).flatMap((line) => /^CHART (\S+) .* (\d+) (\d+) '/.exec(line)?.slice(1) ?? []);
    expect(places).toEqual([
      ...['conntrack.flows', '4202', '17'],
      ...['conntrack.cpu_load_cpu0', '4201', '17'],
      ...['conntrack.queue', '4200', '17'],
    ]);
  });

  it('keeps its place among the charts, whichever module its data come from', () => {
    const readings: Reading[] = [
      { module: 'probe', every: 3, samples: [host({ waiting: 71 })] },
      { module: 'probe', every: 5, samples: [host({ holding: 73 })] },
    ];
    expect(lines(new Emitter({ charts: [FLOWS, QUEUE], source: '' }).render(START, readings))).toEqual([
      FLOWS_LINE.replace(" 4202 3 '' ", " 4202 5 '' "),
      HELD,
      'BEGIN conntrack.flows',
      'SET held = 73',
      'END',
      QUEUE_LINE,
      WAITING,
      'BEGIN conntrack.queue',
      'SET waiting = 71',
      'END',
    ]);
  });

  it('has the values of the tick, also when the module reuses the object', () => {
    const values: Record<string, number | undefined> = { waiting: 5 };
    const sample = host(values);
    const emit = emitter([QUEUE]);
    expect(emit(0, sample)).toContain('SET waiting = 5');
    values['waiting'] = 6;
    expect(emit(3, sample)).toEqual(['BEGIN conntrack.queue 3000000', 'SET waiting = 6', 'END']);
    values['waiting'] = undefined;
    expect(emit(6, sample)).toEqual([]);
  });
});

describe('a value', () => {
  it.each([
    [0.25, 250],
    [1 / 3, 333],
    [2 / 3, 667],
    [0.0004, 0],
    [0.0005, 1],
    [12.3456, 12_346],
    [-0.25, -250],
    [4_000_000_000, 4_000_000_000_000],
  ])('of %d in thousandths is sent as %d', (value, sent) => {
    expect(emitter([FLOWS])(0, host({ open_rate: value }))).toContain(`SET opened = ${sent}`);
  });

  it.each([
    [262_144, 262_144],
    [7.6, 8],
    [7.4, 7],
    [-0.2, 0],
  ])('of %d without a divisor is sent as %d', (value, sent) => {
    expect(emitter([FLOWS])(0, host({ holding: value }))).toContain(`SET held = ${sent}`);
  });
});

describe('the time of an update', () => {
  it('is the exact time since the previous one, in whole microseconds', () => {
    const emit = emitter([QUEUE]);
    const begin = (seconds: number): string | undefined =>
      emit(seconds, host({ waiting: 1 })).find((line) => line.startsWith('BEGIN'));
    expect(begin(0)).toBe('BEGIN conntrack.queue');
    expect(begin(0.700_011)).toBe('BEGIN conntrack.queue 700011');
    expect(begin(1.700_110_8)).toBe('BEGIN conntrack.queue 1000100');
    expect(begin(11.700_110_8)).toBe('BEGIN conntrack.queue 10000000');
  });

  it('is the time since the chart last had data, not since the last tick', () => {
    const emit = emitter([QUEUE, FLOWS]);
    emit(0, host({ waiting: 1, holding: 1 }));
    emit(1, host({ holding: 2 }));
    expect(emit(2.5, host({ waiting: 2, holding: 3 })).filter((line) => line.startsWith('BEGIN'))).toEqual([
      'BEGIN conntrack.queue 2500000',
      'BEGIN conntrack.flows 1500000',
    ]);
  });
});

describe('a chart of the host with metrics of several modules', () => {
  it('has a dimension of each', () => {
    const emit = emitter([FLOWS]);
    expect(emit(0, host({ close_rate: 7.25, least: 4 }), host({ open_rate: 2.5, most: 900 }))).toEqual([
      FLOWS_LINE,
      OPENED,
      CLOSED,
      'BEGIN conntrack.flows',
      'SET opened = 2500',
      'SET closed = 7250',
      'VARIABLE CHART ceiling = 900',
      'VARIABLE CHART floor = 4',
      'END',
    ]);
  });

  it('keeps its dimensions while a module returns nothing, and is defined again for a new one', () => {
    const emit = emitter([FLOWS]);
    emit(0, host({ close_rate: 1 }), host({ open_rate: 2 }));
    expect(emit(3, host({ close_rate: 3 }))).toEqual(['BEGIN conntrack.flows 3000000', 'SET closed = 3000', 'END']);
    expect(emit(6, host({ close_rate: 4 }), host({ open_rate: 5 }))).toEqual([
      'BEGIN conntrack.flows 3000000',
      'SET opened = 5000',
      'SET closed = 4000',
      'END',
    ]);
    expect(emit(9, host({ close_rate: 4 }), host({ holding: 6 }))).toEqual([
      FLOWS_LINE,
      OPENED,
      CLOSED,
      HELD,
      'BEGIN conntrack.flows 3000000',
      'SET closed = 4000',
      'SET held = 6',
      'END',
    ]);
  });

  it('has the labels of the first module', () => {
    const emit = emitter([FLOWS, QUEUE]);
    const said = emit(0, host({ holding: 1 }, { zone: 'inner' }), host({ waiting: 2 }, { zone: 'outer' }));
    expect(said.filter((line) => line.startsWith('CLABEL '))).toEqual(Array(2).fill("CLABEL 'zone' 'inner' 1"));
  });

  it('repeats a variable of the second module only when it changes', () => {
    const emit = emitter([FLOWS]);
    const variables = (seconds: number, most: number): string[] =>
      emit(seconds, host({ holding: 1 }), host({ most })).filter((line) => line.startsWith('VARIABLE'));
    expect(variables(0, 811)).toEqual(['VARIABLE CHART ceiling = 811']);
    expect(variables(3, 811)).toEqual([]);
    expect(variables(6, 812)).toEqual(['VARIABLE CHART ceiling = 812']);
  });
});
