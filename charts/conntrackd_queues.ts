/** The charts of conntrackd's queues. */

import type { Chart } from './types.ts';

const RATE = { divisor: 1000 } as const;

const QUEUE = { scope: 'queue', module: 'conntrackd', type: 'line', family: 'conntrackd queues' } as const;

export const queueCharts: readonly Chart[] = [
  {
    ...QUEUE,
    scope: 'daemon',
    id: 'conntrackd_queue_nodes',
    title: 'Conntrackd Allocated Queue Nodes',
    units: 'nodes',
    context: 'conntrackd.queue_nodes',
    detail: true,
    dimensions: [{ id: 'allocated', metric: 'queue_nodes' }],
  },
  {
    ...QUEUE,
    id: 'conntrackd_queue_elements',
    title: 'Conntrackd Queue Elements',
    units: 'elements',
    context: 'conntrackd.queue_elements',
    dimensions: [{ id: 'elements', metric: 'elements' }],
    variables: [{ name: 'maximum', metric: 'maximum' }],
  },
  {
    ...QUEUE,
    id: 'conntrackd_queue_fill',
    title: 'Conntrackd Queue Fill',
    units: '%',
    context: 'conntrackd.queue_fill',
    type: 'area',
    dimensions: [{ id: 'used', metric: 'fill', divisor: 1000 }],
  },
  {
    ...QUEUE,
    id: 'conntrackd_queue_refusals',
    title: 'Conntrackd Queue Refusals',
    units: 'elements/s',
    context: 'conntrackd.queue_refusals',
    dimensions: [{ id: 'refused', metric: 'refused', ...RATE }],
  },
];
