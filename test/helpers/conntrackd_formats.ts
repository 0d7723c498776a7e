/**
 * The formats of conntrackd's replies, with a hole for every number: `{SUBJECT.METRIC:KIND}`, or `{KIND}` for a number
 * that is not read. The kind is its width and its type: `g` is a gauge and `c` a counter of 32 bits in 12 columns,
 * `n` a counter of 32 bits and `C` one of 64 in 20 columns.
 */

import type { Request } from '../../collector/modules/conntrackd/request.ts';

function cacheBlock(name: string, subject: string): string {
  return `cache ${name}:
current active connections:\t{${subject}.active:g}
connections created:\t\t{${subject}.created:c}\tfailed:\t{${subject}.create_failed:c}
connections updated:\t\t{${subject}.updated:c}\tfailed:\t{${subject}.update_failed:c}
connections destroyed:\t\t{${subject}.destroyed:c}\tfailed:\t{${subject}.destroy_failed:c}

`;
}

function injectBlock(subject: string): string {
  return `external inject:
connections created:\t\t{${subject}.created:c}\tfailed:\t{${subject}.create_failed:c}
connections updated:\t\t{${subject}.updated:c}\tfailed:\t{${subject}.update_failed:c}
connections destroyed:\t\t{${subject}.destroyed:c}\tfailed:\t{${subject}.destroy_failed:c}

`;
}

function bypassBlock(subject: string): string {
  return `internal bypass:
connections new:\t\t{${subject}.created:c}
connections updated:\t\t{${subject}.updated:c}
connections destroyed:\t\t{${subject}.destroyed:c}

`;
}

function channelBlock(heading: string): string {
  return `${heading}:
{C} Bytes sent {C} Bytes recv
{C} Pckts sent {C} Pckts recv
{C} Error send {C} Error recv

`;
}

/** A link is identified by its position. Its heading has states, which are numbers without a hole: {@link STATES}. */
function linkBlock(heading: string, subject: string): string {
  return `${heading}:
{${subject}.bytes_sent:C} Bytes sent {${subject}.bytes_received:C} Bytes recv
{${subject}.packets_sent:C} Pckts sent {${subject}.packets_received:C} Pckts recv
{${subject}.send_errors:C} Error send {${subject}.receive_errors:C} Error recv

`;
}

function detailBlock(name: string): string {
  const subject = `cache/${name}`;
  return `cache:${name}\tactive objects:\t\t{g}
\tactive/total entries:\t\t{g}/{${subject}.total:g}
\tcreation OK/failed:\t\t{c}/{c}
\t\tno memory available:\t{${subject}.no_memory:c}
\t\tno space left in cache:\t{${subject}.no_space:c}
\tupdate OK/failed:\t\t{c}/{c}
\t\tentry not found:\t{${subject}.update_not_found:c}
\tdeletion created/failed:\t{c}/{c}
\t\tentry not found:\t{${subject}.destroy_not_found:c}

`;
}

function queueBlock(name: string): string {
  return `queue ${name}:
current elements:\t\t{queue/${name}.elements:g}
maximum elements:\t\t{queue/${name}.maximum:g}
not enough space errors:\t{queue/${name}.refused:c}

`;
}

const TRAFFIC = `traffic processed:
{daemon.processed_bytes:C} Bytes      {daemon.processed_packets:C} Pckts

`;

const TRACKING = `message tracking:
{daemon.malformed_received:C} Malformed msgs {daemon.lost:C} Lost msgs

`;

const NETWORK = `network statistics:
\trecv:
\t\tMalformed messages:\t{daemon.malformed_received:C}
\t\tWrong protocol version:\t{daemon.wrong_version:n}
\t\tMalformed header:\t{daemon.bad_header:n}
\t\tMalformed payload:\t{daemon.bad_payload:n}
\t\tBad message type:\t{daemon.bad_type:n}
\t\tTruncated message:\t{daemon.truncated:n}
\t\tBad message size:\t{daemon.bad_size:n}
\tsend:
\t\tMalformed messages:\t{daemon.malformed_sent:n}

sequence tracking statistics:
\trecv:
\t\tPackets lost:\t\t{daemon.lost:C}
\t\tPackets before:\t\t{daemon.out_of_order:C}

`;

const RUNTIME = `netlink stats:
\tevents received:\t{daemon.events_received:C}
\tevents filtered:\t{daemon.events_filtered:C}
\tevents unknown type:\t\t{daemon.events_unknown:c}
\tcatch event failed:\t\t{daemon.events_failed:c}
\tdump unknown type:\t\t{daemon.dumps_unknown:c}
\tnetlink overrun:\t\t{daemon.overruns:c}
\tflush kernel table:\t\t{daemon.flushes:c}
\tresync with kernel table:\t{daemon.resyncs:c}
\tcurrent buffer size (in bytes):\t{daemon.buffer_size:g}

runtime stats:
\tchild process failed:\t\t{daemon.children_failed:c}
\t\tchild process segfault:\t{daemon.children_segfault:c}
\t\tchild process termsig:\t{daemon.children_signalled:c}
\tselect failed:\t\t\t{daemon.select_failed:c}
\twait failed:\t\t\t{daemon.wait_failed:c}
\tlocal read failed:\t\t{daemon.read_failed:c}
\tlocal unknown request:\t\t{daemon.unknown_requests:c}

`;

const CACHES = cacheBlock('internal', 'cache/internal') + cacheBlock('external', 'cache/external');
const EXPECTED =
  cacheBlock('internal', 'cache/internal_expectations') + cacheBlock('external', 'cache/external_expectations');
const UDP = channelBlock('UDP traffic (active device=eth3)');
const QUEUES = `allocated queue nodes:\t\t{daemon.queue_nodes:g}\n\n${queueBlock('txqueue')}${queueBlock('errorq')}`;

/** The numbers from the headings of links. */
export const STATES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'UDP traffic device=eth3 status=RUNNING role=ACTIVE': states('link/0', 'running', 'active'),
  'UDP traffic device=bond0.7 status=DOWN role=BACKUP': states('link/1', 'down', 'backup'),
};

function states(subject: string, ...current: readonly string[]): Record<string, string> {
  const all = ['running', 'no_carrier', 'down', 'active', 'backup'];
  return Object.fromEntries(all.map((state) => [`${subject}.${state}`, `${current.includes(state) ? 1 : 0} gauge`]));
}

/** The request and the format of each reply, by a name. */
export const FORMATS: Readonly<Record<string, readonly [Request, string]>> = {
  'ct of a pair over UDP': ['ct', CACHES + TRAFFIC + UDP + TRACKING],
  'ct of a pair over multicast': [
    'ct',
    CACHES + TRAFFIC + channelBlock('multicast traffic (active device=eth3)') + TRACKING,
  ],
  'ct without caches': ['ct', bypassBlock('cache/bypass') + injectBlock('cache/inject') + TRAFFIC + UDP + TRACKING],
  'ct without the external cache': [
    'ct',
    cacheBlock('internal', 'cache/internal') + injectBlock('cache/inject') + TRAFFIC + UDP + TRACKING,
  ],
  'ct of a daemon for statistics': ['ct', cacheBlock('stats', 'cache/stats') + TRAFFIC],
  'ct until 0.9.14': [
    'ct',
    `${CACHES + TRAFFIC + channelBlock('multicast traffic')}multicast sequence tracking:
{daemon.malformed_received:C} Pckts mfrm {daemon.lost:C} Pckts lost

`,
  ],
  expect: ['expect', EXPECTED + TRAFFIC.replaceAll(/\{.*?\}/g, '{C}') + UDP + TRACKING.replaceAll(/\{.*?\}/g, '{C}')],
  'expect without caches': [
    'expect',
    bypassBlock('cache/bypass_expectations') + injectBlock('cache/inject_expectations') + UDP,
  ],
  network: ['network', NETWORK + UDP],
  'cache of a pair': ['cache', detailBlock('internal') + detailBlock('external')],
  'cache without the external one': ['cache', detailBlock('internal') + injectBlock('x').replaceAll(/\{.*?\}/g, '{c}')],
  'cache of a daemon for statistics': ['cache', detailBlock('stats')],
  runtime: ['runtime', RUNTIME],
  link: [
    'link',
    linkBlock('UDP traffic device=eth3 status=RUNNING role=ACTIVE', 'link/0') +
      linkBlock('UDP traffic device=bond0.7 status=DOWN role=BACKUP', 'link/1'),
  ],
  queue: ['queue', QUEUES],
  'queue of FTFW': ['queue', QUEUES + queueBlock('rsqueue')],
};
