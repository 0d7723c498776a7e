/** A real Netdata 1.37 agent with the built plugin on a router with real traffic, and its dashboard in a browser. */

import { type ChildProcess, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { charts } from '../../charts/index.ts';
import { Agent } from '../helpers/agent.ts';
import { Dashboard } from '../helpers/dashboard.ts';
import { BLACK_HOLE, end, Laboratory, SERVER_ADDRESS } from '../helpers/laboratory.ts';
import { isAlwaysShown } from '../helpers/occasional_charts.ts';
import { expectSums, isAbout } from '../helpers/running_agent.ts';
import { shortenTable } from '../helpers/shortened_health.ts';
import { SOCKET_CHARTS } from '../helpers/socket_charts.ts';
import { until } from '../helpers/until.ts';
import { seconds, wallSeconds } from '../helpers/wall_clock.ts';

const missing = inject('missing');
const PICTURE = fileURLToPath(new URL('../../docs/dashboard.png', import.meta.url));
/** The part of the page in the picture: the table, its connections, errors and composition. */
const SHOWN = { x: 0, y: 0, width: 1200, height: 2820 };

/** Charts and dimensions that the agent's built-in collector reads correctly on every kernel. */
const SHARED: readonly (readonly [string, string])[] = [
  ['new', 'invalid'],
  ['changes', 'inserted'],
  ['errors', 'icmp_error'],
  ['errors', 'insert_failed'],
  ['errors', 'drop'],
  ['errors', 'early_drop'],
  ['search', 'restarted'],
  ['search', 'found'],
  ['expect', 'created'],
  ['expect', 'deleted'],
  ['expect', 'new'],
];

const MAX = 2000;

const OTHER_INTERVAL = 'level=info msg="changed the interval between dumps of the connection table"';

/** Dumps the whole table often, even when it is full, and rarely once that costs more than a small table can. */
const FLOWS_EVERY = 2;
const CONFIG = `modules:
  flows:
    update_every: ${FLOWS_EVERY}
    cpu_share: 5
    full_above: 100
    method: full
    snat_pools: [{ addresses: 10.77.2.1, ports: 50000-50099 }]
  sockets: { update_every: 1, cpu_share: 100 }
`;

/** Connections to one port of the server have 100 ports of the router to choose from. */
const SOURCE_NAT = `
table inet translations {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    udp dport ${BLACK_HOLE} masquerade to :50000-50099
  }
}
`;

/** The beginnings of the dashboard's explanations of the six contexts that it knows. */
const KNOWN_TEXTS = [
  'The number of entries in the conntrack table.',
  'Packet tracking statistics.',
  'The number of changes in conntrack tables.',
  'The number of events in the "expect" table.',
  'Conntrack errors.',
  'Conntrack table lookup statistics.',
];

describe.skipIf(missing.agent !== undefined)('a Netdata 1.37 agent', () => {
  let laboratory: Laboratory;
  let agent: Agent;
  /** Beginning and end of the time of trouble, in seconds since the epoch. */
  let began = 0;
  let ended = 0;

  beforeAll(async () => {
    laboratory = Laboratory.create();
    laboratory.set('nf_conntrack_tcp_loose', 0);
    laboratory.set('nf_conntrack_buckets', 4096);
    laboratory.set('nf_conntrack_max', MAX);
    await laboratory.traffic('server', 'udp-sink', 5000, 300);
    await laboratory.traffic('server', 'tcp-echo', 5001, 300);
    agent = await Agent.start(laboratory, { config: CONFIG, health: shortenTable });
    await until('the plugin has charts of every module', 120, async () => {
      const listed = await agent.charts('conntrack.plugin');
      // The first dump of a process can be so costly that the second is delayed.
      const interval = listed['conntrack.dump']?.update_every;
      const ids = ['errors', 'new_by_protocol', 'socket_states_udp6'];
      return ids.every((id) => `conntrack.${id}` in listed) && interval === FLOWS_EVERY;
    });
  });

  afterAll(async () => {
    await agent?.close();
    await laboratory?.close();
  });

  it('runs the plugin as its own user and lists every chart of its modules', async () => {
    const listed = await agent.charts('conntrack.plugin');
    const expected = [
      ...charts.filter(({ id, scope }) => scope === 'host' && isAlwaysShown(id)),
      ...SOCKET_CHARTS.map(({ list, ...chart }) => ({ ...chart, id: `${chart.id}_${list}` })),
    ];
    expect(Object.keys(listed).filter(isAlwaysShown).sort()).toEqual(
      expected.map((chart) => `conntrack.${chart.id}`).sort(),
    );
    for (const chart of expected) {
      expect(listed[`conntrack.${chart.id}`]).toMatchObject({
        context: chart.contextBesideBuiltin ?? chart.context,
        units: chart.units,
        family: chart.family,
        plugin: 'conntrack.plugin',
        module: chart.module,
        update_every: chart.module === 'flows' ? FLOWS_EVERY : 1,
      });
    }
    const netdata = spawnSync('id', ['-u', 'netdata'], { encoding: 'utf8' }).stdout.trim();
    expect(processUser(agent.pluginPid)).toBe(netdata);
    expect(netdata).not.toBe('0');
  });

  describe.concurrent('with connections in the table', () => {
    it.sequential('shows as many entries as conntrack -C counts, and the true number of every protocol', async ({
      expect,
    }) => {
      const protocols = { tcp: 413, udp: 61, icmp: 41, icmpv6: 31, sctp: 0, gre: 21, other: 11 };
      await expectSums(agent, laboratory, 'conntrack.new_by_protocol', protocols, () => {
        laboratory.load(413);
        laboratory.restore([
          ...entries(61, (n) => `-s 10.88.1.1 -d 10.99.0.1 -p udp --sport ${n} --dport 9`),
          ...entries(41, (n) => `-s 10.88.1.1 -d 10.99.0.1 -p icmp --icmp-type 8 --icmp-code 0 --icmp-id ${n}`),
          ...entries(31, (n) => `-s fd88::1 -d fd99::1 -p icmpv6 --icmpv6-type 128 --icmpv6-code 0 --icmpv6-id ${n}`),
          ...entries(21, (n) => `-s 10.88.1.1 -d 10.99.0.1 -p gre --srckey ${n} --dstkey 9`),
          ...entries(11, (n) => `-s 10.88.1.${n} -d 10.99.0.1 -p 50`),
        ]);
      });
      await until('578 entries', 120, async () => (await agent.latest('conntrack.sockets', 'connections')) === 578);
      expect(laboratory.count()).toBe(578);
      await until('the charts show them', 120, async () => {
        for (const [protocol, count] of Object.entries(protocols)) {
          expect(await agent.latest('conntrack.flows_by_protocol', protocol), protocol).toBe(count);
        }
        expect(await agent.latestOf('conntrack.flows_by_reply')).toMatchObject({ assured: 413, unreplied: 165 });
        expect(await agent.latest('conntrack.utilization', 'used')).toBeCloseTo((578 / MAX) * 100, 1);
        return true;
      });
      laboratory.flush();
    });

    it.sequential('warns of a table that is more than half full only while it grows', async ({ expect }) => {
      laboratory.flush();
      // None of the connections made here ends.
      laboratory.set('nf_conntrack_udp_timeout', 600);
      laboratory.load(1100);
      await until('the table has not grown during the lookback', 120, async () => {
        const alarms = await agent.alarms();
        return alarms['conntrack_connections_before']?.value === 1100 && alarms['conntrack_growth']?.value === 0;
      });
      const standing = await agent.alarms();
      expect(standing['conntrack_time_to_full']).toMatchObject({ status: 'CLEAR', value: null });
      expect(standing['conntrack_unreplied']).toMatchObject({ status: 'CLEAR', value: 0 });

      // One connection every two seconds fills the table in more than half an hour.
      const flows = await laboratory.traffic('client', 'udp-flows', SERVER_ADDRESS, 5000, 0.5, 120);
      await until('conntrack_time_to_full is WARNING', 120, async () => {
        const { status, value } = (await agent.alarms())['conntrack_time_to_full'] ?? {};
        return status === 'WARNING' && typeof value === 'number' && value > 15 && value < 120;
      });
      await end(flows);
      laboratory.set('nf_conntrack_udp_timeout', 30);
    });

    it.sequential('warns before source NAT runs out of ports', async ({ expect }) => {
      laboratory.flush();
      laboratory.set('nf_conntrack_udp_timeout', 600);
      laboratory.addRules('router', SOURCE_NAT);
      const from = await wallSeconds(1);
      const refused = async (): Promise<number> =>
        agent.total('conntrack.errors', 'insert_failed', from, Math.floor(Date.now() / 1000));
      await laboratory.finishedTraffic('client', 'udp-flows', SERVER_ADDRESS, BLACK_HOLE, 35, 2);
      const flows = await laboratory.traffic('client', 'udp-flows', SERVER_ADDRESS, BLACK_HOLE, 1, 90);
      await until(
        'conntrack_snat_ports is WARNING',
        120,
        async () => (await status('conntrack_snat_ports')) === 'WARNING',
      );
      expect(await refused()).toBe(0);
      await until('a connection is refused', 120, async () => (await refused()) > 0);
      await until(
        'conntrack_snat_ports is CRITICAL',
        120,
        async () => (await status('conntrack_snat_ports')) === 'CRITICAL',
      );
      await end(flows);
      laboratory.run('router', ['nft', 'delete', 'table', 'inet', 'translations']);
      laboratory.set('nf_conntrack_udp_timeout', 30);
      laboratory.flush();
    });

    it.sequential('warns of unreplied connections only while the table is more than half full', async ({ expect }) => {
      const unreplied = (count: number): string[] =>
        entries(count, (n) => `-s 10.88.1.1 -d 10.99.0.1 -p udp --sport ${1024 + n} --dport 9`);
      laboratory.flush();
      laboratory.restore(unreplied(1080));
      laboratory.load(120);
      await until('conntrack_unreplied is WARNING', 120, async () => {
        expect((await agent.alarms())['conntrack_unreplied']).toMatchObject({ status: 'WARNING', value: 90 });
        return true;
      });
      // The same percentage of a table that is far from full.
      laboratory.flush();
      laboratory.restore(unreplied(360));
      laboratory.load(40);
      await until('conntrack_unreplied is CLEAR', 120, async () => {
        const { status, value } = (await agent.alarms())['conntrack_unreplied'] ?? {};
        return status === 'CLEAR' && value === 90 && (await agent.latest('conntrack.sockets', 'connections')) === 400;
      });
      laboratory.flush();
    });

    it.sequential('shows the same as its built-in collector while packets are dropped, and raises conntrack_full to CRITICAL', async ({
      expect,
    }) => {
      // The agent takes each rate as that of a whole second, but on a busy machine an update covers more or less.
      await until('both collectors show the same', 400, async () => {
        laboratory.flush();
        await until('conntrack_full is CLEAR', 120, async () => (await status('conntrack_full')) === 'CLEAR');
        await drop();
        for (const [chart, dimension] of SHARED) {
          const own = await agent.total(`conntrack.${chart}`, dimension, began, ended);
          const builtin = await agent.total(`netfilter.conntrack_${chart}`, dimension, began, ended);
          expect(own, `${chart}.${dimension}, ours ${own}, the agent's ${builtin}`).toSatisfy((value: number) =>
            isAbout(value, builtin),
          );
        }
        return true;
      });
      expect(await agent.total('conntrack.changes', 'inserted', began, ended)).toBeGreaterThan(1000);
      for (const [chart, dimension] of [
        ['new', 'invalid'],
        ['errors', 'drop'],
        ['errors', 'early_drop'],
      ] as const) {
        expect(await agent.total(`conntrack.${chart}`, dimension, began, ended), dimension).toBeGreaterThan(50);
      }
    });

    it.sequential('warns of packets and connections that a full table drops', async ({ expect }) => {
      // One address has loaded nearly all of the table.
      for (const name of ['conntrack_drops', 'conntrack_early_drops', 'conntrack_largest_source']) {
        await until(`${name} is WARNING`, 120, async () => (await status(name)) === 'WARNING');
      }
      const alarms = await agent.alarms();
      // There is no conntrackd here, and no other network namespace is watched.
      const templates = [
        ...readFileSync('health/conntrack.conf', 'utf8').matchAll(
          /^ *(?:template|alarm): (?!conntrackd_|conntrack_namespace_)(\S+)$/gm,
        ),
      ];
      expect(Object.keys(alarms).sort()).toEqual(templates.map(([, name]) => name).sort());
      for (const alarm of Object.values(alarms)) expect(alarm.chart).toMatch(/^conntrack\./);
    });

    describe.skipIf(missing.browser !== undefined).sequential('shows its dashboard, which', () => {
      const shownCharts = [
        ...charts.filter(({ module, scope }) => scope === 'host' && module !== 'namespaces'),
        ...SOCKET_CHARTS.map(({ id, list, title }) => ({ id: `${id}_${list}`, title })),
      ];
      let dashboard: Dashboard;
      let flows: ChildProcess;

      beforeAll(async () => {
        flows = await laboratory.traffic('client', 'udp-flows', SERVER_ADDRESS, 5000, 100, 90);
        dashboard = await Dashboard.open(laboratory.namespace('router'), began, ended + 5);
      });

      afterAll(async () => {
        await dashboard?.close();
        if (flows !== undefined) await end(flows);
      });

      it('has every chart with its title, and explains the known contexts', async ({ expect }) => {
        for (const { id, title } of shownCharts) expect(await dashboard.chart(id)).toContain(title);
        // Only among the agent's own charts: beside those, ours have other contexts.
        for (const text of KNOWN_TEXTS) expect(await dashboard.page.getByText(text).count(), text).toBe(1);
        await dashboard.scrollTo('utilization');
        // The browser renders the rest of the page for the picture; the lines need a moment to grow.
        await seconds(5);
        const path = process.env['UPDATE_PICTURE'] === '1' ? PICTURE : join(dashboard.folder, 'dashboard.png');
        await dashboard.page.screenshot({ path, clip: SHOWN });
      });

      it('lists the raised alert with its text', async ({ expect }) => {
        await dashboard.page.locator('[data-target="#alarmsModal"]').first().click();
        const [, info = ''] = /^ *info: (.*)$/m.exec(readFileSync('health/conntrack.conf', 'utf8')) ?? [];
        const shown = dashboard.page.locator('#alarms_active').getByText(info).first();
        expect(await shown.textContent()).toContain(info);
      });
    });

    it.sequential('clears conntrack_full when the table is emptied', async ({ expect }) => {
      expect(await status('conntrack_full')).toBe('CRITICAL');
      laboratory.flush();
      await until('conntrack_full is CLEAR', 120, async () => (await status('conntrack_full')) === 'CLEAR');
    });

    it.sequential('logs no error of the plugin', ({ expect }) => {
      const lines = agent.log.split('\n');
      expect(lines.filter((line) => /ERROR .*PLUGINSD\[conntrack/.test(line))).toEqual([]);
      expect(agent.pluginLines.filter((line) => !line.includes(OTHER_INTERVAL))).toEqual([]);
    });

    it.sequential('follows a longer dump interval of a large table, and the shorter one afterwards', async ({
      expect,
    }) => {
      const interval = async (): Promise<number | undefined> =>
        (await agent.charts('conntrack.plugin'))['conntrack.flows_by_protocol']?.update_every;
      laboratory.flush();
      laboratory.set('nf_conntrack_buckets', 65_536);
      laboratory.set('nf_conntrack_max', 262_144);
      laboratory.load(200_000);
      await until('the interval is longer', 120, async () => ((await interval()) ?? 0) > FLOWS_EVERY);
      const tcp = (): Promise<number | null> => agent.latest('conntrack.flows_by_protocol', 'tcp');
      await until('the chart shows all entries', 130, async () => (await tcp()) === 200_000);
      laboratory.flush();
      await until('the interval is as before', 120, async () => (await interval()) === FLOWS_EVERY);
      await until('the chart shows no entry', 120, async () => (await tcp()) === 0);
      expect(agent.log.split(OTHER_INTERVAL).length).toBeGreaterThan(2);
    });
  });

  it('restarts the plugin after SIGTERM, and its charts continue', async () => {
    const killed = agent.pluginPid;
    if (killed === undefined) throw new Error('the plugin does not run');
    // Agents before 2.0 disable a plugin that a signal killed; on SIGTERM it exits by itself.
    process.kill(killed, 'SIGTERM');
    await until('another plugin process', 120, () => agent.pluginPid !== undefined && agent.pluginPid !== killed);
    laboratory.load(29);
    await until('the chart shows 29 entries', 120, async () => {
      expect(await agent.latest('conntrack.sockets', 'connections')).toBe(29);
      return true;
    });
    await until('the chart has rates', 120, async () => (await agent.latest('conntrack.changes', 'inserted')) !== null);
  });

  /** Fills the table until packets are dropped, and notes when. */
  async function drop(): Promise<void> {
    // No traffic in the first and the last seconds, so that both collectors see all of it.
    began = await wallSeconds(2);
    await seconds(3);
    const talk = await laboratory.traffic('client', 'tcp-talk', SERVER_ADDRESS, 5001, 40, 120);
    await seconds(1);
    laboratory.run('router', ['conntrack', '-D', '-p', 'tcp', '--dport', '5001']);
    // In small steps: the rate of a large step depends on how late its update is.
    for (let port = 2000; laboratory.count() < MAX - 120; port += 50) {
      laboratory.load(50, port);
      await seconds(0.2);
    }
    await end(talk);
    const flows = await laboratory.traffic('client', 'udp-flows', SERVER_ADDRESS, 5000, 100, 120);
    await until('conntrack_full is CRITICAL', 120, async () => (await status('conntrack_full')) === 'CRITICAL');
    await seconds(2);
    await end(flows);
    ended = await wallSeconds(5);
  }

  async function status(alarm: string): Promise<string | undefined> {
    return (await agent.alarms())[alarm]?.status;
  }
});

/** Options of `conntrack` for each of `count` entries. */
function entries(count: number, entry: (number: number) => string): string[] {
  return Array.from({ length: count }, (_, index) => `-A -t 600 ${entry(index + 1)}`);
}

/** The numeric user of a process. */
function processUser(pid: number | undefined): string | undefined {
  return /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
}
