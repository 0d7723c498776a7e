/** A real Netdata 2.x agent that runs the built plugin on a router. */

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { charts } from '../../charts/index.ts';
import { Agent2 } from '../helpers/agent2.ts';
import { Laboratory } from '../helpers/laboratory.ts';
import { isAlwaysShown } from '../helpers/occasional_charts.ts';
import { expectSums } from '../helpers/running_agent.ts';
import { shortenFull } from '../helpers/shortened_health.ts';
import { until } from '../helpers/until.ts';

const CONFIG = 'modules:\n  flows: { update_every: 2, cpu_share: 5 }\n  sockets: { update_every: 1 }\n';
const UTILIZATION = 'netfilter.conntrack_utilization';

describe.skipIf(inject('missing').agent2 !== undefined)('a Netdata 2.x agent', () => {
  let laboratory: Laboratory;
  let agent: Agent2;

  beforeAll(async () => {
    laboratory = Laboratory.create();
    agent = await Agent2.start(laboratory, { config: CONFIG, health: shortenFull });
    await until('the plugin has charts of every module', 120, async () => {
      const listed = await agent.charts('conntrack.plugin');
      return ['errors', 'new_by_protocol', 'dump', 'socket_states_udp6'].every((id) => `conntrack.${id}` in listed);
    });
  });

  afterAll(async () => {
    await agent?.close();
    await laboratory?.close();
  });

  it('lists every chart with its units, family and labels', async () => {
    const listed = await agent.charts('conntrack.plugin');
    const hosts = charts.filter(({ id, scope }) => scope === 'host' && isAlwaysShown(id));
    for (const { id, units, family } of hosts) {
      expect(listed[`conntrack.${id}`], id).toMatchObject({ units, family, module: expect.any(String) });
    }
    for (const list of ['tcp', 'tcp6', 'udp', 'udp6']) {
      expect(listed[`conntrack.socket_states_${list}`]?.chart_labels, list).toMatchObject({ protocol: list });
    }
    const { family, units } = charts.find(({ context }) => context === UTILIZATION) ?? {};
    expect((await agent.contexts())[UTILIZATION]).toMatchObject({ family, units });
  });

  it('shows the exact number of entries and of new connections', async () => {
    await expectSums(agent, laboratory, 'conntrack.new', { new: 413 }, () => laboratory.load(413));
    await until('413 entries', 120, async () => (await agent.latest('conntrack.sockets', 'connections')) === 413);
    expect(laboratory.count()).toBe(413);
    await until('413 are dumped', 120, async () => (await agent.latest('conntrack.flows_by_reply', 'assured')) === 413);
    const max = Number(readFileSync('/proc/sys/net/netfilter/nf_conntrack_max', 'utf8'));
    await until('the context shows them', 120, async () => {
      const { labels, data } = await agent.contextData(UTILIZATION, 1);
      expect(labels).toEqual(['time', 'used']);
      expect(data[0]?.[1]).toBeCloseTo((413 / max) * 100, 3);
      return true;
    });
  });

  it('attaches and evaluates the alerts of the project', async () => {
    await until('conntrack_full has a value', 120, async () => {
      const { status, value } = (await agent.alarms('conntrack.utilization'))['conntrack_full'] ?? {};
      return status === 'CLEAR' && typeof value === 'number' && value > 0;
    });
    expect(Object.keys(await agent.alarms('conntrack.errors')).sort()).toEqual([
      'conntrack_drops',
      'conntrack_early_drops',
      'conntrack_insert_failed',
    ]);
  });

  it('restarts the plugin after it exits with 0, and its charts continue', async () => {
    const ended = agent.pluginPid;
    if (ended === undefined) throw new Error('the plugin does not run');
    process.kill(ended, 'SIGTERM');
    await until('another plugin process', 120, () => agent.pluginPid !== undefined && agent.pluginPid !== ended);
    laboratory.load(29, 30_000);
    await until('442 entries', 120, async () => (await agent.latest('conntrack.sockets', 'connections')) === 442);
    await until('rates', 120, async () => (await agent.latest('conntrack.changes', 'inserted')) !== null);
    expect(agent.log.split('\n').filter((line) => /level=error.*PD\[conntrack\].*Disabling/.test(line))).toEqual([]);
  });
});
