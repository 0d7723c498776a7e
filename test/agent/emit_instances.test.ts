import { describe, expect, it, vi } from 'vitest';

import { Emitter } from '../../collector/agent/emit.ts';
import type { Sample } from '../../collector/modules/module.ts';
import {
  CPU,
  cpu,
  DATAGRAMS,
  emitter,
  FLOWS,
  FLOWS_LINE,
  HELD,
  host,
  OPENED,
  QUEUE,
  QUEUE_LINE,
  STREAMS,
  type Values,
} from '../helpers/emitting.ts';

// So that a new chart on the dashboard does not move these.
vi.mock('../../charts/priorities.ts', () => ({
  FIRST_PRIORITY: 4200,
  contextsInOrder: ['test.queue', 'test.cpu', 'test.flows', 'test.streams', 'test.datagrams'],
}));

describe('the charts of instances', () => {
  const line = (name: string): string =>
    `CHART conntrack.cpu_load_${name} '' 'Load of a CPU' '%' 'cpus' 'test.cpu' stacked 4201 3 'detail' 'conntrack.plugin' 'probe'`;
  const BUSY = "DIMENSION 'busy' 'busy' absolute 1 100";

  it('have their own ids and labels', () => {
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

  it('of two scopes that share an id have the values of their scope', () => {
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
  it('include the configured source on every chart', () => {
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

  it('are repeated when the chart is defined again', () => {
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

  it('are not committed if there are none, since old agents end a plugin for that', () => {
    expect(emitter([QUEUE])(0, host({ waiting: 1 }))).not.toContain('CLABEL_COMMIT');
  });
});

describe('a variable for alerts', () => {
  const variables = (said: readonly string[]): string[] => said.filter((line) => line.startsWith('VARIABLE'));

  it('is sent within the update of its chart', () => {
    expect(emitter([FLOWS])(0, host({ holding: 1, most: 65_536, least: 17 })).slice(-5)).toEqual([
      'BEGIN conntrack.flows',
      'SET held = 1',
      'VARIABLE CHART ceiling = 65536',
      'VARIABLE CHART floor = 17',
      'END',
    ]);
  });

  it('is sent again only when it changes', () => {
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

  it('is not sent while it is unknown, nor when it returns unchanged', () => {
    const emit = emitter([FLOWS]);
    expect(variables(emit(0, host({ holding: 1 })))).toEqual([]);
    expect(variables(emit(3, host({ holding: 1, most: 8 })))).toEqual(['VARIABLE CHART ceiling = 8']);
    expect(variables(emit(6, host({ holding: 1, most: undefined })))).toEqual([]);
    expect(variables(emit(9, host({ holding: 1, most: 8 })))).toEqual([]);
  });

  it('is not sent without a value of its chart', () => {
    expect(emitter([FLOWS])(0, host({ most: 8 }))).toEqual([]);
  });
});

describe('a chart of the host only', () => {
  const charts = [{ ...FLOWS, hostOnly: true } as const, QUEUE];
  const readings = (instance: string, ...modules: readonly [string, Values][]) =>
    modules.map(([module, values]) => ({
      module,
      every: 3,
      samples: [{ scope: 'host' as const, instance, labels: {}, values }],
    }));
  const own = ['probe', { open_rate: 3, waiting: 7 }] as const;

  it.each([
    ['of the host', '', [[...own]], ['flows', 'queue']],
    ['of another network namespace', 'netns_blue', [[...own]], ['queue_netns_blue']],
    [
      'of another network namespace where another module has nothing for it',
      'netns_blue',
      [[...own], ['other', { waiting: 5 }]],
      ['queue_netns_blue'],
    ],
    [
      'of another network namespace where another module has a part of it',
      'netns_blue',
      [[...own], ['other', { close_rate: 4 }]],
      ['flows_netns_blue', 'queue_netns_blue'],
    ],
  ] as const)('is charted, or left out, for samples %s', (_of, instance, modules, ids) => {
    const text = new Emitter({ charts, source: '' }).render(
      0,
      readings(instance, ...modules.map(([a, b]) => [a, b] as [string, Values])),
    );
    expect([...text.toString().matchAll(/^BEGIN conntrack\.(\S+)/gm)].map(([, id]) => id).sort()).toEqual(ids);
  });
});
