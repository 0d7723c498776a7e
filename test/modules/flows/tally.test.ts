import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Tally } from '../../../collector/modules/flows/tally.ts';
import { memoryOf } from '../../../collector/netlink/channel.ts';
import { Flow } from '../../../collector/netlink/flow.ts';

type Entry = Pick<Flow, 'family' | 'protocol' | 'status' | 'tcpState'>;

/** An assured TCP connection over IPv4, except for what is given. */
function flow(entry: Partial<Entry>): Flow {
  const whole: Entry = { family: 2, protocol: 6, status: 0x6, tcpState: 3, ...entry };
  return Object.assign(new Flow(memoryOf(new ArrayBuffer(4))), whole);
}

/** The counts of some entries, by metric. */
function counts(...entries: readonly Partial<Entry>[]): Record<string, number | undefined> {
  const tally = new Tally();
  for (const entry of entries) tally.add(flow(entry));
  const values = {};
  tally.fill(values, 1);
  return values;
}

/** The metrics that are not 0. */
function counted(...entries: readonly Partial<Entry>[]): Record<string, number | undefined> {
  return Object.fromEntries(Object.entries(counts(...entries)).filter(([, count]) => count !== 0));
}

const BREAKDOWNS = {
  protocol: ['flows_tcp', 'flows_udp', 'flows_icmp', 'flows_icmpv6', 'flows_sctp', 'flows_gre', 'flows_other'],
  family: ['flows_ipv4', 'flows_ipv6'],
  reply: ['flows_unreplied', 'flows_replied', 'flows_assured'],
  'address translation': ['flows_nat_none', 'flows_snat', 'flows_dnat', 'flows_nat_both'],
  offload: ['flows_offload_none', 'flows_offload_software', 'flows_offload_hardware'],
} as const;

const STATES = [
  ...['none', 'syn_sent', 'syn_recv', 'established', 'fin_wait', 'close_wait', 'last_ack', 'time_wait', 'close'],
  ...['syn_sent2', 'offloaded'],
].map((state) => `tcp_${state}`);

describe('the composition of the table', () => {
  it('of an empty table is all 0', () => {
    const values = counts();
    expect(Object.keys(values).sort()).toEqual([...Object.values(BREAKDOWNS).flat(), ...STATES].sort());
    expect(new Set(Object.values(values))).toEqual(new Set([0]));
  });

  it('counts an entry once in each breakdown', () => {
    expect(counted({ family: 10, protocol: 17, status: 0x2 | 0x20, tcpState: -1 })).toEqual({
      flows_udp: 1,
      flows_ipv6: 1,
      flows_replied: 1,
      flows_dnat: 1,
      flows_offload_none: 1,
    });
  });

  it.each([
    [6, 'flows_tcp'],
    [17, 'flows_udp'],
    [1, 'flows_icmp'],
    [58, 'flows_icmpv6'],
    [132, 'flows_sctp'],
    [47, 'flows_gre'],
    [33, 'flows_other'],
    [0, 'flows_other'],
    [255, 'flows_other'],
  ])('counts protocol %i as %s', (protocol, metric) => {
    expect(counted({ protocol }, { protocol })).toMatchObject({ [metric]: 2 });
  });

  it.each([
    ['no bits', 0, ['flows_unreplied', 'flows_nat_none', 'flows_offload_none']],
    [
      'bits that say nothing of it',
      0x1 | 0x8 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400,
      ['flows_unreplied', 'flows_nat_none'],
    ],
    ['a reply', 0x2, ['flows_replied']],
    ['a reply, and that it is assured', 0x6, ['flows_assured']],
    ['that it is assured, without a reply', 0x4, ['flows_assured']],
    ['a translated source', 0x10, ['flows_snat']],
    ['a translated destination', 0x20, ['flows_dnat']],
    ['both translated', 0x30, ['flows_nat_both']],
    ['that translation was looked into and not needed', 0x180, ['flows_nat_none']],
    ['offload in software', 0x4000, ['flows_offload_software']],
    ['offload in hardware', 0xc000, ['flows_offload_hardware']],
    ['offload in hardware alone', 0x8000, ['flows_offload_hardware']],
    ['every bit', 0xffff_ffff, ['flows_assured', 'flows_nat_both', 'flows_offload_hardware']],
  ])('reads from a status of %s what it says', (_what, status, metrics) => {
    const values = counted({ status });
    for (const metric of metrics) expect(values).toHaveProperty(metric, 1);
    expect(Object.keys(values)).toHaveLength(6);
  });

  it.each([...STATES.entries()].slice(0, -1))('counts TCP state %i as %s', (tcpState, metric) => {
    expect(counted({ tcpState })).toHaveProperty(metric, 1);
  });

  it.each([
    ['none', -1],
    ['the first that there is no name for', 10],
    ['the one after it', 11],
    ['one that there is not', 255],
  ])('counts a TCP connection with no known state as offloaded: %s', (_what, tcpState) => {
    expect(counted({ tcpState })).toHaveProperty('tcp_offloaded', 1);
  });

  it('counts no TCP state for other protocols', () => {
    const values = counts({ protocol: 132, tcpState: 3 }, { protocol: 17, tcpState: -1 });
    for (const state of STATES) expect(values[state]).toBe(0);
  });

  it('adds up: every breakdown has as many entries as the table, the TCP states as many as there are of TCP', () => {
    const entry = fc.record({
      family: fc.constantFrom(2, 10),
      protocol: fc.oneof(fc.constantFrom(1, 6, 17, 47, 58, 132), fc.nat(255)),
      status: fc.nat(0xffff_ffff),
      tcpState: fc.integer({ min: -1, max: 255 }),
    });
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        const values = counts(...entries);
        const sum = (metrics: readonly string[]): number =>
          metrics.reduce((total, metric) => total + (values[metric] ?? Number.NaN), 0);
        for (const metrics of Object.values(BREAKDOWNS)) expect(sum(metrics)).toBe(entries.length);
        expect(sum(STATES)).toBe(entries.filter(({ protocol }) => protocol === 6).length);
      }),
    );
  });
});
