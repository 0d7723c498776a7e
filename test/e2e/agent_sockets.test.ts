/** A real Netdata 1.37 agent with the built plugin on a busy router: the charts of sockets and their alerts. */

import { afterAll, beforeAll, describe, inject, it } from 'vitest';

import { Agent } from '../helpers/agent.ts';
import { Laboratory, ROUTER_ADDRESS } from '../helpers/laboratory.ts';
import { shortenSockets } from '../helpers/shortened_health.ts';
import { SOCKET_CHARTS } from '../helpers/socket_charts.ts';
import { SocketLoad } from '../helpers/socket_load.ts';
import { SocketHolder, socketsBySs } from '../helpers/sockets.ts';
import { until } from '../helpers/until.ts';
import { seconds, wallSeconds } from '../helpers/wall_clock.ts';

const CONFIG = 'modules: { flows: { enabled: no }, sockets: { update_every: 1, cpu_share: 100 } }\n';

describe.skipIf(inject('missing').agent !== undefined).concurrent('sockets under a Netdata 1.37 agent', () => {
  let laboratory: Laboratory;
  let agent: Agent;
  /** IPv4 sockets of a healthy, busy host: some are never closed, but their number does not grow. */
  let healthy: SocketLoad;

  beforeAll(async () => {
    laboratory = Laboratory.create();
    healthy = new SocketLoad(laboratory, ROUTER_ADDRESS, 600);
    await healthy.begin(300, 60);
    agent = await Agent.start(laboratory, { config: CONFIG, health: shortenSockets });
    await until('the plugin has charts of sockets', 120, async () => {
      return 'conntrack.socket_states_udp6' in (await agent.charts('conntrack.plugin'));
    });
  });

  afterAll(async () => {
    await agent?.close();
    await laboratory?.close();
  });

  const [growing, leak, high] = ['sockets_close_wait_growing', 'sockets_close_wait_leak', 'sockets_syn_recv_high'];

  it.sequential('shows the sockets of each address family as ss lists them, labelled with the protocol', async ({
    expect,
  }) => {
    const listed = await agent.charts('conntrack.plugin');
    for (const { id, list } of SOCKET_CHARTS) {
      expect(listed[`conntrack.${id}_${list}`]?.chart_labels).toMatchObject({ protocol: list });
    }
    const router = new SocketHolder(laboratory, 'router', 60);
    // Both ends are on the router.
    await router.do('listen', 'servers', '::1', 7400);
    await router.do('connect', 'clients', '::1', 7400, 37);
    await router.do('accepted', 'servers', 37);
    await router.do('bind', 'udp', 'udp4', '127.0.0.1', 19);
    await router.do('bind', 'udp', 'udp6', '::1', 11, '::1', 9);
    await router.do('bind', 'udp', 'udp6', '::1', 23);
    const { tcp, tcp6, udp, udp6 } = socketsBySs(laboratory, 'router');
    expect(tcp6).toMatchObject({ established: 74, listen: 1 });
    expect([udp, udp6]).toEqual([
      { connected: 0, unconnected: 19 },
      { connected: 11, unconnected: 23 },
    ]);
    await until('the charts show them', 120, async () => {
      for (const [list, counts] of Object.entries({ tcp6, udp, udp6 })) {
        expect(await agent.latestOf(`conntrack.socket_states_${list}`), list).toEqual(counts);
      }
      // The agent itself has some of the others.
      expect(await agent.latestOf('conntrack.socket_states_tcp')).toMatchObject({
        close_wait: 60,
        listen: tcp['listen'],
      });
      return true;
    });
    await router.close();
  });

  it('raises no alert on a leak or a flood while the host is healthy and busy', async ({ expect }) => {
    const chart = 'conntrack.socket_states_tcp';
    const from = await wallSeconds(0);
    // Longer than the lookback of any alert, which is 40 seconds.
    await healthy.busy(9, 1500, 80, 400);
    const to = await wallSeconds(0);
    // Peaks that would raise an alert if they lasted; a short connection can be in any state for a moment.
    for (const [state, standing, more] of [
      ['close_wait', 60, 80],
      ['syn_recv', 0, 400],
    ] as const) {
      const [least, most] = await rangeOf(agent, chart, state, from, to);
      expect(least, state).toBeLessThan(standing + 10);
      expect(most, state).toBeGreaterThanOrEqual(standing + more);
    }
    expect((await rangeOf(agent, chart, 'time_wait', from, to))[1]).toBeGreaterThan(1000);
    const alarms = await agent.alarms(chart);
    expect(alarms['sockets_close_wait_before']?.value).toBeTypeOf('number');
    for (const name of [growing, leak, high]) {
      expect(alarms[name], name).toMatchObject({ status: 'CLEAR', value: expect.any(Number) });
      expect(alarms[name]?.value, name).toBeLessThan(10);
    }
    expect(await agent.statuses(chart, growing)).not.toContain('WARNING');
    expect(await agent.statuses(chart, leak)).not.toContain('WARNING');
    expect(await agent.statuses(chart, high)).not.toContain('WARNING');
    await healthy.close();
  });

  it('raises alerts on a growing leak, a leak that has stopped, and a flood', async ({ expect }) => {
    const chart = 'conntrack.socket_states_tcp6';
    const load = new SocketLoad(laboratory, 'fd77:1::1', 600);
    await load.begin(40, 0);
    let leaked = 0;
    const began = performance.now();
    await until(`${growing} is WARNING`, 120, async () => {
      // Five per second, however long a step takes.
      const due = Math.ceil((performance.now() - began) / 200) - leaked;
      await load.leak(due);
      leaked += due;
      await seconds(0.75);
      return (await agent.alarms(chart))[growing]?.status === 'WARNING';
    });
    expect((await agent.alarms(chart))[high]?.status).not.toBe('WARNING');
    await load.halfOpen(400);
    await Promise.all([
      until(`${high} is WARNING`, 120, async () => (await agent.alarms(chart))[high]?.status === 'WARNING'),
      until('growth has ended', 120, async () => (await agent.alarms(chart))[growing]?.status === 'CLEAR'),
      until(`${leak} is WARNING`, 120, async () => {
        const { status, value } = (await agent.alarms(chart))[leak] ?? {};
        return status === 'WARNING' && typeof value === 'number' && value > 50 && value <= leaked;
      }),
    ]);
    await load.close();
    await until(`${leak} is CLEAR`, 120, async () => (await agent.alarms(chart))[leak]?.status === 'CLEAR');
  });
});

/** The least and the most of a dimension over some seconds. */
async function rangeOf(
  agent: Agent,
  chart: string,
  dimension: string,
  after: number,
  before: number,
): Promise<[number, number]> {
  const { labels, data } = await agent.data(chart, after, before);
  const column = labels.indexOf(dimension);
  const values = data.map((row) => row[column]).filter((value) => typeof value === 'number');
  return [Math.min(...values), Math.max(...values)];
}
