/** Charts of the tests of the emitter, and the lines that it returns. Their contexts are mocked. */

import type { Chart } from '../../charts/types.ts';
import { Emitter } from '../../collector/agent/emit.ts';
import type { Sample } from '../../collector/modules/module.ts';

export const FLOWS: Chart = {
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

export const QUEUE: Chart = {
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

export const CPU: Chart = {
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
export const STREAMS: Chart = {
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

export const DATAGRAMS: Chart = {
  ...STREAMS,
  scope: 'udp',
  title: 'Ends of Datagrams',
  context: 'test.datagrams',
  dimensions: [{ id: 'loose', metric: 'loose_ends' }],
};

export const SECOND = 1_000_000;
/** The monotonic time at which the tests begin, in microseconds. */
export const START = 55_000_123;

export const FLOWS_LINE =
  "CHART conntrack.flows '' 'Flows of the Host' 'flows/s' 'traffic' 'test.flows' area 4202 3 '' 'conntrack.plugin' 'probe'";
export const FLOWS_OBSOLETE = FLOWS_LINE.replace(" 3 '' ", " 3 'obsolete' ");
export const OPENED = "DIMENSION 'opened' 'opened' absolute 1 1000";
export const CLOSED = "DIMENSION 'closed' 'closed' absolute -1 1000";
export const HELD = "DIMENSION 'held' 'held' absolute 1 1";
export const QUEUE_LINE =
  "CHART conntrack.queue '' 'Queue' 'packets' 'queue' 'test.queue' line 4200 3 'detail' 'conntrack.plugin' 'probe'";
export const WAITING = "DIMENSION 'waiting' 'waiting' absolute 1 1";

export type Values = Sample['values'];

export function host(values: Values, labels: Sample['labels'] = {}): Sample {
  return { scope: 'host', instance: '', labels, values };
}

export function cpu(number: number, values: Values): Sample {
  return { scope: 'cpu', instance: `cpu${number}`, labels: { cpu: `cpu${number}` }, values };
}

/** The lines that an emitter returns for samples, by seconds since {@link START}. */
export function emitter(charts: readonly Chart[], source = ''): (seconds: number, ...samples: Sample[]) => string[] {
  const emitting = new Emitter({ charts, source });
  return (seconds, ...samples) =>
    lines(emitting.render(START + seconds * SECOND, [{ module: 'probe', every: 3, samples }]));
}

export function lines(update: Buffer): string[] {
  const text = update.toString();
  if (text === '') return [];
  if (!text.endsWith('\n')) throw new Error(`the last line has no end: ${text.slice(-60)}`);
  return text.slice(0, -1).split('\n');
}
