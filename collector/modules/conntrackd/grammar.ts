/**
 * The format of conntrackd's replies: blocks under headings, and the meaning of their lines.
 * Source: the replies of conntrackd 1.4.7 in every mode, and src/{cache,sync-mode,stats-mode,multichannel,channel,queue,
 * network,run,process}.c of conntrack-tools 0.9.14 to 1.4.9.
 */

import { DAEMON, type Subject } from './facts.ts';
import { STATUS } from './links.ts';
import type { Request } from './request.ts';

/** A number in a line. */
export interface Field {
  readonly metric: string;
  /** The width of a counter; absent for a gauge, which has 32 bits. */
  readonly bits?: 32 | 64;
}

/** A line, or two that form one statement. */
export interface Line {
  /** Captures a number for each field, anywhere in the block. */
  readonly pattern: RegExp;
  readonly fields: readonly Field[];
}

export interface Block {
  /** Matches the headings of the block; the empty string for text without a heading. */
  readonly heading: RegExp;
  /** @param place index of the block in the reply. */
  readonly subject: (captured: readonly string[], place: number) => Subject;
  readonly lines: readonly Line[];
  /** States in the heading: the metric of each possible word; that of the captured word is 1. */
  readonly states?: readonly {
    readonly captured: number;
    readonly metrics: Readonly<Record<string, string | undefined>>;
  }[];
}

const gauge = (metric: string): Field => ({ metric });
const u32 = (metric: string): Field => ({ metric, bits: 32 });
const u64 = (metric: string): Field => ({ metric, bits: 64 });

/** A label and a number. */
function labelled(label: string, field: Field): Line {
  return { pattern: new RegExp(`^[ \\t]*${label}:[ \\t]+(\\d+)$`, 'gm'), fields: [field] };
}

/** A line with the numbers of successes and failures. */
function outcome(verb: string, good: string, failed: string): Line {
  const pattern = new RegExp(`^(?:connections|expectations) ${verb}:[ \\t]+(\\d+)[ \\t]+failed:[ \\t]+(\\d+)$`, 'gm');
  return { pattern, fields: [u32(good), u32(failed)] };
}

/** A line with two numbers, each with a unit and perhaps a direction. */
function pair(one: string, other: string, ...fields: readonly [Field, Field]): Line {
  return { pattern: new RegExp(`^ *(\\d+) ${one} +(\\d+) ${other}$`, 'gm'), fields };
}

const OUTCOMES = [
  outcome('created', 'created', 'create_failed'),
  outcome('updated', 'updated', 'update_failed'),
  outcome('destroyed', 'destroyed', 'destroy_failed'),
];

/** The caches, and the replacement for a cache that is turned off. */
function caches(objects: 'connections' | 'expectations'): Block[] {
  const subject = (captured: readonly string[]): Subject => cacheOf(captured[0] ?? '', objects);
  const active = { pattern: /^current active (?:connections|expectations):[ \t]+(\d+)$/gm, fields: [gauge('active')] };
  return [
    { heading: /^cache (\S+):$/, subject, lines: [active, ...OUTCOMES] },
    { heading: /^external (inject):$/, subject, lines: OUTCOMES },
    {
      heading: /^internal (bypass):$/,
      subject,
      lines: [
        labelled('connections new', u32('created')),
        labelled('connections updated', u32('updated')),
        labelled('connections destroyed', u32('destroyed')),
      ],
    },
  ];
}

function cacheOf(cache: string, objects: 'connections' | 'expectations'): Subject {
  const name = objects === 'connections' ? cache : `${cache}_${objects}`;
  return { scope: 'cache', name, labels: { cache, objects } };
}

const daemon = (): Subject => DAEMON;

const TRAFFIC: Block = {
  heading: /^traffic processed:$/,
  subject: daemon,
  lines: [pair('Bytes', 'Pckts', u64('processed_bytes'), u64('processed_packets'))],
};

const TCP_CHANNEL: Block = {
  // The name of a removed interface is uninitialised memory, which may contain line ends.
  heading: /\) server=(\S+) client=(\S+):$/,
  subject: daemon,
  lines: [],
  states: [
    { captured: 0, metrics: { connected: 'server_connected', disconnected: undefined } },
    { captured: 1, metrics: { connected: 'client_connected', disconnected: undefined } },
  ],
};

/** Up to 0.9.14, lost messages are reported only here; newer releases report them in `network` too. */
const TRACKING: Block = {
  heading: /^(?:message|multicast sequence) tracking:$/,
  subject: daemon,
  lines: [
    pair('Malformed msgs', 'Lost msgs', u64('malformed_received'), u64('lost')),
    pair('Pckts mfrm', 'Pckts lost', u64('malformed_received'), u64('lost')),
  ],
};

const ROLE = { ACTIVE: 'active', BACKUP: 'backup' };

export const GRAMMAR: Readonly<Record<Request, readonly Block[]>> = {
  ct: [...caches('connections'), TRAFFIC, TCP_CHANNEL, TRACKING],
  expect: caches('expectations'),
  network: [
    {
      heading: /^network statistics: recv:$/,
      subject: daemon,
      lines: [
        labelled('Malformed messages', u64('malformed_received')),
        labelled('Wrong protocol version', u32('wrong_version')),
        labelled('Malformed header', u32('bad_header')),
        labelled('Malformed payload', u32('bad_payload')),
        labelled('Bad message type', u32('bad_type')),
        labelled('Truncated message', u32('truncated')),
        labelled('Bad message size', u32('bad_size')),
      ],
    },
    {
      heading: /^network statistics: send:$/,
      subject: daemon,
      lines: [labelled('Malformed messages', u32('malformed_sent'))],
    },
    {
      heading: /^sequence tracking statistics: recv:$/,
      subject: daemon,
      lines: [labelled('Packets lost', u64('lost')), labelled('Packets before', u64('out_of_order'))],
    },
  ],
  cache: [
    {
      heading: /^cache:(\S+)$/,
      subject: ([cache = '']) => cacheOf(cache, 'connections'),
      lines: [
        { pattern: /^\tactive\/total entries:[ \t]+\d+\/ *(\d+)$/gm, fields: [gauge('total')] },
        labelled('no memory available', u32('no_memory')),
        labelled('no space left in cache', u32('no_space')),
        {
          pattern: /^\tupdate OK\/failed:[ \t]+\d+\/ *\d+\n\t\tentry not found:[ \t]+(\d+)$/gm,
          fields: [u32('update_not_found')],
        },
        {
          pattern: /^\tdeletion created\/failed:[ \t]+\d+\/ *\d+\n\t\tentry not found:[ \t]+(\d+)$/gm,
          fields: [u32('destroy_not_found')],
        },
      ],
    },
  ],
  runtime: [
    {
      heading: /^netlink stats:$/,
      subject: daemon,
      lines: [
        labelled('events received', u64('events_received')),
        labelled('events filtered', u64('events_filtered')),
        labelled('events unknown type', u32('events_unknown')),
        labelled('catch event failed', u32('events_failed')),
        labelled('dump unknown type', u32('dumps_unknown')),
        labelled('netlink overrun', u32('overruns')),
        labelled('flush kernel table', u32('flushes')),
        labelled('resync with kernel table', u32('resyncs')),
        labelled('current buffer size \\(in bytes\\)', gauge('buffer_size')),
      ],
    },
    {
      heading: /^runtime stats:$/,
      subject: daemon,
      lines: [
        labelled('child process failed', u32('children_failed')),
        labelled('child process segfault', u32('children_segfault')),
        labelled('child process termsig', u32('children_signalled')),
        labelled('select failed', u32('select_failed')),
        labelled('wait failed', u32('wait_failed')),
        labelled('local read failed', u32('read_failed')),
        labelled('local unknown request', u32('unknown_requests')),
      ],
    },
  ],
  link: [
    {
      heading: /^(\w+) traffic device=(.*) status=(\S+) role=(\S+):$/s,
      // By its position: the name may be uninitialised memory.
      subject: ([protocol = '', device = ''], place) => ({
        scope: 'link',
        name: `${place}`,
        labels: { device, protocol: protocol.toLowerCase() },
      }),
      lines: [
        pair('Bytes sent', 'Bytes recv', u64('bytes_sent'), u64('bytes_received')),
        pair('Pckts sent', 'Pckts recv', u64('packets_sent'), u64('packets_received')),
        pair('Error send', 'Error recv', u64('send_errors'), u64('receive_errors')),
      ],
      states: [
        { captured: 2, metrics: STATUS },
        { captured: 3, metrics: ROLE },
      ],
    },
  ],
  queue: [
    { heading: /^$/, subject: daemon, lines: [labelled('allocated queue nodes', gauge('queue_nodes'))] },
    {
      heading: /^queue (\S+):$/,
      subject: ([queue = '']) => queueOf(queue),
      lines: [
        labelled('current elements', gauge('elements')),
        labelled('maximum elements', gauge('maximum')),
        labelled('not enough space errors', u32('refused')),
      ],
    },
  ],
  rsqueue: [
    {
      heading: /^$/,
      subject: () => queueOf('rsqueue'),
      lines: [{ pattern: /^resent queue \(len=(\d+)\)/gm, fields: [gauge('elements')] }],
    },
  ],
  process: [],
};

function queueOf(queue: string): Subject {
  return { scope: 'queue', name: queue, labels: { queue } };
}
