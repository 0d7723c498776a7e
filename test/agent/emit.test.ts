import { describe, expect, it, vi } from 'vitest';

import type { Chart } from '../../charts/types.ts';
import { Emitter } from '../../collector/agent/emit.ts';
import type { Reading } from '../../collector/jobs/renderer.ts';
import type { Sample } from '../../collector/modules/module.ts';

// Contexts of this test's own, so that a new chart on the dashboard does not move these.
vi.mock('../../charts/priorities.ts', () => ({
  FIRST_PRIORITY: 4200,
  contextsInOrder: ['test.queue', 'test.cpu', 'test.flows', 'test.streams', 'test.datagrams'],
}));

const FLOWS: Chart = {
  id: 'flows',
  scope: 'host',
  title: 'Flows of the Host',
  units: 'flows/s',
  family: 'traffic',
  context: 'test.flows',
  type: 'area',
  module: 'probe',
  dimensions: [
    { id: 'opened', metric: 'open_rate', divisor: 1000 },
    { id: 'closed', metric: 'close_rate', divisor: 1000, multiplier: -1 },
    { id: 'held', metric: 'holding' },
  ],
  variables: [
    { name: 'ceiling', metric: 'most' },
    { name: 'floor', metric: 'least' },
  ],
};

const QUEUE: Chart = {
  id: 'queue',
  scope: 'host',
  title: 'Queue',
  units: 'packets',
  family: 'queue',
  context: 'test.queue',
  type: 'line',
  module: 'probe',
  detail: true,
  dimensions: [{ id: 'waiting', metric: 'waiting' }],
};

const CPU: Chart = {
  id: 'cpu_load',
  scope: 'cpu',
  title: 'Load of a CPU',
  units: '%',
  family: 'cpus',
  context: 'test.cpu',
  type: 'stacked',
  module: 'probe',
  detail: true,
  dimensions: [{ id: 'busy', metric: 'busy', divisor: 100 }],
};

/** Two charts that share an id: their instances tell them apart. */
const STREAMS: Chart = {
  id: 'ends',
  scope: 'tcp',
  title: 'Ends of Streams',
  units: 'ends',
  family: 'ends',
  context: 'test.streams',
  type: 'stacked',
  module: 'probe',
  dimensions: [{ id: 'open', metric: 'open_ends' }],
};

const DATAGRAMS: Chart = {
  ...STREAMS,
  scope: 'udp',
  title: 'Ends of Datagrams',
  context: 'test.datagrams',
  dimensions: [{ id: 'loose', metric: 'loose_ends' }],
};

const SECOND = 1_000_000;
/** Where the monotonic time of these tests begins, in microseconds. */
const START = 55_000_123;

const FLOWS_LINE =
  "CHART conntrack.flows '' 'Flows of the Host' 'flows/s' 'traffic' 'test.flows' area 4202 3 '' 'conntrack.plugin' 'probe'";
const FLOWS_OBSOLETE = FLOWS_LINE.replace(" 3 '' ", " 3 'obsolete' ");
const OPENED = "DIMENSION 'opened' 'opened' absolute 1 1000";
const CLOSED = "DIMENSION 'closed' 'closed' absolute -1 1000";
const HELD = "DIMENSION 'held' 'held' absolute 1 1";
const QUEUE_LINE =
  "CHART conntrack.queue '' 'Queue' 'packets' 'queue' 'test.queue' line 4200 3 'detail' 'conntrack.plugin' 'probe'";
const WAITING = "DIMENSION 'waiting' 'waiting' absolute 1 1";

type Values = Sample['values'];

function host(values: Values, labels: Sample['labels'] = {}): Sample {
  return { scope: 'host', instance: '', labels, values };
}

function cpu(number: number, values: Values): Sample {
  return { scope: 'cpu', instance: `cpu${number}`, labels: { cpu: `cpu${number}` }, values };
}

/** An emitter that is asked, by seconds since the start, what it has to say, line by line. */
function emitter(charts: readonly Chart[], source = ''): (seconds: number, ...samples: Sample[]) => string[] {
  const emitting = new Emitter({ charts, source });
  return (seconds, ...samples) =>
    lines(emitting.render(START + seconds * SECOND, [{ module: 'probe', every: 3, samples }]));
}

function lines(update: Buffer): string[] {
  const text = update.toString();
  if (text === '') return [];
  expect(text.endsWith('\n')).toBe(true);
  return text.slice(0, -1).split('\n');
}

describe('a chart', () => {
  it('is defined when it first has something to draw, and not again', () => {
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
    ['values that are not known', [host({ open_rate: undefined, holding: undefined })]],
    ['metrics that it does not draw', [host({ waiting: 5, most: 100 })]],
    ['samples of another scope', [cpu(0, { open_rate: 5 })]],
  ])('is silent for %s', (_what, samples) => {
    const emit = emitter([FLOWS]);
    expect(emit(0, ...samples)).toEqual([]);
    expect(emit(3, ...samples)).toEqual([]);
    expect(emit(300, ...samples)).toEqual([]);
  });

  it('is defined with the dimensions that are there, and again with all when one comes later', () => {
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

  it('leaves a gap for a value that is not known, and draws a zero for a zero', () => {
    const emit = emitter([FLOWS]);
    emit(0, host({ open_rate: 1, close_rate: 2, holding: 3 }));
    expect(emit(3, host({ open_rate: 0, close_rate: undefined, holding: 9 }))).toEqual([
      'BEGIN conntrack.flows 3000000',
      'SET opened = 0',
      'SET held = 9',
      'END',
    ]);
  });

  it('stands at its place among the contexts, with the interval of its module', () => {
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

  it('is drawn after the ones before it, whichever module its data come from', () => {
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

  it('is drawn from the values of the tick, also when the module uses one object again', () => {
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
  it('is the true difference to the one before, in whole microseconds', () => {
    const emit = emitter([QUEUE]);
    const begin = (seconds: number): string | undefined =>
      emit(seconds, host({ waiting: 1 })).find((line) => line.startsWith('BEGIN'));
    expect(begin(0)).toBe('BEGIN conntrack.queue');
    expect(begin(0.700_011)).toBe('BEGIN conntrack.queue 700011');
    expect(begin(1.700_110_8)).toBe('BEGIN conntrack.queue 1000100');
    expect(begin(11.700_110_8)).toBe('BEGIN conntrack.queue 10000000');
  });

  it('is the time since the chart had data, not since the last tick', () => {
    const emit = emitter([QUEUE, FLOWS]);
    emit(0, host({ waiting: 1, holding: 1 }));
    emit(1, host({ holding: 2 }));
    expect(emit(2.5, host({ waiting: 2, holding: 3 })).filter((line) => line.startsWith('BEGIN'))).toEqual([
      'BEGIN conntrack.queue 2500000',
      'BEGIN conntrack.flows 1500000',
    ]);
  });
});

describe('a chart without data', () => {
  it('is made obsolete after a minute, once', () => {
    const emit = emitter([FLOWS]);
    emit(0, host({ holding: 1 }));
    emit(3, host({ holding: 2 }));
    expect(emit(62.999_999)).toEqual([]);
    expect(emit(63)).toEqual([FLOWS_OBSOLETE]);
    expect(emit(66)).toEqual([]);
    expect(emit(600)).toEqual([]);
  });

  it('is a new one when data return: defined by what is known then, without the time since its last update', () => {
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

  it('that came back and goes again is made obsolete again', () => {
    const emit = emitter([FLOWS]);
    emit(0, host({ holding: 1 }));
    emit(60);
    emit(100, host({ holding: 2 }));
    expect(emit(159)).toEqual([]);
    expect(emit(160)).toEqual([FLOWS_OBSOLETE]);
    expect(emit(163)).toEqual([]);
  });

  it('is not made obsolete when its data return in the last moment', () => {
    const emit = emitter([QUEUE]);
    emit(0, host({ waiting: 1 }));
    expect(emit(75, host({ waiting: 2 }))).toEqual(['BEGIN conntrack.queue 75000000', 'SET waiting = 2', 'END']);
  });

  it('keeps its other options', () => {
    const emit = emitter([QUEUE]);
    emit(0, host({ waiting: 1 }));
    expect(emit(60)).toEqual([QUEUE_LINE.replace("'detail'", "'detail obsolete'")]);
  });

  it('does not take the others with it', () => {
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
  ])('is waited for, with %s', (_what, every, patience) => {
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

  it('makes a removed chart obsolete once, and leaves the others alone', () => {
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

  it('makes a chart that was removed and returns a new one', () => {
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

  it('has the charts that it alone fed made obsolete at once', () => {
    const emitting = new Emitter({ charts: [FLOWS, QUEUE], source: '' });
    emitting.render(START, [
      { ...flows, samples: [host({ open_rate: 2 })] },
      { ...queues, samples: [host({ waiting: 2 })] },
    ]);
    expect(lines(emitting.render(START + 3 * SECOND, [{ ...queues, samples: [] }]))).toEqual([FLOWS_OBSOLETE]);
    expect(lines(emitting.render(START + 6 * SECOND, [{ ...queues, samples: [] }]))).toEqual([]);
  });

  it('leaves the charts that another module feeds too', () => {
    const emitting = new Emitter({ charts: [FLOWS], source: '' });
    emitting.render(START, [flows, queues]);
    const other = ['BEGIN conntrack.flows 3000000', 'SET held = 7', 'END'];
    expect(lines(emitting.render(START + 3 * SECOND, [queues]))).toEqual(other);
    expect(lines(emitting.render(START + 6 * SECOND, [{ ...queues, samples: [] }]))).toEqual([]);
    expect(lines(emitting.render(START + 9 * SECOND, []))).toEqual([FLOWS_OBSOLETE]);
  });
});

describe('the charts of instances', () => {
  const line = (name: string): string =>
    `CHART conntrack.cpu_load_${name} '' 'Load of a CPU' '%' 'cpus' 'test.cpu' stacked 4201 3 'detail' 'conntrack.plugin' 'probe'`;
  const BUSY = "DIMENSION 'busy' 'busy' absolute 1 100";

  it('have an id and labels of their own', () => {
    expect(emitter([CPU])(0, cpu(0, { busy: 12.25 }), host({ busy: 99 }), cpu(13, { busy: 55.5 }))).toEqual([
      line('cpu0'),
      "CLABEL 'cpu' 'cpu0' 1",
      'CLABEL_COMMIT',
      BUSY,
      'BEGIN conntrack.cpu_load_cpu0',
      'SET busy = 1225',
      'END',
      line('cpu13'),
      "CLABEL 'cpu' 'cpu13' 1",
      'CLABEL_COMMIT',
      BUSY,
      'BEGIN conntrack.cpu_load_cpu13',
      'SET busy = 5550',
      'END',
    ]);
  });

  it('come and go one by one', () => {
    const emit = emitter([CPU]);
    emit(0, cpu(0, { busy: 1 }), cpu(1, { busy: 2 }));
    const later = emit(50, cpu(1, { busy: 3 }), cpu(2, { busy: 4 }));
    expect(later.filter((text) => /^(CHART|BEGIN)/.test(text))).toEqual([
      'BEGIN conntrack.cpu_load_cpu1 50000000',
      line('cpu2'),
      'BEGIN conntrack.cpu_load_cpu2',
    ]);
    expect(emit(61, cpu(1, { busy: 5 })).slice(-2)).toEqual([
      'END',
      line('cpu0').replace("'detail'", "'detail obsolete'"),
    ]);
  });

  it('of two scopes live side by side under one id, each drawn from the samples of its own scope', () => {
    const ends = (scope: 'tcp' | 'udp', instance: string, values: Values): Sample => {
      return { scope, instance, labels: { protocol: instance }, values };
    };
    const streams = "CHART conntrack.ends_tcp6 '' 'Ends of Streams' 'ends' 'ends' 'test.streams' stacked 4203 3 ";
    const datagrams = "CHART conntrack.ends_udp6 '' 'Ends of Datagrams' 'ends' 'ends' 'test.datagrams' stacked 4204 3 ";
    const emit = emitter([STREAMS, DATAGRAMS]);
    const values = { open_ends: 23, loose_ends: 29 };
    expect(emit(0, ends('udp', 'udp6', values), ends('tcp', 'tcp6', values))).toEqual([
      `${streams}'' 'conntrack.plugin' 'probe'`,
      "CLABEL 'protocol' 'tcp6' 1",
      'CLABEL_COMMIT',
      "DIMENSION 'open' 'open' absolute 1 1",
      'BEGIN conntrack.ends_tcp6',
      'SET open = 23',
      'END',
      `${datagrams}'' 'conntrack.plugin' 'probe'`,
      "CLABEL 'protocol' 'udp6' 1",
      'CLABEL_COMMIT',
      "DIMENSION 'loose' 'loose' absolute 1 1",
      'BEGIN conntrack.ends_udp6',
      'SET loose = 29',
      'END',
    ]);
    emit(50, ends('udp', 'udp6', { loose_ends: 31 }));
    expect(emit(60, ends('udp', 'udp6', { loose_ends: 37 }))).toEqual([
      'BEGIN conntrack.ends_udp6 10000000',
      'SET loose = 37',
      'END',
      `${streams}'obsolete' 'conntrack.plugin' 'probe'`,
    ]);
  });
});

describe('labels', () => {
  it('of the source stand on every chart when there is one', () => {
    const emit = emitter([QUEUE, CPU], "the router's rack");
    const labels = emit(0, host({ waiting: 1 }), cpu(4, { busy: 2 })).filter((line) => /^(CHART|CLABEL)/.test(line));
    expect(labels).toEqual([
      QUEUE_LINE,
      `CLABEL 'source' "the router's rack" 2`,
      'CLABEL_COMMIT',
      expect.stringMatching(/^CHART conntrack\.cpu_load_cpu4 /),
      "CLABEL 'cpu' 'cpu4' 1",
      `CLABEL 'source' "the router's rack" 2`,
      'CLABEL_COMMIT',
    ]);
  });

  it('are said again when the chart is defined again', () => {
    const emit = emitter([FLOWS], 'rack 7');
    emit(0, host({ holding: 1 }, { zone: 'inner zone' }));
    expect(emit(3, host({ open_rate: 2 }, { zone: 'inner zone' }))).toEqual([
      FLOWS_LINE,
      "CLABEL 'zone' 'inner zone' 1",
      "CLABEL 'source' 'rack 7' 2",
      'CLABEL_COMMIT',
      OPENED,
      HELD,
      'BEGIN conntrack.flows 3000000',
      'SET opened = 2000',
      'END',
    ]);
  });

  it('are not committed where there are none: old agents end a plugin for that', () => {
    expect(emitter([QUEUE])(0, host({ waiting: 1 }))).not.toContain('CLABEL_COMMIT');
  });
});

describe('a variable for alerts', () => {
  const variables = (said: readonly string[]): string[] => said.filter((line) => line.startsWith('VARIABLE'));

  it('is said within the update of its chart', () => {
    expect(emitter([FLOWS])(0, host({ holding: 1, most: 65_536, least: 17 })).slice(-5)).toEqual([
      'BEGIN conntrack.flows',
      'SET held = 1',
      'VARIABLE CHART ceiling = 65536',
      'VARIABLE CHART floor = 17',
      'END',
    ]);
  });

  it('is said again only when it changes', () => {
    const emit = emitter([FLOWS]);
    emit(0, host({ holding: 1, most: 65_536, least: 17 }));
    expect(variables(emit(3, host({ holding: 1, most: 65_536, least: 17 })))).toEqual([]);
    expect(variables(emit(6, host({ holding: 1, most: 65_536, least: 18 })))).toEqual(['VARIABLE CHART floor = 18']);
    expect(variables(emit(9, host({ holding: 1, most: 70_000, least: 18 })))).toEqual([
      'VARIABLE CHART ceiling = 70000',
    ]);
    expect(variables(emit(12, host({ holding: 1, most: 70_000, least: 18 })))).toEqual([]);
    expect(variables(emit(15, host({ holding: 1, most: 70_000, least: 0 })))).toEqual(['VARIABLE CHART floor = 0']);
  });

  it('is not said while it is not known, nor when it comes back unchanged', () => {
    const emit = emitter([FLOWS]);
    expect(variables(emit(0, host({ holding: 1 })))).toEqual([]);
    expect(variables(emit(3, host({ holding: 1, most: 8 })))).toEqual(['VARIABLE CHART ceiling = 8']);
    expect(variables(emit(6, host({ holding: 1, most: undefined })))).toEqual([]);
    expect(variables(emit(9, host({ holding: 1, most: 8 })))).toEqual([]);
  });

  it('of a chart that has nothing to draw is not said', () => {
    expect(emitter([FLOWS])(0, host({ most: 8 }))).toEqual([]);
  });
});

describe('the host, when several modules know something of it', () => {
  /** What an emitter says, line by line, to readings of three modules that are read every 3 seconds. */
  function merged(charts: readonly Chart[], ...readings: readonly (readonly Sample[])[]): string[] {
    const emitting = new Emitter({ charts, source: '' });
    return lines(
      emitting.render(
        START,
        readings.map((samples) => ({ module: 'probe', every: 3, samples })),
      ),
    );
  }

  it('is drawn in one chart, with a dimension of each', () => {
    const readings = [[host({ close_rate: 7.25, least: 4 })], [host({ open_rate: 2.5, most: 900 })]];
    expect(merged([FLOWS], ...readings)).toEqual([
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

  it('is believed of the first that knows a number, not of one that leaves it open', () => {
    const readings = [
      [host({ open_rate: undefined, close_rate: 31, least: undefined })],
      [host({ open_rate: 17, close_rate: 41, least: 5 })],
      [host({ open_rate: 19, close_rate: 43, holding: 23, least: 6 })],
    ];
    const said = merged([FLOWS], ...readings).filter((line) => /^(SET|VARIABLE)/.test(line));
    expect(said).toEqual(['SET opened = 17000', 'SET closed = 31000', 'SET held = 23', 'VARIABLE CHART floor = 5']);
  });

  it('is believed of 0 too', () => {
    expect(merged([FLOWS], [host({ holding: 0 })], [host({ holding: 9 })])).toContain('SET held = 0');
  });

  it('is drawn whichever modules have nothing to say, and wherever its sample stands', () => {
    const readings = [[], [cpu(3, { busy: 5 }), host({ waiting: 61 })], []];
    expect(merged([QUEUE], ...readings)).toEqual([
      QUEUE_LINE,
      WAITING,
      'BEGIN conntrack.queue',
      'SET waiting = 61',
      'END',
    ]);
  });

  it('is not mixed up with its instances, which no other sample adds to', () => {
    const readings = [[host({ busy: 1 }), cpu(0, { busy: 2 })], [cpu(1, { waiting: 3 })]];
    const said = merged([CPU, QUEUE], ...readings).filter((line) => /^(BEGIN|SET)/.test(line));
    expect(said).toEqual(['BEGIN conntrack.cpu_load_cpu0', 'SET busy = 200']);
  });

  it('keeps a dimension declared while its module is silent, and says it again when that knows more', () => {
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

  it('has the labels of the first module on each of its charts', () => {
    const emit = emitter([FLOWS, QUEUE]);
    const said = emit(0, host({ holding: 1 }, { zone: 'inner' }), host({ waiting: 2 }, { zone: 'outer' }));
    expect(said.filter((line) => line.startsWith('CLABEL '))).toEqual(Array(2).fill("CLABEL 'zone' 'inner' 1"));
  });

  it('says a variable of the second module only when it changes', () => {
    const emit = emitter([FLOWS]);
    const variables = (seconds: number, most: number): string[] =>
      emit(seconds, host({ holding: 1 }), host({ most })).filter((line) => line.startsWith('VARIABLE'));
    expect(variables(0, 811)).toEqual(['VARIABLE CHART ceiling = 811']);
    expect(variables(3, 811)).toEqual([]);
    expect(variables(6, 812)).toEqual(['VARIABLE CHART ceiling = 812']);
  });
});

describe('the interval of a chart', () => {
  const flowsLine = (every: number): string => FLOWS_LINE.replace(' 4202 3 ', ` 4202 ${every} `);

  /** What an emitter says, line by line, at a time to a reading of a module with an interval. */
  function drawing(charts: readonly Chart[]) {
    const emitting = new Emitter({ charts, source: 'rack 7' });
    return (seconds: number, every: number, values: Values = {}): string[] =>
      lines(emitting.render(START + seconds * SECOND, [{ module: 'probe', every, samples: [host(values)] }]));
  }

  const SOURCE = ["CLABEL 'source' 'rack 7' 2", 'CLABEL_COMMIT'];

  it('that changes is declared with the chart, its labels and all of its dimensions, once', () => {
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

  it('that changes while there is nothing to draw is declared with the next data', () => {
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

  it('is that of the module that its data come from', () => {
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

  it('as it was last declared says how long data are waited for', () => {
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
