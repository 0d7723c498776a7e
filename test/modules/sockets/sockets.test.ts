import { describe, expect, it } from 'vitest';

import { socketCharts } from '../../../charts/sockets.ts';
import { Emitter } from '../../../collector/agent/emit.ts';
import type { SocketStates } from '../../helpers/socket_host.ts';
import { COUNTS, Counting, SOCKETS } from '../../helpers/sockets_module.ts';

describe('module sockets', () => {
  it('counts at once and returns a sample for each list with the next update, once', async () => {
    const counting = new Counting();
    expect(await counting.samples(500)).toEqual([]);
    const none = { socket_syn_sent: 0, socket_syn_recv: 0, socket_fin_wait1: 0, socket_fin_wait2: 0 };
    const tcp = { ...none, socket_close: 0, socket_last_ack: 0, socket_closing: 0, socket_new_syn_recv: 0 };
    expect(await counting.samples(501)).toEqual([
      {
        scope: 'tcp',
        instance: 'tcp',
        labels: { protocol: 'tcp' },
        values: { ...tcp, socket_established: 3, socket_listen: 1, socket_time_wait: 1, socket_close_wait: 0 },
      },
      {
        scope: 'tcp',
        instance: 'tcp6',
        labels: { protocol: 'tcp6' },
        values: { ...tcp, socket_established: 0, socket_listen: 1, socket_time_wait: 0, socket_close_wait: 2 },
      },
      {
        scope: 'udp',
        instance: 'udp',
        labels: { protocol: 'udp' },
        values: { socket_connected: 1, socket_unconnected: 2 },
      },
      {
        scope: 'udp',
        instance: 'udp6',
        labels: { protocol: 'udp6' },
        values: { socket_connected: 1, socket_unconnected: 0 },
      },
    ]);
    expect(await counting.samples(502)).toEqual([]);
    expect(counting.log.lines).toEqual([]);
  });

  it('counts every five seconds, from 0 each time', async () => {
    const counting = new Counting();
    expect(await counting.countedAt(500, 514)).toEqual([500, 505, 510]);
    counting.host.become({ tcp: [1, 1], tcp6: [], udp: [7], udp6: [] });
    await counting.tick(515);
    expect(await counting.tick(516)).toEqual({ tcp: 2, tcp6: 0, udp: 1, udp6: 0 });
  });

  it('has IPv6 samples only once the host has IPv6, and 0 after IPv6 is gone', async () => {
    const without: SocketStates = { tcp: [1], udp: [7] };
    const counting = new Counting({}, without);
    await counting.tick(500);
    expect(await counting.tick(501)).toEqual({ tcp: 1, udp: 1 });
    counting.host.become(SOCKETS);
    await counting.tick(505);
    expect(await counting.tick(506)).toEqual(COUNTS);
    counting.host.become(without);
    await counting.tick(510);
    expect(await counting.tick(511)).toEqual({ tcp: 1, tcp6: 0, udp: 1, udp6: 0 });
  });

  it('returns the last count until it is used', async () => {
    const counting = new Counting();
    await counting.tick(500, false);
    for (const second of [501, 502, 504]) expect(await counting.tick(second, false)).toEqual(COUNTS);
    expect(await counting.tick(504.2)).toEqual(COUNTS);
    expect(await counting.tick(504.3)).toBeUndefined();
    expect(counting.host.asked).toBe(1);
  });

  it.each(['netlink', 'procfs'] as const)('yields every five milliseconds: %s', async (readFrom) => {
    const many = Array.from({ length: 3000 }, () => 1);
    const counting = new Counting({ read_from: readFrom }, { tcp: many, tcp6: [], udp: [], udp6: [] });
    counting.cost = 1000;
    const slices: number[] = [];
    let before = counting.runtime.monotonic();
    const pause = counting.runtime.yield.bind(counting.runtime);
    counting.runtime.yield = () => {
      slices.push(counting.runtime.monotonic() - before);
      before = counting.runtime.monotonic();
      return pause();
    };
    await counting.tick(500);
    expect(slices.length).toBeGreaterThanOrEqual(3);
    expect(Math.max(...slices)).toBeLessThanOrEqual(6000);
    expect(await counting.tick(501)).toMatchObject({ tcp: 3000 });
  });

  it('has a chart for each list of the host, labelled with the protocol', async () => {
    const counting = new Counting({}, { tcp: [1, 1, 12], udp: [7], udp6: [1] });
    const emitter = new Emitter({ charts: socketCharts, source: '' });
    await counting.tick(500);
    const samples = await counting.samples(501);
    const update = emitter.render(501e6, [{ module: 'sockets', every: counting.module.every, samples }]);
    const lines = update.toString().split('\n');
    expect(lines.filter((line) => line.startsWith('BEGIN'))).toEqual([
      'BEGIN conntrack.socket_states_tcp',
      'BEGIN conntrack.socket_states_udp',
      'BEGIN conntrack.socket_states_udp6',
    ]);
    expect(lines.filter((line) => line.startsWith('CLABEL '))).toEqual(
      ['tcp', 'udp', 'udp6'].map((protocol) => expect.stringMatching(`^CLABEL '?protocol'? '?${protocol}'? `)),
    );
    expect(lines.filter((line) => line.startsWith('SET ') && !line.endsWith(' 0'))).toEqual([
      'SET established = 2',
      'SET new_syn_recv = 1',
      'SET unconnected = 1',
      'SET connected = 1',
    ]);
  });
});

describe('module sockets, when closed,', () => {
  it.each(['netlink', 'procfs'] as const)('reads nothing more in the middle of a count: %s', async (readFrom) => {
    const many = Array.from({ length: 3000 }, () => 1);
    const counting = new Counting({ read_from: readFrom }, { ...SOCKETS, tcp: many });
    let reads = 0;
    counting.host.onRead = () => {
      reads++;
      counting.runtime.compute(6000);
    };
    const release = counting.runtime.hold(1);
    await counting.tick(500);
    expect([counting.host.held, reads]).toEqual([1, 1]);
    counting.module.close();
    expect(counting.host.held).toBe(0);
    const { opened } = counting.host;
    const before = [reads, opened.length, counting.host.asked];
    release();
    await counting.runtime.settle();
    expect(await counting.tick(501)).toBeUndefined();
    expect(await counting.tick(600)).toBeUndefined();
    expect([reads, opened.length, counting.host.asked]).toEqual(before);
    expect([counting.host.held, counting.log.lines]).toEqual([0, []]);
  });

  it('closes its channel between two counts, and opens no other', async () => {
    const counting = new Counting();
    await counting.tick(500);
    counting.module.close();
    expect(await counting.countedAt(501, 600)).toEqual([]);
    expect([counting.host.held, counting.host.channels.length, counting.host.opened]).toEqual([0, 1, []]);
  });

  it('opens nothing before its first count', async () => {
    const counting = new Counting();
    counting.module.collect(500e6, true);
    counting.module.close();
    await counting.runtime.settle();
    expect([counting.host.channels, counting.host.opened, counting.log.lines]).toEqual([[], [], []]);
  });
});
