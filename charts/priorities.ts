/**
 * The order of the charts on the dashboard: the place of a context in this list, after the agent's own charts of
 * netfilter (8700 and following).
 */

export const FIRST_PRIORITY = 8710;

export const contextsInOrder: readonly string[] = [
  'netfilter.conntrack_utilization',
  'netfilter.conntrack_sockets',
  'netfilter.conntrack_buckets',
  'netfilter.conntrack_new',
  'netfilter.conntrack_new_by_protocol',
  'netfilter.conntrack_changes',
  'netfilter.conntrack_flows_by_protocol',
  'netfilter.conntrack_tcp_states',
  'netfilter.conntrack_flows_by_reply',
  'netfilter.conntrack_flows_by_nat',
  'netfilter.conntrack_flows_by_family',
  'netfilter.conntrack_flows_by_offload',
  'network_connections.tcp_states',
  'network_connections.udp_states',
  'netfilter.conntrack_errors',
  'netfilter.conntrack_clashes',
  'netfilter.conntrack_search',
  'netfilter.conntrack_expect',
  'netfilter.conntrack_event_overruns',
  'netfilter.conntrack_dump',
  'netfilter.conntrack_cpu_events',
];
