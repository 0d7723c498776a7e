/** The charts of new and destroyed connections, which the kernel reports as events. */

import type { Chart } from './types.ts';

/** Rates are sent in thousandths, so 0.25 events per second is not rounded to 0. */
const RATE = { divisor: 1000 } as const;

const MODULE = { scope: 'host', module: 'events' } as const;

export const eventCharts: readonly Chart[] = [
  {
    ...MODULE,
    id: 'new_by_protocol',
    title: 'Connection Tracker New Connections by Protocol',
    units: 'connections/s',
    family: 'connections',
    context: 'netfilter.conntrack_new_by_protocol',
    type: 'stacked',
    dimensions: [
      { id: 'tcp', metric: 'new_tcp', ...RATE },
      { id: 'udp', metric: 'new_udp', ...RATE },
      { id: 'icmp', metric: 'new_icmp', ...RATE },
      { id: 'icmpv6', metric: 'new_icmpv6', ...RATE },
      { id: 'sctp', metric: 'new_sctp', ...RATE },
      { id: 'gre', metric: 'new_gre', ...RATE },
      { id: 'other', metric: 'new_other', ...RATE },
    ],
  },
  {
    ...MODULE,
    id: 'nat_search',
    title: 'Connection Tracker NAT Port Searches',
    units: 'candidates/connection',
    family: 'hot spots',
    context: 'netfilter.conntrack_nat_search',
    type: 'line',
    dimensions: [{ id: 'candidates', metric: 'nat_candidates', ...RATE }],
  },
  {
    ...MODULE,
    id: 'event_overruns',
    title: 'Connection Tracker Event Overruns',
    units: 'overruns/s',
    family: 'collection',
    context: 'netfilter.conntrack_event_overruns',
    type: 'line',
    detail: true,
    dimensions: [{ id: 'overruns', metric: 'event_overruns', ...RATE }],
  },
];
