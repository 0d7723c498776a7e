/**
 * The charts of the kernel's own counters. The first six have the contexts, titles, dimensions and signs of the
 * agent's built-in collector, so that what is made for that one shows these too.
 */

import type { Chart } from './types.ts';

/** Rates travel in thousandths, so that a quarter of an event per second is not rounded to none. */
const RATE = { divisor: 1000 } as const;
const RATE_BELOW = { divisor: 1000, multiplier: -1 } as const;

const MODULE = { scope: 'host', module: 'stat' } as const;

export const statCharts: readonly Chart[] = [
  {
    ...MODULE,
    id: 'sockets',
    title: 'Connection Tracker Connections',
    units: 'active connections',
    family: 'table',
    context: 'netfilter.conntrack_sockets',
    type: 'line',
    basic: true,
    dimensions: [{ id: 'connections', metric: 'connections' }],
    variables: [{ name: 'max', metric: 'max' }],
  },
  {
    ...MODULE,
    id: 'utilization',
    title: 'Connection Tracker Table Utilization',
    units: '%',
    family: 'table',
    context: 'netfilter.conntrack_utilization',
    type: 'area',
    basic: true,
    dimensions: [{ id: 'used', metric: 'utilization', divisor: 1000 }],
  },
  {
    ...MODULE,
    id: 'buckets',
    title: 'Connection Tracker Hash Table Load',
    units: 'entries/bucket',
    family: 'table',
    context: 'netfilter.conntrack_buckets',
    type: 'line',
    detail: true,
    dimensions: [{ id: 'load', metric: 'load', divisor: 1000 }],
    variables: [{ name: 'buckets', metric: 'buckets' }],
  },
  {
    ...MODULE,
    id: 'new',
    title: 'Connection Tracker New Connections',
    units: 'connections/s',
    family: 'connections',
    context: 'netfilter.conntrack_new',
    type: 'line',
    dimensions: [
      { id: 'new', metric: 'new', ...RATE },
      { id: 'ignore', metric: 'ignore', ...RATE_BELOW },
      { id: 'invalid', metric: 'invalid', ...RATE_BELOW },
    ],
  },
  {
    ...MODULE,
    id: 'changes',
    title: 'Connection Tracker Changes',
    units: 'changes/s',
    family: 'connections',
    context: 'netfilter.conntrack_changes',
    type: 'line',
    detail: true,
    dimensions: [
      { id: 'inserted', metric: 'inserted', ...RATE },
      { id: 'deleted', metric: 'deleted', ...RATE_BELOW },
      { id: 'delete_list', metric: 'delete_list', ...RATE_BELOW },
    ],
  },
  {
    ...MODULE,
    id: 'errors',
    title: 'Connection Tracker Errors',
    units: 'events/s',
    family: 'errors',
    context: 'netfilter.conntrack_errors',
    type: 'line',
    detail: true,
    dimensions: [
      { id: 'icmp_error', metric: 'icmp_error', ...RATE },
      { id: 'insert_failed', metric: 'insert_failed', ...RATE_BELOW },
      { id: 'drop', metric: 'drop', ...RATE_BELOW },
      { id: 'early_drop', metric: 'early_drop', ...RATE_BELOW },
    ],
  },
  {
    ...MODULE,
    id: 'clashes',
    title: 'Connection Tracker Insertion Clashes',
    units: 'events/s',
    family: 'errors',
    context: 'netfilter.conntrack_clashes',
    type: 'line',
    detail: true,
    dimensions: [
      { id: 'resolved', metric: 'clash_resolved', ...RATE },
      { id: 'chain_too_long', metric: 'chain_too_long', ...RATE },
    ],
  },
  {
    ...MODULE,
    id: 'search',
    title: 'Connection Tracker Searches',
    units: 'searches/s',
    family: 'searches',
    context: 'netfilter.conntrack_search',
    type: 'line',
    detail: true,
    dimensions: [
      { id: 'searched', metric: 'searched', ...RATE },
      { id: 'restarted', metric: 'search_restart', ...RATE_BELOW },
      { id: 'found', metric: 'found', ...RATE },
    ],
  },
  {
    ...MODULE,
    id: 'expect',
    title: 'Connection Tracker Expectations',
    units: 'expectations/s',
    family: 'expectations',
    context: 'netfilter.conntrack_expect',
    type: 'line',
    detail: true,
    dimensions: [
      { id: 'created', metric: 'expect_created', ...RATE },
      { id: 'deleted', metric: 'expect_deleted', ...RATE_BELOW },
      { id: 'new', metric: 'expect_new', ...RATE },
    ],
    variables: [{ name: 'expect_max', metric: 'expect_max' }],
  },
  {
    id: 'cpu_events',
    scope: 'cpu',
    module: 'stat',
    title: 'Connection Tracker Events of a CPU',
    units: 'events/s',
    family: 'cpus',
    context: 'netfilter.conntrack_cpu_events',
    type: 'line',
    detail: true,
    dimensions: [
      { id: 'found', metric: 'found', ...RATE },
      { id: 'inserted', metric: 'inserted', ...RATE },
      { id: 'icmp_error', metric: 'icmp_error', ...RATE },
      { id: 'clash_resolved', metric: 'clash_resolved', ...RATE },
      { id: 'chain_too_long', metric: 'chain_too_long', ...RATE },
      { id: 'ignore', metric: 'ignore', ...RATE_BELOW },
      { id: 'invalid', metric: 'invalid', ...RATE_BELOW },
      { id: 'insert_failed', metric: 'insert_failed', ...RATE_BELOW },
      { id: 'drop', metric: 'drop', ...RATE_BELOW },
      { id: 'early_drop', metric: 'early_drop', ...RATE_BELOW },
      { id: 'restarted', metric: 'search_restart', ...RATE_BELOW },
    ],
  },
];
