/** What the screen and the plain lines show, as data. Names and units are the charts'. */

export { CRITICAL_ABOVE, WARNING_ABOVE } from '../functions/namespaces.ts';

/** Rows of a section. */
export type Content =
  /** A row for each of these dimensions: its value and the last minute. */
  | {
      readonly kind: 'values';
      readonly context: string;
      readonly dimensions: readonly string[];
      /** Precedes the name of each dimension. */
      readonly prefix?: string;
      /** Values above this are trouble; by default none is. */
      readonly troubleAbove?: number;
    }
  /** A row for each dimension: its value, its share of the total and a bar. */
  | {
      readonly kind: 'shares';
      readonly context: string;
      /** Show only this many, largest first, without zeros; by default all, in the chart's order. */
      readonly most?: number;
    }
  /** A row for each instance: its dimensions, largest first, without zeros, as many as fit. */
  | {
      readonly kind: 'largest';
      readonly context: string;
      /** The label that names the instance. */
      readonly label: string;
    }
  /** A row for each instance: the dimension that is 1. */
  | {
      readonly kind: 'state';
      readonly context: string;
      /** The state without trouble. */
      readonly good: string;
      /** The label that names the instance; the chart's unit by default. */
      readonly label?: string;
      /** Whether any other state hides the rest of the section, whose values are out of date then. */
      readonly isDecisive?: true;
    };

export interface Section {
  readonly title: string;
  /** One section for each value of this label, which follows the title. */
  readonly each?: string;
  /** Where there are two columns. */
  readonly column: 'left' | 'right';
  /** Rows that must fit; otherwise the section is left out. */
  readonly least: number;
  readonly contents: readonly Content[];
}

export const ENTRIES = {
  context: 'netfilter.conntrack_sockets',
  dimension: 'connections',
  /** The variable of the chart that holds the limit of the table. */
  limit: 'max',
} as const;

/** The warning thresholds of the alerts conntrack_snat_ports, in percent, and conntrack_stuck, in connections. */
export const SNAT_PORTS_ABOVE = 80;
export const STUCK_ABOVE = 20;

export const SNAT_PORTS = { context: 'netfilter.conntrack_snat_ports', dimension: 'used' } as const;
export const STUCK = { context: 'netfilter.conntrack_stuck', dimension: 'connections' } as const;

/** How much of the table was read, in percent. */
export const READ = {
  context: 'netfilter.conntrack_dump',
  dimension: 'read',
  /** The variable of the chart that holds the standard error of a share, in percentage points. */
  error: 'standard_error',
} as const;

const RATES: readonly Content[] = [
  { kind: 'values', context: 'netfilter.conntrack_new', dimensions: ['new'] },
  { kind: 'values', context: 'netfilter.conntrack_changes', dimensions: ['deleted'] },
  { kind: 'values', context: 'netfilter.conntrack_new', dimensions: ['invalid'] },
  {
    kind: 'values',
    context: 'netfilter.conntrack_errors',
    dimensions: ['drop', 'early_drop', 'insert_failed'],
    troubleAbove: 0,
  },
  { kind: 'values', context: 'netfilter.conntrack_clashes', dimensions: ['chain_too_long'], troubleAbove: 0 },
  { kind: 'values', context: 'netfilter.conntrack_event_overruns', dimensions: ['overruns'], troubleAbove: 0 },
  { kind: 'values', context: 'netfilter.conntrack_errors', dimensions: ['icmp_error'] },
];

const CONNTRACKD: readonly Content[] = [
  { kind: 'state', context: 'conntrackd.state', good: 'up', isDecisive: true },
  { kind: 'state', context: 'conntrackd.link_status', good: 'running', label: 'device' },
  { kind: 'values', context: 'conntrackd.sync', dimensions: ['kernel', 'internal', 'external'] },
  {
    kind: 'values',
    context: 'conntrackd.messages',
    dimensions: ['lost', 'malformed_received', 'malformed_sent'],
    troubleAbove: 0,
  },
  { kind: 'values', context: 'conntrackd.netlink_errors', dimensions: ['overruns'], troubleAbove: 0 },
];

const HOT_SPOTS: readonly Content[] = [
  {
    kind: 'values',
    context: 'netfilter.conntrack_largest_share',
    dimensions: ['source', 'destination', 'service'],
    prefix: 'largest',
  },
  {
    kind: 'values',
    context: SNAT_PORTS.context,
    dimensions: [SNAT_PORTS.dimension],
    prefix: 'SNAT ports',
    troubleAbove: SNAT_PORTS_ABOVE,
  },
  { kind: 'values', context: STUCK.context, dimensions: [STUCK.dimension], prefix: 'stuck' },
];

const SOCKETS: readonly Content[] = [
  { kind: 'largest', context: 'network_connections.tcp_states', label: 'protocol' },
  { kind: 'largest', context: 'network_connections.udp_states', label: 'protocol' },
];

const PROTOCOLS: Content = { kind: 'shares', context: 'netfilter.conntrack_flows_by_protocol', most: 5 };
const TCP_STATES: Content = { kind: 'shares', context: 'netfilter.conntrack_tcp_states', most: 6 };
const REPLIES: Content = { kind: 'shares', context: 'netfilter.conntrack_flows_by_reply' };
const TRANSLATIONS: Content = { kind: 'shares', context: 'netfilter.conntrack_flows_by_nat', most: 4 };

/** The most important first: they get the space before the others. */
export const SECTIONS: readonly Section[] = [
  { title: 'Rates', column: 'left', least: 3, contents: RATES },
  { title: 'Connections by Protocol', column: 'right', least: 2, contents: [PROTOCOLS] },
  { title: 'conntrackd', each: 'daemon', column: 'left', least: 2, contents: CONNTRACKD },
  { title: 'TCP Connections by State', column: 'right', least: 2, contents: [TCP_STATES] },
  { title: 'Connections by Reply', column: 'right', least: 3, contents: [REPLIES] },
  { title: 'Hot Spots', column: 'left', least: 3, contents: HOT_SPOTS },
  { title: 'Sockets', column: 'left', least: 1, contents: SOCKETS },
  { title: 'Connections by Address Translation', column: 'right', least: 1, contents: [TRANSLATIONS] },
];

/** The ranking of other network namespaces, which follows the first of the {@link SECTIONS}. */
export const NAMESPACES = {
  section: { title: 'Network Namespaces', column: 'right', least: 3 },
  /** What shows trouble, and what is shown without it. */
  errors: { context: 'netfilter.conntrack_errors', dimensions: ['drop', 'early_drop', 'insert_failed'] },
  creations: { context: 'netfilter.conntrack_new', dimensions: ['new'] },
} as const;

/** The contexts in a plain line, with all their dimensions and variables. */
export const PLAIN: readonly string[] = [
  'netfilter.conntrack_sockets',
  'netfilter.conntrack_utilization',
  'netfilter.conntrack_new',
  'netfilter.conntrack_changes',
  'netfilter.conntrack_errors',
  'conntrackd.state',
];
