/**
 * The composition of a connection table by chart and dimension, counted from the text of `conntrack -L -o extended`,
 * independently of the plugin.
 */

export type Composition = Readonly<Record<string, Readonly<Record<string, number>>>>;

const EMPTY: Composition = {
  flows_by_protocol: { tcp: 0, udp: 0, icmp: 0, icmpv6: 0, sctp: 0, gre: 0, other: 0 },
  tcp_states: {
    none: 0,
    syn_sent: 0,
    syn_recv: 0,
    established: 0,
    fin_wait: 0,
    close_wait: 0,
    last_ack: 0,
    time_wait: 0,
    close: 0,
    syn_sent2: 0,
    offloaded: 0,
  },
  flows_by_reply: { unreplied: 0, replied: 0, assured: 0 },
  flows_by_nat: { none: 0, snat: 0, dnat: 0, both: 0 },
  flows_by_family: { ipv4: 0, ipv6: 0 },
  flows_by_offload: { none: 0, software: 0, hardware: 0 },
};

/** The charts of composition. */
export const COMPOSITION_CHARTS: readonly string[] = Object.keys(EMPTY);

/** @throws on a line without a dimension in a chart. */
export function composition(table: string): Composition {
  const counts = structuredClone(EMPTY) as Record<string, Record<string, number>>;
  for (const line of table.split('\n')) {
    if (line === '') continue;
    for (const [chart, dimension] of Object.entries(placesOf(line))) {
      const of = counts[chart] ?? {};
      if (of[dimension] === undefined) throw new Error(`${chart} has no dimension ${dimension}: ${line}`);
      of[dimension]++;
    }
  }
  return counts;
}

/** The dimension of each chart in which an entry is counted. */
function placesOf(line: string): Record<string, string> {
  const [family = '', , name = ''] = line.split(/ +/);
  const places: Record<string, string> = {
    flows_by_protocol: name in (EMPTY['flows_by_protocol'] ?? {}) ? name : 'other',
    flows_by_reply: line.includes('[ASSURED]') ? 'assured' : line.includes('[UNREPLIED]') ? 'unreplied' : 'replied',
    flows_by_nat: translation(line),
    flows_by_family: family,
    flows_by_offload: line.includes('[HW_OFFLOAD]') ? 'hardware' : line.includes('[OFFLOAD]') ? 'software' : 'none',
  };
  if (name !== 'tcp') return places;
  const [, state] = / ([A-Z][A-Z0-9_]*) src=/.exec(line) ?? [];
  return { ...places, tcp_states: state?.toLowerCase() ?? 'offloaded' };
}

/** NAT of an entry: its reply tuple is not the reverse of the original tuple. */
function translation(line: string): string {
  const [src, replySrc] = all(line, 'src');
  const [dst, replyDst] = all(line, 'dst');
  const [sport, replySport] = all(line, 'sport');
  const [dport, replyDport] = all(line, 'dport');
  const isSource = replyDst !== src || replyDport !== sport;
  const isDestination = replySrc !== dst || replySport !== dport;
  if (isSource) return isDestination ? 'both' : 'snat';
  return isDestination ? 'dnat' : 'none';
}

/** The values of a key in a line, in their order. */
function all(line: string, key: string): string[] {
  return line
    .split(' ')
    .filter((word) => word.startsWith(`${key}=`))
    .map((word) => word.slice(key.length + 1));
}
