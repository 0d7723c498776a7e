import { describe, expect, it } from 'vitest';

import { parseNetwork } from '../../../collector/base/cidr.ts';
import { type SnatPool, SnatPorts } from '../../../collector/modules/flows/snat_ports.ts';
import { addressText } from '../../../collector/netlink/address.ts';
import { type FlowEntry, flowEntry } from '../../helpers/flow_entry.ts';

const IPS_SRC_NAT = 0x10;

function pool(addresses: string, low: number, high: number): SnatPool {
  const network = parseNetwork(addresses);
  if (network === undefined) throw new Error(`no network: ${addresses}`);
  return { network, low, high };
}

interface Translated {
  readonly protocol?: number;
  readonly status?: number;
  readonly zone?: number;
  readonly replyZone?: number;
  readonly address?: string;
  readonly port: number;
  readonly to?: string;
  readonly dport?: number;
}

/** A connection whose source was translated to an address and port. */
function translated(given: Translated): FlowEntry {
  const {
    address = '203.0.113.5',
    dport = 853,
    port,
    protocol = 17,
    replyZone,
    status = IPS_SRC_NAT | 8,
    zone,
  } = given;
  const to = given.to ?? (address.includes(':') ? '2001:db8::53' : '198.51.100.53');
  const from = address.includes(':') ? 'fd00::7' : '10.1.2.3';
  return {
    protocol,
    status,
    original: { from, to, sport: 33_333, dport },
    reply: {
      from: to,
      to: address,
      sport: dport,
      dport: port,
      ...(replyZone === undefined ? {} : { zone: replyZone }),
    },
    ...(zone === undefined ? {} : { zone }),
  };
}

/** The endpoints of some entries, with the number of ports in use. */
function endpoints(entries: readonly FlowEntry[], pools: readonly SnatPool[] = []) {
  const ports = new SnatPorts(pools);
  for (const entry of entries) {
    const { bytes, flow } = flowEntry(entry);
    ports.add(flow, bytes);
  }
  return ports.endpoints.top(100).map(({ count, details }) => ({
    ...details,
    address: addressText(details.address),
    destination: addressText(details.destination),
    used: count,
  }));
}

describe('ports in use by source NAT', () => {
  it('are counted for each protocol, translated address, destination and zone', () => {
    const one = {
      zone: 0,
      protocol: 17,
      address: '203.0.113.5',
      destination: '198.51.100.53',
      destinationPort: 853,
      pool: 64_512,
    };
    const found = endpoints([
      ...[4001, 4002, 4003, 4004, 4005, 4006].map((port) => translated({ port })),
      ...[4001, 4002, 4003, 4004, 4005].map((port) => translated({ port, protocol: 6 })),
      ...[4001, 4002, 4003, 4004].map((port) => translated({ port, address: '203.0.113.6' })),
      ...[4001, 4002, 4003].map((port) => translated({ port, to: '198.51.100.54' })),
      ...[4001, 4002].map((port) => translated({ port, dport: 854 })),
      translated({ port: 4001, zone: 31 }),
    ]);
    expect(found).toEqual([
      { ...one, used: 6 },
      { ...one, used: 5, protocol: 6 },
      { ...one, used: 4, address: '203.0.113.6' },
      { ...one, used: 3, destination: '198.51.100.54' },
      { ...one, used: 2, destinationPort: 854 },
      { ...one, used: 1, zone: 31 },
    ]);
  });

  it('are those of the zone of the reply direction', () => {
    const found = endpoints([
      translated({ port: 4001, replyZone: 9 }),
      translated({ port: 4001, replyZone: 12 }),
      translated({ port: 4002, replyZone: 12 }),
    ]);
    expect(found.map(({ used, zone }) => [zone, used])).toEqual([
      [12, 2],
      [9, 1],
    ]);
  });

  it('are counted for IPv6, too', () => {
    const [found] = endpoints([4001, 4002].map((port) => translated({ port, address: '2001:db8::5' })));
    expect(found).toMatchObject({ address: '2001:db8::5', destination: '2001:db8::53', used: 2 });
  });

  it.each([
    ['that is not translated', { port: 4001, status: 8 }],
    ['with destination NAT alone', { port: 4001, status: 0x20 | 8 }],
    ['of ICMP', { port: -1, dport: -1, protocol: 1 }],
    ['of GRE, which has call ids', { port: 4001, protocol: 47 }],
    ['with a port below the pool', { port: 1023 }],
  ])('include no connection %s', (_, given) => {
    expect(endpoints([translated(given), translated({ port: 1024, dport: 77 })])).toMatchObject([
      { destinationPort: 77, used: 1 },
    ]);
  });

  it('are compared with the first pool that holds the translated address', () => {
    const pools = [
      pool('203.0.113.0/29', 50_000, 50_099),
      pool('203.0.113.0/24', 2000, 2999),
      pool('2001:db8::5', 7, 9),
    ];
    const found = endpoints(
      [
        ...[49_999, 50_000, 50_099, 50_100].map((port) => translated({ port })),
        ...[1999, 2000, 2500, 2999, 3000].map((port) => translated({ port, address: '203.0.113.8' })),
        translated({ port: 8, address: '2001:db8::5' }),
        ...[1024, 1025, 1026, 65_535].map((port) => translated({ port, address: '203.0.114.1' })),
      ],
      pools,
    );
    expect(found.map(({ address, pool, used }) => [address, used, pool])).toEqual([
      ['203.0.114.1', 4, 64_512],
      ['203.0.113.8', 3, 1000],
      ['203.0.113.5', 2, 100],
      ['2001:db8::5', 1, 3],
    ]);
  });
});
