/** The charts of conntrackd: the daemon, its caches, its links to the other firewall, and its queues. */

import type { Chart } from './types.ts';

const RATE = { divisor: 1000 } as const;
const BELOW = { multiplier: -1, divisor: 1000 } as const;

const DAEMON = { scope: 'daemon', module: 'conntrackd', type: 'line', family: 'conntrackd' } as const;
const CACHE = { scope: 'cache', module: 'conntrackd', type: 'line', family: 'conntrackd caches' } as const;
const LINK = { scope: 'link', module: 'conntrackd', type: 'line', family: 'conntrackd links' } as const;
const QUEUE = { scope: 'queue', module: 'conntrackd', type: 'line', family: 'conntrackd queues' } as const;

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

const cacheCharts: readonly Chart[] = [
  {
    ...CACHE,
    id: 'conntrackd_cache_objects',
    title: 'Conntrackd Cache Objects',
    units: 'objects',
    context: 'conntrackd.cache_objects',
    dimensions: [
      { id: 'active', metric: 'active' },
      { id: 'total', metric: 'total' },
    ],
  },
  {
    ...CACHE,
    id: 'conntrackd_cache_changes',
    title: 'Conntrackd Cache Changes',
    units: 'objects/s',
    context: 'conntrackd.cache_changes',
    dimensions: [
      { id: 'created', metric: 'created', ...RATE },
      { id: 'updated', metric: 'updated', ...RATE },
      { id: 'destroyed', metric: 'destroyed', ...BELOW },
    ],
  },
  {
    ...CACHE,
    id: 'conntrackd_cache_failures',
    title: 'Conntrackd Cache Failures',
    units: 'failures/s',
    context: 'conntrackd.cache_failures',
    dimensions: [
      { id: 'create', metric: 'create_failed', ...RATE },
      { id: 'update', metric: 'update_failed', ...RATE },
      { id: 'destroy', metric: 'destroy_failed', ...RATE },
    ],
  },
  {
    ...CACHE,
    id: 'conntrackd_cache_failure_causes',
    title: 'Conntrackd Cache Failures by Cause',
    units: 'failures/s',
    context: 'conntrackd.cache_failure_causes',
    dimensions: [
      { id: 'no_memory', metric: 'no_memory', ...RATE },
      { id: 'no_space', metric: 'no_space', ...RATE },
      { id: 'update_not_found', metric: 'update_not_found', ...RATE },
      { id: 'destroy_not_found', metric: 'destroy_not_found', ...RATE },
    ],
  },
];

const linkCharts: readonly Chart[] = [
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

const queueCharts: readonly Chart[] = [
  {
    ...DAEMON,
    id: 'conntrackd_queue_nodes',
    title: 'Conntrackd Allocated Queue Nodes',
    units: 'nodes',
    family: 'conntrackd queues',
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

export const conntrackdCharts: readonly Chart[] = [...daemonCharts, ...cacheCharts, ...linkCharts, ...queueCharts];
