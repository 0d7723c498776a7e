import { describe, expect, it } from 'vitest';

import { Dumping, entries, TCP, UDP } from '../../helpers/dumping.ts';
import { done, entry, error, statistics } from '../../helpers/netlink_channel.ts';

describe('module flows', () => {
  it('dumps the table at once and returns its composition at the next update, once', async () => {
    const dumping = new Dumping();
    dumping.use = [statistics({ entries: 31, max: 1000 })];
    dumping.table = () => [
      [
        [...entries(3, 47), entry({ protocol: TCP, tcpState: 3, status: 0x2e, family: 10 })],
        [entry({ protocol: UDP, status: 0x18 }), entry({ protocol: 58, family: 10, status: 0xc00a })],
      ],
      [entry({ protocol: TCP, status: 0x400e })],
      [done()],
    ];
    expect(await dumping.tick(500)).toBeUndefined();
    expect(await dumping.tick(501)).toEqual({
      ...{ flows_tcp: 2, flows_udp: 1, flows_icmp: 0, flows_icmpv6: 1, flows_sctp: 0, flows_gre: 3, flows_other: 0 },
      ...{ flows_ipv4: 5, flows_ipv6: 2 },
      ...{ flows_unreplied: 4, flows_replied: 1, flows_assured: 2 },
      ...{ flows_nat_none: 5, flows_snat: 1, flows_dnat: 1, flows_nat_both: 0 },
      ...{ flows_offload_none: 5, flows_offload_software: 1, flows_offload_hardware: 1 },
      ...{ tcp_none: 0, tcp_syn_sent: 0, tcp_syn_recv: 0, tcp_established: 1, tcp_fin_wait: 0, tcp_close_wait: 0 },
      ...{ tcp_last_ack: 0, tcp_time_wait: 0, tcp_close: 0, tcp_syn_sent2: 0, tcp_offloaded: 1 },
      ...{ largest_source: 500 / 7, largest_destination: 500 / 7, largest_service: 300 / 7 },
      ...{ remaining_under_10s: 0, remaining_under_1m: 0, remaining_under_10m: 7, remaining_under_1h: 0 },
      ...{ remaining_under_1d: 0, remaining_longer: 0 },
      ...{ flows_utilization: 3.1, dump_duration: 0, dump_cpu_time: 0, dump_read: 100, dump_standard_error: 0 },
    });
    expect(await dumping.tick(502)).toBeUndefined();
    expect(dumping.lines).toEqual([]);
  });

  it('compares the ports that source NAT uses with the configured pools', async () => {
    const network = { address: Uint8Array.of(0, 0, 0, 0), prefix: 0 };
    const dumping = new Dumping({ snat_pools: [{ network, low: 441, high: 444 }] });
    dumping.table = () => [[entry({ protocol: UDP, status: 0x18 }), done()]];
    await dumping.tick(500);
    expect(await dumping.tick(501)).toMatchObject({ snat_ports_used: 25, snat_endpoints_busy: 0 });
  });

  it('follows unanswered connections from dump to dump', async () => {
    const dumping = new Dumping();
    dumping.table = () => [[entry({ protocol: UDP }), done()]];
    expect(dumping.module.stuckGroups).toBeUndefined();
    const found = [];
    for (let second = 500; second <= 560; second += 10) {
      await dumping.tick(second);
      found.push((await dumping.tick(second + 1))?.['flows_stuck']);
    }
    expect(found).toEqual([...Array.from({ length: 6 }, () => undefined), 1]);
    expect([...(dumping.module.stuckGroups ?? [])]).toMatchObject([{ protocol: UDP, connections: 1, since: 500e6 }]);
  });

  it('counts an empty table as 0', async () => {
    const dumping = new Dumping();
    dumping.table = () => [[done()]];
    await dumping.tick(500);
    expect(await dumping.tick(501)).toMatchObject({ flows_tcp: 0, flows_ipv4: 0, tcp_established: 0 });
  });

  it('dumps the table every ten seconds over one channel, counting from 0 each time', async () => {
    const dumping = new Dumping();
    dumping.table = (time) => [[...entries(time), done()]];
    expect(await dumping.askedAt(500, 529)).toEqual([500, 510, 520]);
    dumping.runtime.advanceTo(530);
    expect(await dumping.tick(530)).toBeUndefined();
    expect(await dumping.tick(531)).toMatchObject({ flows_tcp: 4 });
    expect(dumping.channels).toHaveLength(1);
  });

  it('sends its requests after the update, when everything else has had its turn', async () => {
    const dumping = new Dumping();
    expect(dumping.module.collect(500e6, true)).toEqual([]);
    expect([dumping.runtime.yields, dumping.channels]).toEqual([1, []]);
    await dumping.runtime.settle();
    dumping.runtime.advanceTo(510);
    dumping.module.collect(510e6, true);
    expect(dumping.asked).toBe(1);
    await dumping.runtime.settle();
    expect(dumping.asked).toBe(2);
  });

  it('returns the last dump again until it is used, then no more', async () => {
    const dumping = new Dumping();
    dumping.table = (time) => [[...entries(time * 17), done()]];
    await dumping.tick(500, false);
    for (const second of [501, 502, 509]) expect(await dumping.tick(second, false)).toMatchObject({ flows_tcp: 17 });
    expect(await dumping.tick(509.4)).toMatchObject({ flows_tcp: 17 });
    expect(await dumping.tick(509.45)).toBeUndefined();
    expect(dumping.asked).toBe(1);
  });

  it('reads the use of the table before each dump, and has no used share without a limit', async () => {
    const dumping = new Dumping();
    dumping.use = [statistics({ entries: 990 })];
    await dumping.tick(500);
    const values = await dumping.tick(501);
    expect(values).not.toHaveProperty('flows_utilization');
    expect(values).toHaveProperty('flows_tcp', 1);
    expect(dumping.module.every).toBe(10);
    const asked = dumping.channels[0]?.sent.map(({ question }) => question);
    expect([asked?.indexOf('table'), new Set(asked)]).toEqual([2, new Set(['statistics', 'table'])]);

    dumping.use = [statistics({ entries: 990, max: 4000 })];
    await dumping.tick(510);
    expect(await dumping.tick(511)).toHaveProperty('flows_utilization', 24.75);
    dumping.use = [statistics({ entries: 990, max: 0 })];
    await dumping.tick(520);
    expect(await dumping.tick(521)).not.toHaveProperty('flows_utilization');
  });
});

describe('a module flows that is closed', () => {
  it('between two dumps closes its channel', async () => {
    const dumping = new Dumping();
    await dumping.tick(500);
    dumping.module.close();
    expect(dumping.channels.map(({ isClosed }) => isClosed)).toEqual([true]);
  });

  it('before its first dump has nothing to close', () => {
    const dumping = new Dumping();
    expect(() => dumping.module.close()).not.toThrow();
  });

  it('before a planned dump starts opens no channel for it', async () => {
    const dumping = new Dumping();
    dumping.module.collect(500e6, true);
    dumping.module.close();
    await dumping.runtime.settle();
    expect(dumping.channels).toEqual([]);
    expect(dumping.lines).toEqual([]);
  });

  it('does not open another channel at later updates', async () => {
    const dumping = new Dumping();
    await dumping.tick(500);
    dumping.module.close();
    expect(await dumping.askedAt(501, 600)).toEqual([]);
    expect(dumping.channels).toHaveLength(1);
  });
});

describe('the status of module flows', () => {
  it('has the problem of the last dump until a dump succeeds', async () => {
    const dumping = new Dumping();
    expect(dumping.module.status()).toEqual({ reads: ['ctnetlink'], problems: [] });
    dumping.use = [error(1)];
    await dumping.tick(500);
    await dumping.tick(501);
    expect(dumping.module.status()).toEqual({
      reads: ['ctnetlink'],
      problems: [
        { code: 'no_capability', target: 'ctnetlink', message: 'the plugin lacks CAP_NET_ADMIN', loses: 'all' },
      ],
    });
    dumping.use = [statistics({ entries: 1, max: 100 })];
    await dumping.tick(531);
    expect(dumping.module.status().problems).toEqual([]);
  });
});
