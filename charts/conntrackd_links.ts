/** The charts of conntrackd's links to the other firewall. */

import type { Chart } from './types.ts';

const RATE = { divisor: 1000 } as const;
const BELOW = { multiplier: -1, divisor: 1000 } as const;

const LINK = { scope: 'link', module: 'conntrackd', type: 'line', family: 'conntrackd links' } as const;

export const linkCharts: readonly Chart[] = [
  {
    ...LINK,
    id: 'conntrackd_link_status',
    title: 'Conntrackd Link Status',
    units: 'state',
    context: 'conntrackd.link_status',
    dimensions: [
      { id: 'running', metric: 'running' },
      { id: 'no_carrier', metric: 'no_carrier' },
      { id: 'down', metric: 'down' },
    ],
    variables: [{ name: 'role_active', metric: 'active' }],
  },
  {
    ...LINK,
    id: 'conntrackd_link_role',
    title: 'Conntrackd Link Role',
    units: 'state',
    context: 'conntrackd.link_role',
    dimensions: [
      { id: 'active', metric: 'active' },
      { id: 'backup', metric: 'backup' },
    ],
  },
  {
    ...LINK,
    id: 'conntrackd_link_traffic',
    title: 'Conntrackd Link Traffic',
    units: 'bytes/s',
    context: 'conntrackd.link_traffic',
    type: 'area',
    dimensions: [
      { id: 'received', metric: 'bytes_received', ...RATE },
      { id: 'sent', metric: 'bytes_sent', ...BELOW },
    ],
  },
  {
    ...LINK,
    id: 'conntrackd_link_packets',
    title: 'Conntrackd Link Packets',
    units: 'packets/s',
    context: 'conntrackd.link_packets',
    dimensions: [
      { id: 'received', metric: 'packets_received', ...RATE },
      { id: 'sent', metric: 'packets_sent', ...BELOW },
    ],
  },
  {
    ...LINK,
    id: 'conntrackd_link_errors',
    title: 'Conntrackd Link Errors',
    units: 'errors/s',
    context: 'conntrackd.link_errors',
    dimensions: [
      { id: 'receive', metric: 'receive_errors', ...RATE },
      { id: 'send', metric: 'send_errors', ...BELOW },
    ],
  },
];
