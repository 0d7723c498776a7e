/** The composition of the table, from real packets and loaded entries, compared with `conntrack -L`. */

import type { ChildProcess } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';

import { COMPOSITION_CHARTS, type Composition, composition } from '../helpers/composition.ts';
import {
  BLACK_HOLE,
  end,
  Laboratory,
  ROUTER_ADDRESS,
  SERVER_ADDRESS,
  SERVER_ADDRESS_6,
} from '../helpers/laboratory.ts';
import { Program } from '../helpers/program.ts';
import { lastValues } from '../helpers/stream.ts';
import { TCP_STATES } from '../helpers/tcp_states.ts';
import { until } from '../helpers/until.ts';

const missing = inject('missing');

/** Port 5002 is translated to the server's 5001, 5003 gets the router's source address, 5004 both. */
const TRANSLATIONS = `
table inet translations {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ip daddr ${ROUTER_ADDRESS} tcp dport { 5002, 5004 } dnat ip to ${SERVER_ADDRESS}:5001
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    tcp dport 5003 masquerade
    meta l4proto tcp ct original proto-dst 5004 masquerade
  }
}
`;

describe.skipIf(missing.kernel !== undefined)('the composition of the table', () => {
  let laboratory: Laboratory;
  const programs: Program[] = [];
  const traffic: ChildProcess[] = [];

  beforeAll(async () => {
    laboratory = Laboratory.create();
    laboratory.addRules('router', TRANSLATIONS);
    // Entries stay until they are deleted.
    for (const timeout of ['udp_timeout', 'tcp_timeout_close', 'tcp_timeout_close_wait', 'tcp_timeout_time_wait']) {
      laboratory.set(`nf_conntrack_${timeout}`, 600);
    }
    for (const port of [5001, 5003]) await laboratory.traffic('server', 'tcp-echo', port, 300);
    await laboratory.traffic('server', 'tcp-mute', 5005, 300);
    await laboratory.traffic('server', 'udp-echo', 5006, 300);
  });

  afterEach(async () => {
    await Promise.all(programs.splice(0).map((program) => program.stop()));
    await clear();
  });

  afterAll(() => laboratory?.close());

  /** Ends the clients' traffic and empties the table, including packets still in flight. */
  async function clear(): Promise<void> {
    await Promise.all(traffic.splice(0).map((child) => end(child)));
    await until('the table is empty', 120, () => {
      const isEmpty = laboratory.count() === 0;
      laboratory.flush();
      return isEmpty;
    });
  }

  async function fromClient(...args: readonly (string | number)[]): Promise<void> {
    traffic.push(await laboratory.traffic('client', ...args));
  }

  async function start(options: string): Promise<Program> {
    const config = `modules: { events: { enabled: no }, flows: { enabled: yes, ${options} }, sockets: { enabled: no } }`;
    const program = new Program(['1'], {}, { via: laboratory.via('router'), config });
    programs.push(program);
    await program.updated('conntrack.dump', 1);
    return program;
  }

  /** Waits until the charts show the composition of an unchanging table. */
  async function expectDrawn(program: Program, expected: Composition): Promise<void> {
    await until('the charts show the composition', 120, () => {
      const { stream } = program;
      const seen = COMPOSITION_CHARTS.map((chart) => [chart, lastValues(stream, `conntrack.${chart}`)]);
      expect(Object.fromEntries(seen)).toEqual(expected);
      return true;
    });
  }

  it('equals conntrack -L for real TCP and UDP of both families, with and without NAT', async () => {
    const program = await start('update_every: 1, cpu_share: 100, method: full');
    const connect = (host: string, port: number, count: number, act: string): Promise<void> =>
      fromClient('tcp-connect', host, port, count, act, 120);
    await Promise.all([
      connect(SERVER_ADDRESS, 5001, 5, 'hold'),
      connect(SERVER_ADDRESS_6, 5001, 3, 'hold'),
      connect(ROUTER_ADDRESS, 5002, 4, 'hold'),
      connect(SERVER_ADDRESS, 5003, 2, 'hold'),
      connect(SERVER_ADDRESS_6, 5003, 1, 'hold'),
      connect(ROUTER_ADDRESS, 5004, 6, 'hold'),
      connect(SERVER_ADDRESS, BLACK_HOLE, 7, 'try'),
      connect(SERVER_ADDRESS_6, BLACK_HOLE, 2, 'try'),
      connect(SERVER_ADDRESS, 5001, 8, 'end'),
      connect(SERVER_ADDRESS, 5005, 9, 'half-end'),
      connect(SERVER_ADDRESS_6, 5001, 10, 'reset'),
      laboratory.finishedTraffic('client', 'udp-spread', SERVER_ADDRESS, BLACK_HOLE, 11, 100, 60),
      fromClient('udp-talk', SERVER_ADDRESS_6, 5006, 12, 1, 120),
      // A UDP flow is assured after more than two seconds.
      fromClient('udp-talk', SERVER_ADDRESS, 5006, 13, 8, 120),
    ]);
    const expected = {
      flows_by_protocol: { tcp: 57, udp: 36, icmp: 0, icmpv6: 0, sctp: 0, gre: 0, other: 0 },
      tcp_states: {
        none: 0,
        syn_sent: 9,
        syn_recv: 0,
        established: 21,
        fin_wait: 0,
        close_wait: 9,
        last_ack: 0,
        time_wait: 8,
        close: 10,
        syn_sent2: 0,
        offloaded: 0,
      },
      flows_by_reply: { unreplied: 20, replied: 12, assured: 61 },
      flows_by_nat: { none: 80, snat: 3, dnat: 4, both: 6 },
      flows_by_family: { ipv4: 65, ipv6: 28 },
      flows_by_offload: { none: 93, software: 0, hardware: 0 },
    };
    let listed: Composition = {};
    await until('the table is what was made', 120, () => {
      listed = composition(laboratory.table());
      expect(listed).toEqual(expected);
      return true;
    });
    await expectDrawn(program, listed);

    await clear();
    await expectDrawn(program, composition(''));
    expect(program.err).toBe('');
  });

  it('equals conntrack -L for 200,000 loaded entries of every kind', async () => {
    const program = await start('update_every: 1, cpu_share: 100, method: full');
    laboratory.set('nf_conntrack_max', 262_144);
    const { lines, byProtocol, byState } = mixedEntries(200_000);
    laboratory.restore(lines);
    const listed = composition(laboratory.table());
    expect(listed['flows_by_protocol']).toEqual(byProtocol);
    expect(listed['tcp_states']).toEqual(byState);
    await expectDrawn(program, listed);
    // No entry was added, deleted or changed meanwhile, and every kind that can be loaded occurs.
    expect(composition(laboratory.table())).toEqual(listed);
    for (const [chart, counts] of Object.entries(listed)) {
      if (chart === 'flows_by_offload') continue;
      for (const [dimension, count] of Object.entries(counts)) {
        if (dimension !== 'offloaded') expect(count, `${chart}.${dimension}`).toBeGreaterThan(1000);
      }
    }
  });

  it('is dumped less often while dumps are costly, and often again when they are cheap', async () => {
    const program = await start('update_every: 1, cpu_share: 5, method: full');
    const interval = (): number | undefined => program.stream.definitions['conntrack.flows_by_protocol']?.every;
    await until('every second', 120, () => interval() === 1);
    laboratory.set('nf_conntrack_max', 262_144);
    laboratory.load(200_000);
    await until('less often', 120, () => (interval() ?? 1) > 1);
    expect(lastValues(program.stream, 'conntrack.flows_by_protocol')?.['tcp']).toBeGreaterThan(0);
    expect(program.err).toMatch(
      /level=info msg="changed the interval between dumps of the connection table"[^\n]*entries=/,
    );
    laboratory.flush();
    await until('every second again', 120, () => {
      const { definitions } = program.stream;
      const intervals = COMPOSITION_CHARTS.map((chart) => definitions[`conntrack.${chart}`]?.every);
      return intervals.every((every) => every === 1);
    });
    // A dump that the deletion of the entries cuts short costs little, too.
    await until('no entry is shown', 120, () => {
      return lastValues(program.stream, 'conntrack.flows_by_protocol')?.['tcp'] === 0;
    });
  });
});

interface MixedEntries {
  /** Options of `conntrack` for each entry. */
  readonly lines: readonly string[];
  readonly byProtocol: Readonly<Record<string, number>>;
  readonly byState: Readonly<Record<string, number>>;
}

/** Entries of every protocol, TCP state, family, translation and reply, with marks and zones. */
function mixedEntries(count: number): MixedEntries {
  const lines: string[] = [];
  const byProtocol: Record<string, number> = { tcp: 0, udp: 0, icmp: 0, icmpv6: 0, sctp: 0, gre: 0, other: 0 };
  const byState: Record<string, number> = Object.fromEntries(TCP_STATES.map((state) => [state.toLowerCase(), 0]));
  byState['offloaded'] = 0;
  for (let entry = 0; entry < count; entry++) {
    const [protocol, name, options] = kindOf(entry);
    const state = TCP_STATES[Math.floor(entry / 10) % TCP_STATES.length] ?? 'NONE';
    byProtocol[name] = (byProtocol[name] ?? 0) + 1;
    if (name === 'tcp') byState[state.toLowerCase()] = (byState[state.toLowerCase()] ?? 0) + 1;
    const stateOption = name === 'tcp' ? ` --state ${state}` : '';
    lines.push(`-A -t 3600 ${addressesOf(entry, protocol)} -p ${protocol} ${options}${stateOption}${extrasOf(entry)}`);
  }
  return { lines, byProtocol, byState };
}

/** Protocol of an entry for `conntrack`, its dimension, and further options. */
function kindOf(entry: number): readonly [string, string, string] {
  const ports = `--sport ${1024 + (entry % 50_000)} --dport 443`;
  const number = entry % 60_000;
  switch (entry % 10) {
    case 0:
    case 1:
      return ['udp', 'udp', ports];
    case 2:
      return ['icmp', 'icmp', `--icmp-type 8 --icmp-code 0 --icmp-id ${number}`];
    case 3:
      return ['icmpv6', 'icmpv6', `--icmpv6-type 128 --icmpv6-code 0 --icmpv6-id ${number}`];
    case 4:
      return ['sctp', 'sctp', `${ports} --state ESTABLISHED --orig-vtag 1 --reply-vtag 2`];
    case 5:
      return ['gre', 'gre', `--srckey ${number} --dstkey 7`];
    case 6:
      return entry % 20 < 10 ? ['udplite', 'other', ports] : ['50', 'other', ''];
    default:
      return ['tcp', 'tcp', ports];
  }
}

/** Addresses of an entry, some of them translated; every entry has a different source. */
function addressesOf(entry: number, protocol: string): string {
  const [high, low] = [Math.floor(entry / 65_536), entry % 65_536];
  if (protocol === 'icmpv6' || (protocol !== 'icmp' && entry % 3 === 0)) {
    return `-s fd88::${high.toString(16)}:${low.toString(16)} -d fd99::1`;
  }
  const addresses = `-s 10.${88 + high}.${low >> 8}.${low & 255} -d 10.99.0.1`;
  // Without ports, entries translated to one source address would collide.
  const translations = protocol === 'tcp' || protocol === 'udp' ? TRANSLATED : [''];
  return `${addresses}${translations[Math.floor(entry / 100) % translations.length] ?? ''}`;
}

const TRANSLATED = ['', ' -n 203.0.113.7', ' -g 192.0.2.8', ' -n 203.0.113.7 -g 192.0.2.8'];

/** Reply, mark and zone of an entry. */
function extrasOf(entry: number): string {
  const replies = ['', ' -u SEEN_REPLY', ' -u SEEN_REPLY,ASSURED', ' -u ASSURED'];
  const reply = replies[Math.floor(entry / 7) % replies.length] ?? '';
  const mark = entry % 11 === 0 ? ` -m ${entry}` : '';
  const zone = entry % 13 === 0 ? ` -w ${1 + (entry % 5)}` : '';
  return `${reply}${mark}${zone}`;
}
