/**
 * Reads what `conntrack -L -o extended,id,ktimestamp` prints, independently of the program.
 * Source of the format: conntrack(8); `ct_seq_show` in net/netfilter/nf_conntrack_standalone.c.
 */

export interface PrintedTuple {
  readonly src: string;
  readonly dst: string;
  readonly sport: number | null;
  readonly dport: number | null;
  /** `type=8 code=0 id=7` of ICMP. */
  readonly icmp: string | null;
  readonly packets: number | null;
  readonly bytes: number | null;
}

export interface PrintedEntry {
  readonly family: 'ipv4' | 'ipv6';
  /** `unknown` if conntrack has no name. */
  readonly protocol: string;
  readonly protocolNumber: number;
  readonly timeout: number | null;
  readonly state: string | null;
  readonly original: PrintedTuple;
  readonly reply: PrintedTuple;
  readonly isUnreplied: boolean;
  readonly isAssured: boolean;
  readonly isOffloaded: boolean;
  readonly mark: number;
  readonly zone: number;
  readonly helper: string | null;
  readonly id: number;
  /** Whether the reply does not come to the original source, or not from the original destination. */
  readonly isSourceTranslated: boolean;
  readonly isDestinationTranslated: boolean;
}

/** @throws on a line that is not understood. */
export function parsePrinted(text: string): PrintedEntry[] {
  return text.split('\n').flatMap((line) => (line === '' ? [] : [parseEntry(line)]));
}

function parseEntry(line: string): PrintedEntry {
  const match = /^(ipv4|ipv6) +\d+ (\S+) +(\d+) (.*?)(src=.*?) (?:\[UNREPLIED\] )?(src=.*)$/.exec(line);
  if (match === null) throw new Error(`not an entry: ${line}`);
  const [, family = '', protocol = '', protocolNumber = '', head = '', there = '', back = ''] = match;
  const [original, reply] = [tuple(there), tuple(back)];
  const rest = fields(back);
  return {
    family: family === 'ipv6' ? 'ipv6' : 'ipv4',
    protocol,
    protocolNumber: Number(protocolNumber),
    timeout: numberOf(/^(\d+) /.exec(head)?.[1]),
    state: /([A-Z][A-Z_0-9]*) $/.exec(head)?.[1] ?? null,
    original,
    reply,
    isUnreplied: line.includes('[UNREPLIED]'),
    isAssured: line.includes('[ASSURED]'),
    isOffloaded: line.includes('OFFLOAD]'),
    mark: Number(rest['mark'] ?? 0),
    zone: Number(rest['zone'] ?? 0),
    helper: rest['helper'] ?? null,
    id: Number(rest['id'] ?? Number.NaN),
    isSourceTranslated: reply.dst !== original.src || reply.dport !== original.sport,
    isDestinationTranslated: reply.src !== original.dst || reply.sport !== original.dport,
  };
}

function tuple(text: string): PrintedTuple {
  const { bytes, code, dport, dst = '', dstkey, id, packets, sport, src = '', srckey, type } = fields(text, true);
  return {
    src,
    dst,
    sport: numberOf(sport ?? srckey),
    dport: numberOf(dport ?? dstkey),
    icmp: type === undefined ? null : `type=${type} code=${code} id=${id}`,
    packets: numberOf(packets),
    bytes: numberOf(bytes),
  };
}

/** The values of keys; of those that occur twice, as the id of ICMP and of the entry, the first or the last one. */
function fields(text: string, isFirst = false): Partial<Record<string, string>> {
  const found: Partial<Record<string, string>> = {};
  for (const [, name = '', value] of text.matchAll(/([a-z-]+)=(\S+)/g)) {
    if (!isFirst || found[name] === undefined) found[name] = value ?? '';
  }
  return found;
}

function numberOf(text: string | undefined): number | null {
  return text === undefined ? null : Number(text);
}
