/** The charts of the host's own sockets. The names of the states are the kernel's. */

import type { Chart } from './types.ts';

const MODULE = {
  id: 'socket_states',
  module: 'sockets',
  units: 'sockets',
  family: 'sockets',
  type: 'stacked',
} as const;

export const socketCharts: readonly Chart[] = [
  {
    ...MODULE,
    scope: 'tcp',
    title: 'TCP Sockets by State',
    context: 'network_connections.tcp_states',
    dimensions: [
      { id: 'established', metric: 'socket_established' },
      { id: 'syn_sent', metric: 'socket_syn_sent' },
      { id: 'syn_recv', metric: 'socket_syn_recv' },
      { id: 'fin_wait1', metric: 'socket_fin_wait1' },
      { id: 'fin_wait2', metric: 'socket_fin_wait2' },
      { id: 'time_wait', metric: 'socket_time_wait' },
      { id: 'close', metric: 'socket_close' },
      { id: 'close_wait', metric: 'socket_close_wait' },
      { id: 'last_ack', metric: 'socket_last_ack' },
      { id: 'listen', metric: 'socket_listen' },
      { id: 'closing', metric: 'socket_closing' },
      // The kernel reports sockets in this state as syn_recv.
      { id: 'new_syn_recv', metric: 'socket_new_syn_recv' },
    ],
  },
  {
    ...MODULE,
    scope: 'udp',
    title: 'UDP Sockets by State',
    context: 'network_connections.udp_states',
    dimensions: [
      { id: 'connected', metric: 'socket_connected' },
      { id: 'unconnected', metric: 'socket_unconnected' },
    ],
  },
];
