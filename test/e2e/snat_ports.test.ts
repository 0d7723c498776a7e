/** Source NAT that runs out of ports, and connections that are never answered, compared with `conntrack -L`. */

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { BLACK_HOLE, Laboratory, SERVER_ADDRESS } from '../helpers/laboratory.ts';
import { Program } from '../helpers/program.ts';
import { lastValues } from '../helpers/stream.ts';
import { until } from '../helpers/until.ts';

const PORTS = 100;

/** To the server's ports from {@link BLACK_HOLE} on, connections come from 100 ports of the router. */
const RULES = `
table inet translations {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    udp dport ${BLACK_HOLE}-${BLACK_HOLE + 9} masquerade to :50000-50099
  }
}
`;

const CONFIG = `modules:
  flows: { enabled: yes, update_every: 1, cpu_share: 100, snat_pools: [{ addresses: 10.77.2.1, ports: 50000-50099 }] }
  sockets: { enabled: no }
`;

describe.skipIf(inject('missing').kernel !== undefined)('the ports for source NAT', () => {
  let laboratory: Laboratory;
  let program: Program;

  beforeAll(async () => {
    laboratory = Laboratory.create();
    laboratory.addRules('router', RULES);
    // Entries stay until the end.
    laboratory.set('nf_conntrack_udp_timeout', 600);
    program = new Program(['1'], {}, { via: laboratory.via('router'), config: CONFIG });
    await program.updated('conntrack.dump', 1);
  });

  afterAll(async () => {
    await program?.stop();
    await laboratory?.close();
  });

  /** The reply ports of translated connections in the table, by destination port. */
  function portsInUse(): Readonly<Record<string, number>> {
    const ports: Record<string, Set<string>> = {};
    for (const line of laboratory.table().split('\n')) {
      const [, dport = '', from, to, port = ''] =
        / dport=(\d+) .*src=(\S+) dst=(\S+) sport=\d+ dport=(\d+)/.exec(line) ?? [];
      if (from !== SERVER_ADDRESS || to !== '10.77.2.1') continue;
      ports[dport] ??= new Set();
      ports[dport].add(port);
    }
    return Object.fromEntries(Object.entries(ports).map(([dport, used]) => [dport, used.size]));
  }

  /** Waits until the charts show what the table holds. */
  async function expectShown(): Promise<Readonly<Record<string, number>>> {
    let inUse: Readonly<Record<string, number>> = {};
    await until('the ports in use are shown', 120, () => {
      inUse = portsInUse();
      const uses = Object.values(inUse).map((used) => (100 * used) / PORTS);
      expect(lastValues(program.stream, 'conntrack.snat_ports')).toEqual({ used: Math.max(...uses) });
      expect(lastValues(program.stream, 'conntrack.snat_endpoints')).toEqual({
        busy: uses.filter((use) => use > 50).length,
        exhausted: uses.filter((use) => use > 95).length,
      });
      return true;
    });
    return inUse;
  }

  it('are shown once there is source NAT, and equal conntrack -L for each destination', async () => {
    expect(program.stream.definitions['conntrack.snat_ports']).toBeUndefined();
    for (const [place, seconds] of [1, 2, 3].entries()) {
      await laboratory.finishedTraffic('client', 'udp-flows', SERVER_ADDRESS, BLACK_HOLE + 1 + place, 20, seconds);
    }
    expect(Object.keys(await expectShown())).toHaveLength(3);
  });

  it('run out only after the chart has shown that they nearly have', async () => {
    await until('more than 80 ports are in use', 120, async () => {
      await laboratory.finishedTraffic('client', 'udp-flows', SERVER_ADDRESS, BLACK_HOLE, 20, 1);
      return (portsInUse()[BLACK_HOLE] ?? 0) > 80;
    });
    await expectShown();
    await laboratory.finishedTraffic('client', 'udp-flows', SERVER_ADDRESS, BLACK_HOLE, 10, 5);
    expect(await expectShown()).toMatchObject({ [BLACK_HOLE]: PORTS });
    await program.updated('conntrack.errors', 2);
    const seen = { used: -1, busy: -1, refused: -1 };
    let candidates = 0;
    for (const [place, { charts }] of program.ticks.entries()) {
      const used = (charts['conntrack.snat_ports']?.['used'] ?? 0) / 1000;
      if (used > 80 && seen.used < 0) seen.used = place;
      if ((charts['conntrack.errors']?.['insert_failed'] ?? 0) !== 0 && seen.refused < 0) seen.refused = place;
      candidates = Math.max(candidates, (charts['conntrack.nat_search']?.['candidates'] ?? 0) / 1000);
    }
    expect(seen.used).toBeGreaterThan(0);
    expect(seen.refused).toBeGreaterThan(seen.used);
    // Each of the last attempts has tried all ports.
    expect(candidates).toBeGreaterThan(5);
  });
});
