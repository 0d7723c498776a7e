/**
 * What the screen and the plain lines show, and where: data only. What a number is called, its unit and where it comes
 * from are the chart's.
 */

/** One dimension of a chart. */
export interface Place {
  readonly context: string;
  readonly dimension: string;
}

/** Lines of a section. */
export type Content =
  /** A line for each of these dimensions: its value and the last minute of it. */
  | {
      readonly kind: 'values';
      readonly context: string;
      readonly dimensions: readonly string[];
      /** Whether any value but 0 is trouble. */
      readonly isTrouble?: true;
    }
  /** A line for each dimension: its value, its share of them all and a bar. */
  | {
      readonly kind: 'shares';
      readonly context: string;
      /** Only so many, the largest first and none that is 0; without it all of them, in the chart's order. */
      readonly most?: number;
    }
  /** A line for each instance: its dimensions that are not 0, the largest first, as many as have room. */
  | {
      readonly kind: 'largest';
      readonly context: string;
      /** The label that tells the instance. */
      readonly label: string;
    }
  /** A line for each instance: the one dimension that is 1. */
  | {
      readonly kind: 'state';
      readonly context: string;
      /** The state in which all is well. */
      readonly good: string;
      /** The label that tells the instance; the chart's unit if not given. */
      readonly label?: string;
      /** Whether nothing else of the section is known in any other state. */
      readonly isDecisive?: true;
    };

export interface Section {
  /** The title of its only chart, without what all titles begin with, if not given. */
  readonly title?: string;
  /** The label that there is a section of its own for each value of, which is named behind the title. */
  readonly each?: string;
  /** Which column it is in where there are two. */
  readonly column: 'left' | 'right';
  /** Who gets the room first: 1 before 2. */
  readonly rank: number;
  /** With less room than so many lines below its title it is left out. */
  readonly least: number;
  readonly contents: readonly Content[];
}

/** How full the table is. */
export const TABLE = {
  entries: { context: 'netfilter.conntrack_sockets', dimension: 'connections' },
  /** The variable of the same chart that holds how many there may be. */
  maximum: 'max',
  used: { context: 'netfilter.conntrack_utilization', dimension: 'used' },
} as const;

/** The used share of the table, in percent, above which the alert conntrack_full is raised. */
export const WARNING_ABOVE = 90;
export const CRITICAL_ABOVE = 95;

const RATES: readonly Content[] = [
  { kind: 'values', context: 'netfilter.conntrack_new', dimensions: ['new'] },
  { kind: 'values', context: 'netfilter.conntrack_changes', dimensions: ['deleted'] },
  { kind: 'values', context: 'netfilter.conntrack_new', dimensions: ['invalid'] },
  {
    kind: 'values',
    context: 'netfilter.conntrack_errors',
    dimensions: ['drop', 'early_drop', 'insert_failed'],
    isTrouble: true,
  },
  { kind: 'values', context: 'netfilter.conntrack_clashes', dimensions: ['chain_too_long'], isTrouble: true },
  { kind: 'values', context: 'netfilter.conntrack_event_overruns', dimensions: ['overruns'], isTrouble: true },
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
    isTrouble: true,
  },
  { kind: 'values', context: 'conntrackd.netlink_errors', dimensions: ['overruns'], isTrouble: true },
];

/** In the order of the screen. */
export const SECTIONS: readonly Section[] = [
  { title: 'Rates', column: 'left', rank: 1, least: 3, contents: RATES },
  {
    column: 'right',
    rank: 2,
    least: 2,
    contents: [{ kind: 'shares', context: 'netfilter.conntrack_flows_by_protocol', most: 5 }],
  },
  {
    column: 'right',
    rank: 4,
    least: 2,
    contents: [{ kind: 'shares', context: 'netfilter.conntrack_tcp_states', most: 6 }],
  },
  { column: 'right', rank: 5, least: 3, contents: [{ kind: 'shares', context: 'netfilter.conntrack_flows_by_reply' }] },
  { title: 'conntrackd', each: 'daemon', column: 'left', rank: 3, least: 2, contents: CONNTRACKD },
  {
    title: 'Sockets',
    column: 'left',
    rank: 6,
    least: 1,
    contents: [
      { kind: 'largest', context: 'network_connections.tcp_states', label: 'protocol' },
      { kind: 'largest', context: 'network_connections.udp_states', label: 'protocol' },
    ],
  },
  {
    column: 'right',
    rank: 7,
    least: 1,
    contents: [{ kind: 'shares', context: 'netfilter.conntrack_flows_by_nat', most: 4 }],
  },
];

/** The charts that a plain line shows, with all that is known of them. */
export const PLAIN: readonly string[] = [
  'netfilter.conntrack_sockets',
  'netfilter.conntrack_utilization',
  'netfilter.conntrack_new',
  'netfilter.conntrack_changes',
  'netfilter.conntrack_errors',
  'conntrackd.state',
];
