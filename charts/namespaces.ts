/** The chart of the network namespaces themselves. What is collected inside has the charts of the host. */

import type { Chart } from './types.ts';

export const namespaceCharts: readonly Chart[] = [
  {
    id: 'namespaces',
    scope: 'host',
    module: 'namespaces',
    title: 'Network Namespaces',
    units: 'namespaces',
    family: 'collection',
    context: 'netfilter.conntrack_namespaces',
    type: 'stacked',
    dimensions: [
      { id: 'watched', metric: 'namespaces_watched' },
      { id: 'idle', metric: 'namespaces_idle' },
      { id: 'left_out', metric: 'namespaces_left_out' },
      { id: 'unreadable', metric: 'namespaces_unreadable' },
    ],
  },
];
