/** The charts of what fills the connection table, its composition, and the cost of dumping it. */

import type { Chart } from './types.ts';

const MODULE = {
  scope: 'host',
  module: 'flows',
  units: 'connections',
  family: 'composition',
  type: 'stacked',
} as const;

/** Percentages travel in thousandths. */
const PERCENT = { divisor: 1000 } as const;

export const flowCharts: readonly Chart[] = [
  {
    ...MODULE,
    id: 'largest_share',
    title: 'Connection Tracker Largest Share',
    units: '%',
    family: 'hot spots',
    context: 'netfilter.conntrack_largest_share',
    type: 'line',
    dimensions: [
      { id: 'source', metric: 'largest_source', ...PERCENT },
      { id: 'destination', metric: 'largest_destination', ...PERCENT },
      { id: 'service', metric: 'largest_service', ...PERCENT },
    ],
    variables: [{ name: 'utilization', metric: 'flows_utilization' }],
  },
  {
    ...MODULE,
    id: 'snat_ports',
    title: 'Connection Tracker SNAT Ports',
    units: '%',
    family: 'hot spots',
    context: 'netfilter.conntrack_snat_ports',
    type: 'line',
    dimensions: [{ id: 'used', metric: 'snat_ports_used', ...PERCENT }],
  },
  {
    ...MODULE,
    id: 'snat_endpoints',
    title: 'Connection Tracker SNAT Endpoints Short of Ports',
    units: 'endpoints',
    family: 'hot spots',
    context: 'netfilter.conntrack_snat_endpoints',
    type: 'line',
    dimensions: [
      { id: 'busy', metric: 'snat_endpoints_busy' },
      { id: 'exhausted', metric: 'snat_endpoints_exhausted' },
    ],
  },
  {
    ...MODULE,
    id: 'stuck',
    title: 'Connection Tracker Stuck Connections',
    family: 'hot spots',
    context: 'netfilter.conntrack_stuck',
    type: 'line',
    dimensions: [{ id: 'connections', metric: 'flows_stuck' }],
  },
  {
    ...MODULE,
    id: 'flows_by_protocol',
    title: 'Connection Tracker Connections by Protocol',
    context: 'netfilter.conntrack_flows_by_protocol',
    dimensions: [
      { id: 'tcp', metric: 'flows_tcp' },
      { id: 'udp', metric: 'flows_udp' },
      { id: 'icmp', metric: 'flows_icmp' },
      { id: 'icmpv6', metric: 'flows_icmpv6' },
      { id: 'sctp', metric: 'flows_sctp' },
      { id: 'gre', metric: 'flows_gre' },
      { id: 'other', metric: 'flows_other' },
    ],
  },
  {
    ...MODULE,
    id: 'tcp_states',
    title: 'Connection Tracker TCP Connections by State',
    context: 'netfilter.conntrack_tcp_states',
    dimensions: [
      { id: 'none', metric: 'tcp_none' },
      { id: 'syn_sent', metric: 'tcp_syn_sent' },
      { id: 'syn_recv', metric: 'tcp_syn_recv' },
      { id: 'established', metric: 'tcp_established' },
      { id: 'fin_wait', metric: 'tcp_fin_wait' },
      { id: 'close_wait', metric: 'tcp_close_wait' },
      { id: 'last_ack', metric: 'tcp_last_ack' },
      { id: 'time_wait', metric: 'tcp_time_wait' },
      { id: 'close', metric: 'tcp_close' },
      { id: 'syn_sent2', metric: 'tcp_syn_sent2' },
      // The kernel does not tell the state of a connection while it is offloaded.
      { id: 'offloaded', metric: 'tcp_offloaded' },
    ],
  },
  {
    ...MODULE,
    id: 'flows_by_reply',
    title: 'Connection Tracker Connections by Reply',
    context: 'netfilter.conntrack_flows_by_reply',
    dimensions: [
      { id: 'unreplied', metric: 'flows_unreplied' },
      { id: 'replied', metric: 'flows_replied' },
      { id: 'assured', metric: 'flows_assured' },
    ],
    variables: [{ name: 'utilization', metric: 'flows_utilization' }],
  },
  {
    ...MODULE,
    id: 'flows_by_nat',
    title: 'Connection Tracker Connections by Address Translation',
    context: 'netfilter.conntrack_flows_by_nat',
    dimensions: [
      { id: 'none', metric: 'flows_nat_none' },
      { id: 'snat', metric: 'flows_snat' },
      { id: 'dnat', metric: 'flows_dnat' },
      { id: 'both', metric: 'flows_nat_both' },
    ],
  },
  {
    ...MODULE,
    id: 'remaining_time',
    title: 'Connection Tracker Connections by Remaining Time',
    context: 'netfilter.conntrack_remaining_time',
    dimensions: [
      { id: 'under_10s', metric: 'remaining_under_10s' },
      { id: 'under_1m', metric: 'remaining_under_1m' },
      { id: 'under_10m', metric: 'remaining_under_10m' },
      { id: 'under_1h', metric: 'remaining_under_1h' },
      { id: 'under_1d', metric: 'remaining_under_1d' },
      { id: 'longer', metric: 'remaining_longer' },
    ],
  },
  {
    ...MODULE,
    id: 'flows_by_family',
    title: 'Connection Tracker Connections by Address Family',
    context: 'netfilter.conntrack_flows_by_family',
    detail: true,
    dimensions: [
      { id: 'ipv4', metric: 'flows_ipv4' },
      { id: 'ipv6', metric: 'flows_ipv6' },
    ],
  },
  {
    ...MODULE,
    id: 'flows_by_offload',
    title: 'Connection Tracker Connections by Offload',
    context: 'netfilter.conntrack_flows_by_offload',
    detail: true,
    dimensions: [
      { id: 'none', metric: 'flows_offload_none' },
      { id: 'software', metric: 'flows_offload_software' },
      { id: 'hardware', metric: 'flows_offload_hardware' },
    ],
  },
  {
    id: 'dump',
    scope: 'host',
    module: 'flows',
    title: 'Connection Tracker Table Dump',
    units: 'milliseconds',
    family: 'collection',
    context: 'netfilter.conntrack_dump',
    type: 'line',
    detail: true,
    dimensions: [
      { id: 'duration', metric: 'dump_duration', divisor: 1000 },
      { id: 'cpu_time', metric: 'dump_cpu_time', divisor: 1000 },
      // A percentage.
      { id: 'read', metric: 'dump_read', divisor: 1000 },
    ],
    variables: [{ name: 'standard_error', metric: 'dump_standard_error' }],
  },
];
