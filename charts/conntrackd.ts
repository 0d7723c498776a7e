/** The charts of conntrackd: first those of the daemon itself. */

import { cacheCharts } from './conntrackd_caches.ts';
import { linkCharts } from './conntrackd_links.ts';
import { queueCharts } from './conntrackd_queues.ts';
import type { Chart } from './types.ts';

const RATE = { divisor: 1000 } as const;

const DAEMON = { scope: 'daemon', module: 'conntrackd', type: 'line', family: 'conntrackd' } as const;

const daemonCharts: readonly Chart[] = [
  {
    ...DAEMON,
    id: 'conntrackd_state',
    title: 'Conntrackd State',
    units: 'state',
    context: 'conntrackd.state',
    dimensions: [
      { id: 'up', metric: 'up' },
      { id: 'unresponsive', metric: 'unresponsive' },
      { id: 'down', metric: 'down' },
    ],
  },
  {
    ...DAEMON,
    id: 'conntrackd_sync',
    title: 'Conntrackd Connections in the Kernel and in its Caches',
    units: 'connections',
    context: 'conntrackd.sync',
    dimensions: [
      { id: 'kernel', metric: 'kernel_connections' },
      { id: 'internal', metric: 'internal_connections' },
      { id: 'external', metric: 'external_connections' },
    ],
  },
  {
    ...DAEMON,
    id: 'conntrackd_messages',
    title: 'Conntrackd Messages in Trouble',
    units: 'messages/s',
    context: 'conntrackd.messages',
    dimensions: [
      { id: 'lost', metric: 'lost', ...RATE },
      { id: 'out_of_order', metric: 'out_of_order', ...RATE },
      { id: 'malformed_received', metric: 'malformed_received', ...RATE },
      { id: 'malformed_sent', metric: 'malformed_sent', ...RATE },
    ],
  },
  {
    ...DAEMON,
    id: 'conntrackd_malformed_messages',
    title: 'Conntrackd Malformed Messages by Cause',
    units: 'messages/s',
    context: 'conntrackd.malformed_messages',
    detail: true,
    dimensions: [
      { id: 'wrong_version', metric: 'wrong_version', ...RATE },
      { id: 'header', metric: 'bad_header', ...RATE },
      { id: 'payload', metric: 'bad_payload', ...RATE },
      { id: 'type', metric: 'bad_type', ...RATE },
      { id: 'truncated', metric: 'truncated', ...RATE },
      { id: 'size', metric: 'bad_size', ...RATE },
    ],
  },
  {
    ...DAEMON,
    id: 'conntrackd_tcp_channel',
    title: 'Conntrackd TCP Channel',
    units: 'state',
    context: 'conntrackd.tcp_channel',
    dimensions: [
      { id: 'server_connected', metric: 'server_connected' },
      { id: 'client_connected', metric: 'client_connected' },
    ],
  },
  {
    ...DAEMON,
    id: 'conntrackd_netlink_events',
    title: 'Conntrackd Events from the Kernel',
    units: 'events/s',
    context: 'conntrackd.netlink_events',
    dimensions: [
      { id: 'received', metric: 'events_received', ...RATE },
      { id: 'filtered', metric: 'events_filtered', ...RATE },
    ],
  },
  {
    ...DAEMON,
    id: 'conntrackd_netlink_errors',
    title: 'Conntrackd Errors of Events from the Kernel',
    units: 'errors/s',
    context: 'conntrackd.netlink_errors',
    dimensions: [
      { id: 'overruns', metric: 'overruns', ...RATE },
      { id: 'failed_events', metric: 'events_failed', ...RATE },
      { id: 'unknown_events', metric: 'events_unknown', ...RATE },
      { id: 'unknown_dumps', metric: 'dumps_unknown', ...RATE },
    ],
  },
  {
    ...DAEMON,
    id: 'conntrackd_netlink_buffer',
    title: 'Conntrackd Receive Buffer for Events from the Kernel',
    units: 'bytes',
    context: 'conntrackd.netlink_buffer',
    detail: true,
    dimensions: [{ id: 'size', metric: 'buffer_size' }],
  },
  {
    ...DAEMON,
    id: 'conntrackd_kernel_table',
    title: 'Conntrackd Resyncs with and Flushes of the Kernel Table',
    units: 'operations/s',
    context: 'conntrackd.kernel_table',
    dimensions: [
      { id: 'resyncs', metric: 'resyncs', ...RATE },
      { id: 'flushes', metric: 'flushes', ...RATE },
    ],
  },
  {
    ...DAEMON,
    id: 'conntrackd_processed_traffic',
    title: 'Conntrackd Traffic of Ended Connections',
    units: 'bytes/s',
    context: 'conntrackd.processed_traffic',
    detail: true,
    dimensions: [{ id: 'traffic', metric: 'processed_bytes', ...RATE }],
  },
  {
    ...DAEMON,
    id: 'conntrackd_processed_packets',
    title: 'Conntrackd Packets of Ended Connections',
    units: 'packets/s',
    context: 'conntrackd.processed_packets',
    detail: true,
    dimensions: [{ id: 'packets', metric: 'processed_packets', ...RATE }],
  },
  {
    ...DAEMON,
    id: 'conntrackd_children',
    title: 'Conntrackd Child Processes',
    units: 'processes',
    context: 'conntrackd.children',
    type: 'stacked',
    detail: true,
    dimensions: [
      { id: 'flush', metric: 'children_flush' },
      { id: 'commit', metric: 'children_commit' },
      { id: 'any', metric: 'children_any' },
      { id: 'unknown', metric: 'children_unknown' },
    ],
  },
  {
    ...DAEMON,
    id: 'conntrackd_failures',
    title: 'Conntrackd Failures of the Daemon and its Child Processes',
    units: 'failures/s',
    context: 'conntrackd.failures',
    detail: true,
    dimensions: [
      { id: 'child_failed', metric: 'children_failed', ...RATE },
      { id: 'child_segfault', metric: 'children_segfault', ...RATE },
      { id: 'child_signalled', metric: 'children_signalled', ...RATE },
      { id: 'select', metric: 'select_failed', ...RATE },
      { id: 'wait', metric: 'wait_failed', ...RATE },
      { id: 'local_read', metric: 'read_failed', ...RATE },
      { id: 'unknown_request', metric: 'unknown_requests', ...RATE },
    ],
  },
  {
    ...DAEMON,
    id: 'conntrackd_uptime',
    title: 'Conntrackd Uptime',
    units: 'seconds',
    context: 'conntrackd.uptime',
    dimensions: [{ id: 'uptime', metric: 'uptime' }],
  },
];

export const conntrackdCharts: readonly Chart[] = [...daemonCharts, ...cacheCharts, ...linkCharts, ...queueCharts];
