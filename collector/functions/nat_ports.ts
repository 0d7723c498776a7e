/** The answer `nat-ports`: how many of its ports each endpoint of source NAT uses, and who uses most of them. */

import { inWhole } from '../base/numbers.ts';
import { type Counter, HeavyHitters } from '../modules/flows/heavy_hitters.ts';
import { type SnatEndpoint, SnatPorts } from '../modules/flows/snat_ports.ts';
import type { FlowVisitor } from '../modules/flows/table_reader.ts';
import { type AddressKey, addressKey, addressText } from '../netlink/address.ts';
import { type Flow, IPS_SRC_NAT } from '../netlink/flow.ts';
import type { Answer, Column, Row } from './answer.ts';
import { checkArguments } from './arguments.ts';
import { endpointText } from './flow_cells.ts';
import type { LiveFunction } from './function.ts';
import { LIMIT, limitIn } from './limits.ts';
import { protocolName } from './protocol_names.ts';
import { readTable, useNote } from './reading.ts';

const DEFAULT_LIMIT = 100;
/** Percentages of the pool in use from which on a row is a problem, as in the alerts. */
const WARNING = 80;
const ERROR = 95;
/** Sources that are counted for each of many endpoints, and those that few endpoints share. */
const LEAST_SOURCES = 32;
const SHARED_SOURCES = 32_768;
const SHOWN_SOURCES = 3;

const COLUMNS: readonly Column[] = [
  { id: 'protocol', name: 'Protocol', type: 'text', isKey: true },
  { id: 'address', name: 'NAT address', type: 'text', isKey: true },
  { id: 'destination', name: 'Destination', type: 'text', isKey: true },
  { id: 'percent', name: 'Used', type: 'percent' },
  { id: 'sources', name: 'Largest sources', type: 'text' },
  { id: 'used', name: 'Used ports', type: 'count' },
  { id: 'pool', name: 'Ports', type: 'count' },
  { id: 'zone', name: 'Zone', type: 'number', isKey: true, isHidden: true },
];

export const NAT_PORTS: LiveFunction = {
  name: 'nat-ports',
  command: 'nat-ports',
  summary: 'Ports in use by source NAT, and who uses them.',
  help:
    'Source NAT shares the ports of a translated address among the connections of one protocol to one destination address ' +
    'and port. When all of them are used, new connections there are refused. Each row is such an endpoint, with the ' +
    'sources that use most of its ports. The number of ports is that of the default range, or of modules.flows.snat_pools.',
  parameters: [LIMIT],
  async run(given, sources, signal) {
    checkArguments(given, NAT_PORTS.parameters);
    const limit = limitIn(given, sources, DEFAULT_LIMIT);
    const begin = (): readonly [Usage] => [new Usage(new SnatPorts(sources.snatPools))];
    const { use, visitors } = await readTable(sources, signal, { begin });
    return answer(visitors[0], limit, useNote(use));
  },
};

/** The ports of each endpoint and the sources that use them. */
class Usage implements FlowVisitor {
  readonly parts: SnatPorts['parts'];
  readonly ports: SnatPorts;
  /** Connections with source NAT that take no port of a pool, such as those of ICMP. */
  others = 0;
  /** By endpoint. */
  readonly #sources = new Map<string, HeavyHitters<AddressKey, undefined>>();

  constructor(ports: SnatPorts) {
    this.parts = ports.parts;
    this.ports = ports;
  }

  add(flow: Flow, bytes: Uint8Array): void {
    const endpoint = this.ports.count(flow, bytes);
    if (endpoint === undefined) {
      if ((flow.status & IPS_SRC_NAT) !== 0) this.others++;
      return;
    }
    let sources = this.#sources.get(endpoint.key);
    if (sources === undefined || endpoint.count === 1) {
      this.#forget();
      sources = new HeavyHitters(Math.max(LEAST_SOURCES, Math.floor(SHARED_SOURCES / this.ports.endpoints.size)));
      this.#sources.set(endpoint.key, sources);
    }
    const { original } = flow;
    sources.add(addressKey(bytes, original.source, original.addressSize), () => undefined);
  }

  /** The sources that use most ports of an endpoint, and how many; only certain ones, if there are too many to count. */
  sourcesOf(key: string): string | null {
    const sources = this.#sources.get(key);
    if (sources === undefined) return null;
    const { error } = sources;
    // A source that is not counted can have used as many ports as the error.
    const largest = sources.top(SHOWN_SOURCES).filter(({ count }) => count > error);
    const atLeast = error === 0 ? '' : 'at least ';
    const texts = largest.map(({ count, key: source }) => `${addressText(source)} (${atLeast}${inWhole(count)})`);
    return texts.length === 0 ? null : texts.join(', ');
  }

  /** Forgets the sources of endpoints that are no longer counted, when there are many. */
  #forget(): void {
    if (this.#sources.size < 2 * this.ports.endpoints.size + LEAST_SOURCES) return;
    const counted = new Set([...this.ports.endpoints.counters()].map(({ key }) => key));
    for (const key of this.#sources.keys()) if (!counted.has(key)) this.#sources.delete(key);
  }
}

function answer(usage: Usage, limit: number, use: string): Answer {
  const { endpoints } = usage.ports;
  const all = [...endpoints.counters()].sort((one, other) => percentOf(other) - percentOf(one));
  const shown = all.slice(0, limit);
  const notes = [use];
  if (endpoints.error > 0) {
    notes.push(
      'There are too many NAT endpoints to count all of them: the used ports of each are too low by at most ' +
        `${inWhole(endpoints.error)}.`,
    );
  } else if (shown.length < all.length)
    notes.push(`Showing ${inWhole(shown.length)} of ${inWhole(all.length)} NAT endpoints.`);
  else if (all.length === 0 && usage.others === 0)
    notes.push('No connection in the table has a source translated by NAT.');
  if (usage.others > 0) notes.push(`Connections with source NAT that use no port of a pool: ${inWhole(usage.others)}.`);
  const rows = shown.map((endpoint) => rowOf(endpoint, usage.sourcesOf(endpoint.key)));
  return { columns: COLUMNS, rows, sortedBy: 'percent', notes };
}

function percentOf({ count, details }: Counter<string, SnatEndpoint>): number {
  return (100 * count) / details.pool;
}

function rowOf(endpoint: Counter<string, SnatEndpoint>, sources: string | null): Row {
  const { address, destination, destinationPort, pool, protocol, zone } = endpoint.details;
  const percent = percentOf(endpoint);
  const cells = [
    protocolName(protocol),
    addressText(address),
    endpointText(addressText(destination), destinationPort),
    percent,
    sources,
    endpoint.count,
    pool,
    zone,
  ];
  if (percent >= ERROR) return { cells, severity: 'error' };
  return percent >= WARNING ? { cells, severity: 'warning' } : { cells };
}
