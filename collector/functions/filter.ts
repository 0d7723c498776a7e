/** Selects connections by what a caller gave. */

import { isWithin, type Network, parseNetwork } from '../base/cidr.ts';
import { type Flow, IPS_DST_NAT, IPS_SEEN_REPLY, IPS_SRC_NAT } from '../netlink/flow.ts';
import type { FlowPart } from '../netlink/flow_parts.ts';
import { AF_INET, AF_INET6 } from '../netlink/inet.ts';
import type { Tuple } from '../netlink/tuple.ts';
import { badArgument, parseWhole, wholeNumber } from './arguments.ts';
import {
  DPORT,
  DST,
  FAMILY,
  MARK,
  NAT,
  ORIG_ZONE,
  PROTO,
  REPLY_ZONE,
  SPORT,
  SRC,
  STATE,
  STATUS,
  ZONE,
} from './filter_parameters.ts';
import { FLAGS, UNREPLIED } from './flow_flags.ts';
import type { Arguments, Parameter } from './function.ts';
import { protocolNumber, STATE_NAMES, stateName } from './protocol_names.ts';

/** One condition. `bytes` is what the offsets of addresses refer to. */
type Condition = (flow: Flow, bytes: Uint8Array) => boolean;

/** A condition on one direction, which is all that an expectation has. */
type TupleCondition = (tuple: Tuple, bytes: Uint8Array) => boolean;

const TRANSLATED = IPS_SRC_NAT | IPS_DST_NAT;
const LARGEST_MARK = 0xffffffff;

export interface Filter {
  /** The parts of an entry that the conditions need. */
  readonly parts: readonly FlowPart[];
  readonly matches: Condition;
}

/**
 * Builds the filter of an entry.
 *
 * @throws {ArgumentError}
 */
export function flowFilter(given: Arguments): Filter {
  const conditions: Condition[] = [];
  const parts: FlowPart[] = [];
  const add = (condition: Condition | undefined, ...needed: FlowPart[]): void => {
    if (condition === undefined) return;
    conditions.push(condition);
    parts.push(...needed);
  };
  // What costs least comes first.
  add(familyCondition(given));
  add(protocolCondition(given));
  add(statusCondition(given));
  add(stateCondition(given));
  const zone = zoneIn(given, ZONE);
  if (zone !== undefined) add((flow) => flow.zone === zone, 'zone');
  const originalZone = zoneIn(given, ORIG_ZONE);
  if (originalZone !== undefined) add(({ original }) => original.zone === originalZone, 'original');
  const replyZone = zoneIn(given, REPLY_ZONE);
  if (replyZone !== undefined) add(({ reply }) => reply.zone === replyZone, 'tuples');
  add(markCondition(given), 'mark');
  for (const condition of tupleConditions(given)) add(({ original }, bytes) => condition(original, bytes), 'tuples');
  add(natCondition(given), 'tuples');
  return { parts, matches: all(conditions) };
}

/**
 * Builds the filter of the connection that an expectation expects.
 *
 * @throws {ArgumentError}
 */
export function tupleFilter(given: Arguments): TupleCondition {
  const protocol = protocolIn(given);
  const conditions = tupleConditions(given);
  const size = { ipv4: 4, ipv6: 16 }[given[FAMILY.name] ?? ''];
  return (tuple, bytes) =>
    (protocol === undefined || tuple.protocol === protocol) &&
    (size === undefined || tuple.addressSize === size) &&
    conditions.every((matches) => matches(tuple, bytes));
}

function all(conditions: readonly Condition[]): Condition {
  return (flow, bytes) => {
    for (const matches of conditions) if (!matches(flow, bytes)) return false;
    return true;
  };
}

function familyCondition(given: Arguments): Condition | undefined {
  const family = { ipv4: AF_INET, ipv6: AF_INET6 }[given[FAMILY.name] ?? ''];
  return family === undefined ? undefined : (flow) => flow.family === family;
}

function protocolCondition(given: Arguments): Condition | undefined {
  const protocol = protocolIn(given);
  return protocol === undefined ? undefined : (flow) => flow.protocol === protocol;
}

function protocolIn(given: Arguments): number | undefined {
  const value = given[PROTO.name];
  if (value === undefined) return undefined;
  const protocol = protocolNumber(value.toLowerCase()) ?? parseWhole(value);
  if (protocol === undefined || protocol > 255) throw badArgument(PROTO, value);
  return protocol;
}

function stateCondition(given: Arguments): Condition | undefined {
  const value = given[STATE.name];
  if (value === undefined) return undefined;
  const state = value.toUpperCase();
  if (!STATE_NAMES.has(state)) throw badArgument(STATE, value);
  return (flow) => stateName(flow.protocol, flow) === state;
}

function statusCondition(given: Arguments): Condition | undefined {
  const value = given[STATUS.name];
  if (value === undefined) return undefined;
  let mask = 0;
  let wanted = 0;
  for (const name of value.toUpperCase().split(',')) {
    const bit = name === UNREPLIED ? IPS_SEEN_REPLY : Object.hasOwn(FLAGS, name) ? FLAGS[name] : undefined;
    if (bit === undefined) throw badArgument(STATUS, value);
    mask |= bit;
    if (name !== UNREPLIED) wanted |= bit;
  }
  return ({ status }) => (status & mask) === wanted;
}

function zoneIn(given: Arguments, parameter: Parameter): number | undefined {
  return wholeNumber(given, parameter, 0, 0xffff);
}

function markCondition(given: Arguments): Condition | undefined {
  const value = given[MARK.name];
  if (value === undefined) return undefined;
  const [mark, mask = LARGEST_MARK, ...rest] = value.split('/').map(parseWhole);
  const isBad =
    mark === undefined || rest.length > 0 || /\/$/.test(value) || mark > LARGEST_MARK || mask > LARGEST_MARK;
  if (isBad) throw badArgument(MARK, value);
  return (flow) => (flow.mark & mask) >>> 0 === mark;
}

/** Conditions on the addresses and ports of one direction. */
function tupleConditions(given: Arguments): TupleCondition[] {
  const conditions: TupleCondition[] = [];
  const sport = wholeNumber(given, SPORT, 0, 0xffff);
  if (sport !== undefined) conditions.push((tuple) => tuple.sourcePort === sport);
  const dport = wholeNumber(given, DPORT, 0, 0xffff);
  if (dport !== undefined) conditions.push((tuple) => tuple.destinationPort === dport);
  const src = networkIn(given, SRC);
  if (src !== undefined) conditions.push((tuple, bytes) => isWithin(src, bytes, tuple.source, tuple.addressSize));
  const dst = networkIn(given, DST);
  if (dst !== undefined) conditions.push((tuple, bytes) => isWithin(dst, bytes, tuple.destination, tuple.addressSize));
  return conditions;
}

function networkIn(given: Arguments, parameter: Parameter): Network | undefined {
  const value = given[parameter.name];
  if (value === undefined) return undefined;
  const network = parseNetwork(value);
  if (network === undefined) throw badArgument(parameter, value);
  return network;
}

function natCondition(given: Arguments): Condition | undefined {
  switch (given[NAT.name]) {
    case undefined:
      return undefined;
    case 'any':
      return ({ status }) => (status & TRANSLATED) !== 0;
    case 'src':
      return ({ status }) => (status & IPS_SRC_NAT) !== 0;
    case 'dst':
      return ({ status }) => (status & IPS_DST_NAT) !== 0;
    case 'none':
      return ({ status }) => (status & TRANSLATED) === 0;
  }
  const network = networkIn(given, NAT);
  if (network === undefined) return undefined;
  return ({ reply, status }, bytes) =>
    ((status & IPS_SRC_NAT) !== 0 && isWithin(network, bytes, reply.destination, reply.addressSize)) ||
    ((status & IPS_DST_NAT) !== 0 && isWithin(network, bytes, reply.source, reply.addressSize));
}
