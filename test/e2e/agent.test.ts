/** A real Netdata 1.37 agent with the built plugin on a router with real traffic, and its dashboard in a browser. */

import { type ChildProcess, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { charts } from '../../charts/index.ts';
import { Agent } from '../helpers/agent.ts';
import { BLACK_HOLE, end, Laboratory, ROUTER_ADDRESS, SERVER_ADDRESS } from '../helpers/laboratory.ts';
import { isAlwaysDrawn } from '../helpers/occasional_charts.ts';
import { AGENT_URL, isAbout } from '../helpers/running_agent.ts';
import { SocketLoad } from '../helpers/socket_load.ts';
import { SocketHolder, socketsBySs } from '../helpers/sockets.ts';
import { until } from '../helpers/until.ts';

const missing = inject('missing');
const PICTURE = fileURLToPath(new URL('../../docs/dashboard.png', import.meta.url));
/** The part of the page in the picture: the table, its connections, errors and composition. */
const SHOWN = { x: 0, y: 0, width: 1200, height: 2820 };
/** Height of the bar and the headings above the first chart, in pixels. */
const ABOVE_CHARTS = 235;

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

/** Messages of the plugin on an overloaded machine. */
const LATENESS = ['msg="late: updates are skipped"', 'msg="back on schedule"'];
const OTHER_INTERVAL = 'level=info msg="changed the interval between dumps of the connection table"';

/** Dumps the table often, even when it is full, and rarely once that costs more than a small table can. */
const FLOWS_EVERY = 2;
const CONFIG = `modules:
  flows:
    { update_every: ${FLOWS_EVERY}, cpu_share: 5, full_above: 100, snat_pools: [{ addresses: 10.77.2.1, ports: 50000-50099 }] }
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

/** The charts of sockets, each with its list. */
const SOCKET_CHARTS = charts.flatMap((chart) =>
  chart.module === 'sockets' ? [chart.scope, `${chart.scope}6`].map((list) => ({ ...chart, list })) : [],
);

/** The health file with shorter lookbacks: the real ones are longer than a test can wait. */
function inHaste(health: string): string {
  return tableInHaste(socketsInHaste(health));
}

/**
 * The health file with a twentieth of the lookback of conntrack_time_to_full, which is still in minutes, and a twelfth
 * of that of conntrack_full. Alerts on the table are evaluated every second.
 */
function tableInHaste(health: string): string {
  return withTemplates(health, /^conntrack_/, (template) =>
    template
      .replace(' max -1m unaligned of used', ' max -5s unaligned of used')
      .replace(' max -1m at -4m unaligned of connections', ' max -3s at -12s unaligned of connections')
      .replace(' min -1m unaligned of connections', ' min -3s unaligned of connections')
      .replace('$conntrack_connections_before) / 3\n', '$conntrack_connections_before) * 20 / 3\n')
      .replace(/^( *every:) .*$/m, '$1 1s'),
  );
}

/**
 * The health file with a sixtieth of every time of sockets_close_wait_growing and of its inputs, and 20 seconds instead
 * of the day of a leak and of the six hours of the usual level: the agent evaluates an alert only once it has data for
 * the whole lookback. sockets_syn_recv_high looks back 15 seconds, and the usual level ends before them.
 */
function socketsInHaste(health: string): string {
  const sixtieth = (times: string): string =>
    times
      .replaceAll('-1d', '-20s')
      .replaceAll(/(?<=\d)m/g, 's')
      .replaceAll(/(?<=\d)h/g, 'm');
  const leaks = withTemplates(health, /^sockets_close_wait_/, (template) =>
    template.replaceAll(/^ *(?:lookup|every|delay): .*$/gm, sixtieth),
  );
  return withTemplates(leaks, /^sockets_syn_recv_/, (template) =>
    template
      .replace(' average -6h at -10m unaligned of syn_recv', ' average -20s at -20s unaligned of syn_recv')
      .replace(' min -1m unaligned of syn_recv', ' min -15s unaligned of syn_recv')
      .replace(/^( *every:) .*$/m, '$1 1s'),
  );
}

/** Changes the templates of a health file whose names match. */
function withTemplates(health: string, names: RegExp, change: (template: string) => string): string {
  const templates = health.split(/^(?= *(?:template|alarm): )/m);
  return templates
    .map((template) =>
      names.test(/^ *(?:template|alarm): (\S+)/.exec(template)?.[1] ?? '') ? change(template) : template,
    )
    .join('');
}

/** The beginnings of the dashboard's explanations of the six contexts that it knows. */
const KNOWN_TEXTS = [
  'The number of entries in the conntrack table.',
  'Packet tracking statistics.',
  'The number of changes in conntrack tables.',
  'The number of events in the "expect" table.',
  'Conntrack errors.',
  'Conntrack table lookup statistics.',
];

it('the health file with short lookbacks differs only in the times of alerts on sockets', () => {
  const every = 'every: 1m → every: 1s';
  const seldom = 'every: 10m → every: 10s';
  const longer = 'delay: down 1h multiplier 1.5 max 6h → delay: down 1m multiplier 1.5 max 6m';
  expect(changesBy(socketsInHaste)).toEqual([
    'lookup: max -5m at -20m unaligned of close_wait → lookup: max -5s at -20s unaligned of close_wait',
    every,
    'lookup: min -5m at -10m unaligned of close_wait → lookup: min -5s at -10s unaligned of close_wait',
    every,
    'lookup: max -5m at -10m unaligned of close_wait → lookup: max -5s at -10s unaligned of close_wait',
    every,
    'lookup: min -5m unaligned of close_wait → lookup: min -5s unaligned of close_wait',
    every,
    longer,
    'lookup: min -1d at -1d unaligned of close_wait → lookup: min -20s at -20s unaligned of close_wait',
    seldom,
    'lookup: min -1d unaligned of close_wait → lookup: min -20s unaligned of close_wait',
    seldom,
    longer,
    'lookup: average -6h at -10m unaligned of syn_recv → lookup: average -20s at -20s unaligned of syn_recv',
    every,
    'lookup: min -1m unaligned of syn_recv → lookup: min -15s unaligned of syn_recv',
    'every: 10s → every: 1s',
  ]);
});

it('the health file with short lookbacks differs only in the times of alerts on the table', () => {
  const [often, seldom] = ['every: 10s → every: 1s', 'every: 30s → every: 1s'];
  expect(changesBy(tableInHaste)).toEqual([
    'lookup: max -1m unaligned of used → lookup: max -5s unaligned of used',
    // Of conntrack_full, drops and early_drops, insert_failed and chain_too_long.
    ...[often, often, often, seldom, seldom],
    'lookup: max -1m at -4m unaligned of connections → lookup: max -3s at -12s unaligned of connections',
    often,
    'lookup: min -1m unaligned of connections → lookup: min -3s unaligned of connections',
    'calc: ($this - $conntrack_connections_before) / 3 → calc: ($this - $conntrack_connections_before) * 20 / 3',
    // Of conntrack_growth, time_to_full, unreplied and largest_source.
    ...[often, often, often, often],
    // Of conntrack_snat_ports, nat_search_usual, nat_search, stuck_usual and stuck.
    'lookup: max -1m unaligned of used → lookup: max -5s unaligned of used',
    ...[often, 'every: 1m → every: 1s', often, 'every: 1m → every: 1s'],
    'lookup: min -1m unaligned of connections → lookup: min -3s unaligned of connections',
    often,
  ]);
});

/** Lines of the health file before and after a change. */
function changesBy(haste: (health: string) => string): string[] {
  const health = readFileSync('health/conntrack.conf', 'utf8').split('\n');
  const hasty = haste(health.join('\n')).split('\n');
  expect(hasty).toHaveLength(health.length);
  const trimmed = (line = ''): string => line.trim().replaceAll(/ +/g, ' ');
  return hasty.flatMap((line, at) => (line === health[at] ? [] : [`${trimmed(health[at])} → ${trimmed(line)}`]));
}

describe.skipIf(missing.agent !== undefined)('a Netdata 1.37 agent', () => {
  let laboratory: Laboratory;
  let agent: Agent;
  /** IPv4 sockets of a healthy, busy host: some are never closed, but their number does not grow. */
  let healthy: SocketLoad;
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
    healthy = new SocketLoad(laboratory, ROUTER_ADDRESS, 300);
    await healthy.begin(300, 60);
    agent = await Agent.start(laboratory, { config: CONFIG, health: inHaste });
    await until('the plugin has charts of every module', 30, async () => {
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
      ...charts.filter(({ id, scope }) => scope === 'host' && isAlwaysDrawn(id)),
      ...SOCKET_CHARTS.map(({ list, ...chart }) => ({ ...chart, id: `${chart.id}_${list}` })),
    ];
    expect(Object.keys(listed).filter(isAlwaysDrawn).sort()).toEqual(
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

  describe.concurrent('with connections in the table', { timeout: 240_000 }, () => {
    it.sequential('shows as many entries as conntrack -C counts, and the true number of every protocol', async ({
      expect,
    }) => {
      const from = await wallSeconds(1);
      laboratory.load(413);
      laboratory.restore([
        ...entries(61, (n) => `-s 10.88.1.1 -d 10.99.0.1 -p udp --sport ${n} --dport 9`),
        ...entries(41, (n) => `-s 10.88.1.1 -d 10.99.0.1 -p icmp --icmp-type 8 --icmp-code 0 --icmp-id ${n}`),
        ...entries(31, (n) => `-s fd88::1 -d fd99::1 -p icmpv6 --icmpv6-type 128 --icmpv6-code 0 --icmpv6-id ${n}`),
        ...entries(21, (n) => `-s 10.88.1.1 -d 10.99.0.1 -p gre --srckey ${n} --dstkey 9`),
        ...entries(11, (n) => `-s 10.88.1.${n} -d 10.99.0.1 -p 50`),
      ]);
      const protocols = { tcp: 413, udp: 61, icmp: 41, icmpv6: 31, sctp: 0, gre: 21, other: 11 };
      await until('578 entries', 10, async () => (await latest('conntrack.sockets', 'connections')) === 578);
      expect(laboratory.count()).toBe(578);
      expect(await latest('conntrack.utilization', 'used')).toBeCloseTo((578 / MAX) * 100, 1);
      await until('they are drawn by protocol', 20, async () => {
        for (const [protocol, count] of Object.entries(protocols)) {
          expect(await latest('conntrack.flows_by_protocol', protocol), protocol).toBe(count);
        }
        return true;
      });
      expect(await latest('conntrack.flows_by_reply', 'assured')).toBe(413);
      expect(await latest('conntrack.flows_by_reply', 'unreplied')).toBe(165);
      const to = await wallSeconds(2);
      for (const [protocol, count] of Object.entries(protocols)) {
        const made = await total('conntrack.new_by_protocol', protocol, from, to);
        expect(made, `${protocol}, ${made} of ${count}`).toSatisfy((value: number) => isAbout(value, count));
      }
      laboratory.flush();
    });

    it.sequential('warns of a table that is more than half full only while it grows', async ({ expect }) => {
      laboratory.flush();
      // None of the connections made here ends.
      laboratory.set('nf_conntrack_udp_timeout', 600);
      laboratory.load(1100);
      await until('the table has not grown during the lookback', 90, async () => {
        const alarms = await agent.alarms();
        return alarms['conntrack_connections_before']?.value === 1100 && alarms['conntrack_growth']?.value === 0;
      });
      const standing = await agent.alarms();
      expect(standing['conntrack_time_to_full']).toMatchObject({ status: 'CLEAR', value: null });
      expect(standing['conntrack_unreplied']).toMatchObject({ status: 'CLEAR', value: 0 });

      // One connection every two seconds fills the table in more than half an hour.
      const flows = await laboratory.traffic('client', 'udp-flows', SERVER_ADDRESS, 5000, 0.5, 120);
      await until('conntrack_time_to_full is WARNING', 90, async () => {
        const { status, value } = (await agent.alarms())['conntrack_time_to_full'] ?? {};
        return status === 'WARNING' && typeof value === 'number' && value > 15 && value < 120;
      });
      await end(flows);
      laboratory.set('nf_conntrack_udp_timeout', 30);
    });

    it.sequential('warns of unreplied connections only while the table is more than half full', async ({ expect }) => {
      const unreplied = (count: number): string[] =>
        entries(count, (n) => `-s 10.88.1.1 -d 10.99.0.1 -p udp --sport ${1024 + n} --dport 9`);
      laboratory.flush();
      laboratory.restore(unreplied(1080));
      laboratory.load(120);
      await until('conntrack_unreplied is WARNING', 60, async () => {
        expect((await agent.alarms())['conntrack_unreplied']).toMatchObject({ status: 'WARNING', value: 90 });
        return true;
      });
      // The same percentage of a table that is far from full.
      laboratory.flush();
      laboratory.restore(unreplied(360));
      laboratory.load(40);
      await until('conntrack_unreplied is CLEAR', 60, async () => {
        const { status, value } = (await agent.alarms())['conntrack_unreplied'] ?? {};
        return status === 'CLEAR' && value === 90 && (await latest('conntrack.sockets', 'connections')) === 400;
      });
      laboratory.flush();
    });

    it.sequential('warns before source NAT runs out of ports', async ({ expect }) => {
      laboratory.flush();
      laboratory.set('nf_conntrack_udp_timeout', 600);
      laboratory.addRules('router', SOURCE_NAT);
      const from = await wallSeconds(1);
      const refused = async (): Promise<number> =>
        total('conntrack.errors', 'insert_failed', from, Math.floor(Date.now() / 1000));
      await laboratory.finishedTraffic('client', 'udp-flows', SERVER_ADDRESS, BLACK_HOLE, 35, 2);
      const flows = await laboratory.traffic('client', 'udp-flows', SERVER_ADDRESS, BLACK_HOLE, 1, 90);
      await until('conntrack_snat_ports is WARNING', 60, async () => {
        return (await agent.alarms())['conntrack_snat_ports']?.status === 'WARNING';
      });
      expect(await refused()).toBe(0);
      await until('a connection is refused', 60, async () => (await refused()) > 0);
      expect((await agent.alarms())['conntrack_snat_ports']?.status).toBe('CRITICAL');
      await end(flows);
      laboratory.run('router', ['nft', 'delete', 'table', 'inet', 'translations']);
      laboratory.set('nf_conntrack_udp_timeout', 30);
      laboratory.flush();
    });

    it.sequential('draws the same as its built-in collector while packets are dropped, and raises conntrack_full to CRITICAL', async ({
      expect,
    }) => {
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
      await until(
        'conntrack_full is CRITICAL',
        60,
        async () => (await agent.alarms())['conntrack_full']?.status === 'CRITICAL',
      );
      await seconds(2);
      await end(flows);
      ended = await wallSeconds(5);

      for (const [chart, dimension] of SHARED) {
        const own = await total(`conntrack.${chart}`, dimension, began, ended);
        const builtin = await total(`netfilter.conntrack_${chart}`, dimension, began, ended);
        expect(own, `${chart}.${dimension}, ours ${own}, the agent's ${builtin}`).toSatisfy((value: number) =>
          isAbout(value, builtin),
        );
      }
      expect(await total('conntrack.changes', 'inserted', began, ended)).toBeGreaterThan(1000);
      for (const [chart, dimension] of [
        ['new', 'invalid'],
        ['errors', 'drop'],
        ['errors', 'early_drop'],
      ] as const) {
        expect(await total(`conntrack.${chart}`, dimension, began, ended), dimension).toBeGreaterThan(50);
      }
    });

    it.sequential('warns of packets and connections that a full table drops', async ({ expect }) => {
      // One address has loaded nearly all of the table.
      for (const name of ['conntrack_drops', 'conntrack_early_drops', 'conntrack_largest_source']) {
        await until(`${name} is WARNING`, 60, async () => (await agent.alarms())[name]?.status === 'WARNING');
      }
      const alarms = await agent.alarms();
      // There is no conntrackd here.
      const templates = [
        ...readFileSync('health/conntrack.conf', 'utf8').matchAll(/^ *(?:template|alarm): (?!conntrackd_)(\S+)$/gm),
      ];
      expect(Object.keys(alarms).sort()).toEqual(templates.map(([, name]) => name).sort());
      for (const alarm of Object.values(alarms)) expect(alarm.chart).toMatch(/^conntrack\./);
    });

    describe.skipIf(missing.browser !== undefined).sequential('shows its dashboard, which', () => {
      const drawnCharts = [
        ...charts.filter(({ scope }) => scope === 'host'),
        ...SOCKET_CHARTS.map(({ id, list, title }) => ({ id: `${id}_${list}`, title })),
      ];
      let folder = '';
      let browser: Browser;
      let page: Page;
      let flows: ChildProcess;

      beforeAll(async () => {
        folder = mkdtempSync(join(tmpdir(), 'conntrack-browser-'));
        const wrapper = join(folder, 'chromium');
        writeFileSync(wrapper, `#!/bin/sh\nexec ip netns exec ${laboratory.namespace('router')} chromium "$@"\n`);
        chmodSync(wrapper, 0o755);
        flows = await laboratory.traffic('client', 'udp-flows', SERVER_ADDRESS, 5000, 100, 90);
        browser = await chromium.launch({
          executablePath: wrapper,
          args: [
            '--no-sandbox',
            '--disable-gpu',
            '--disable-quic',
            '--no-first-run',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
          ],
        });
        page = await browser.newPage({ viewport: { width: 1200, height: 6000 } });
        const hash = `menu_conntrack;after=${began * 1000};before=${(ended + 5) * 1000};theme=white`;
        await page.goto(`${AGENT_URL}/#${hash}`, { waitUntil: 'domcontentloaded' });
      });

      afterAll(async () => {
        await browser?.close();
        if (flows !== undefined) await end(flows);
        rmSync(folder, { recursive: true, force: true });
      });

      it('draws every chart with its title, and explains the known contexts', async ({ expect }) => {
        for (const chart of drawnCharts) {
          const element = page.locator(`[data-netdata="conntrack.${chart.id}"]`);
          await element.scrollIntoViewIfNeeded();
          await element.locator('canvas').first().waitFor({ timeout: 60_000 });
          expect(await element.textContent()).toContain(chart.title);
        }
        // Only among the agent's own charts: beside those, ours have other contexts.
        for (const text of KNOWN_TEXTS) expect(await page.getByText(text).count(), text).toBe(1);
        const { y = 0 } = (await page.locator('[data-netdata="conntrack.utilization"]').boundingBox()) ?? {};
        await page.evaluate(`scrollBy(0, ${y - ABOVE_CHARTS})`);
        // The rest of the page is drawn when the picture is taken; the lines need a moment to grow.
        await seconds(5);
        const path = process.env['UPDATE_PICTURE'] === '1' ? PICTURE : join(folder, 'dashboard.png');
        await page.screenshot({ path, clip: SHOWN });
      });

      it('lists the raised alert with its text', async ({ expect }) => {
        await page.locator('[data-target="#alarmsModal"]').first().click();
        const [, info = ''] = /^ *info: (.*)$/m.exec(readFileSync('health/conntrack.conf', 'utf8')) ?? [];
        const shown = page.locator('#alarms_active').getByText(info).first();
        expect(await shown.textContent({ timeout: 30_000 })).toContain(info);
      });
    });

    it.sequential('clears conntrack_full when the table is emptied', async ({ expect }) => {
      expect((await agent.alarms())['conntrack_full']?.status).toBe('CRITICAL');
      laboratory.flush();
      await until(
        'conntrack_full is CLEAR',
        100,
        async () => (await agent.alarms())['conntrack_full']?.status === 'CLEAR',
      );
    });

    it.sequential('logs no error of the plugin', ({ expect }) => {
      const lines = agent.log.split('\n');
      expect(lines.filter((line) => /ERROR .*PLUGINSD\[conntrack/.test(line))).toEqual([]);
      const said = lines.filter((line) => line.includes('comm=conntrack.plugin'));
      const expected = [OTHER_INTERVAL, ...LATENESS];
      expect(said.filter((line) => !expected.some((message) => line.includes(message)))).toEqual([]);
    });

    it.sequential('follows a longer dump interval of a large table, and the shorter one afterwards', async ({
      expect,
    }) => {
      const interval = async (): Promise<number | undefined> =>
        (await agent.charts('conntrack.plugin'))['conntrack.flows_by_protocol']?.update_every;
      laboratory.flush();
      laboratory.set('nf_conntrack_buckets', 65_536);
      laboratory.set('nf_conntrack_max', 262_144);
      laboratory.load(100_000);
      await until('the interval is longer', 60, async () => ((await interval()) ?? 0) > FLOWS_EVERY);
      await until('all are drawn', 130, async () => (await latest('conntrack.flows_by_protocol', 'tcp')) === 100_000);
      laboratory.flush();
      await until('the interval is as before', 60, async () => (await interval()) === FLOWS_EVERY);
      await until('none is drawn', 60, async () => (await latest('conntrack.flows_by_protocol', 'tcp')) === 0);
      expect(agent.log.split(OTHER_INTERVAL).length).toBeGreaterThan(2);
    });
  });

  // These connections are not tracked, so both groups can run at the same time.
  describe.concurrent('with untracked sockets', { timeout: 240_000 }, () => {
    const [growing, leak, high] = ['sockets_close_wait_growing', 'sockets_close_wait_leak', 'sockets_syn_recv_high'];

    it.sequential('draws the sockets of each address family as ss lists them, labelled with the protocol', async ({
      expect,
    }) => {
      const listed = await agent.charts('conntrack.plugin');
      for (const { id, list } of SOCKET_CHARTS) {
        expect(listed[`conntrack.${id}_${list}`]?.chart_labels).toMatchObject({ protocol: list });
      }
      const router = new SocketHolder(laboratory, 'router', 60);
      // Both ends of them are the router's.
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
      await until('they are drawn', 10, async () => {
        for (const [list, counts] of Object.entries({ tcp6, udp, udp6 })) {
          expect(await latestOf(`conntrack.socket_states_${list}`), list).toEqual(counts);
        }
        // Of the others, the agent itself has some.
        expect(await latestOf('conntrack.socket_states_tcp')).toMatchObject({ close_wait: 60, listen: tcp['listen'] });
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
        const [least, most] = await rangeOf(chart, state, from, to);
        expect(least, state).toBeLessThan(standing + 10);
        expect(most, state).toBeGreaterThanOrEqual(standing + more);
      }
      expect((await rangeOf(chart, 'time_wait', from, to))[1]).toBeGreaterThan(1000);
      const alarms = await agent.alarms(chart);
      expect(alarms['sockets_close_wait_before']?.value).toBeTypeOf('number');
      expect(alarms[growing]).toMatchObject({ status: 'CLEAR', value: 0 });
      expect(alarms[leak]).toMatchObject({ status: 'CLEAR', value: 0 });
      expect(alarms[high]?.status).toBe('CLEAR');
      expect(alarms[high]?.value).toBeLessThan(10);
      expect(await agent.statuses(chart, growing)).not.toContain('WARNING');
      expect(await agent.statuses(chart, leak)).not.toContain('WARNING');
      expect(await agent.statuses(chart, high)).not.toContain('WARNING');
      await healthy.close();
    });

    it('raises alerts on a growing leak, a leak that has stopped, and a flood', async ({ expect }) => {
      const chart = 'conntrack.socket_states_tcp6';
      const load = new SocketLoad(laboratory, 'fd77:1::1', 240);
      await load.begin(40, 0);
      let leaked = 0;
      await until(`${growing} is WARNING`, 60, async () => {
        await load.leak(4);
        leaked += 4;
        await seconds(0.75);
        return (await agent.alarms(chart))[growing]?.status === 'WARNING';
      });
      expect((await agent.alarms(chart))[high]?.status).not.toBe('WARNING');
      await load.halfOpen(400);
      await Promise.all([
        until(`${high} is WARNING`, 90, async () => (await agent.alarms(chart))[high]?.status === 'WARNING'),
        until('growth has ended', 60, async () => (await agent.alarms(chart))[growing]?.status === 'CLEAR'),
        until(`${leak} is WARNING`, 90, async () => {
          const { status, value } = (await agent.alarms(chart))[leak] ?? {};
          return status === 'WARNING' && typeof value === 'number' && value > 50 && value <= leaked;
        }),
      ]);
      await load.close();
      await until(`${leak} is CLEAR`, 60, async () => (await agent.alarms(chart))[leak]?.status === 'CLEAR');
    });
  });

  it('restarts the plugin after SIGTERM, and its charts continue', async () => {
    const killed = agent.pluginPid;
    if (killed === undefined) throw new Error('the plugin does not run');
    // Agents before 2.0 disable a plugin that a signal killed; on SIGTERM it exits by itself.
    process.kill(killed, 'SIGTERM');
    await until('another plugin process', 60, () => agent.pluginPid !== undefined && agent.pluginPid !== killed);
    laboratory.load(29);
    await until('29 entries are drawn', 30, async () => {
      expect(await latest('conntrack.sockets', 'connections')).toBe(29);
      return true;
    });
    await until('rates are drawn', 30, async () => (await latest('conntrack.changes', 'inserted')) !== null);
  });

  /** The latest point of a chart, by dimension. */
  async function latestOf(chart: string): Promise<Record<string, number | null>> {
    const { labels, data } = await agent.data(chart, -1);
    const [, ...dimensions] = labels;
    return Object.fromEntries(dimensions.map((dimension, at) => [dimension, data[0]?.[at + 1] ?? null]));
  }

  /** The least and the most of a dimension over some seconds. */
  async function rangeOf(chart: string, dimension: string, after: number, before: number): Promise<[number, number]> {
    const { labels, data } = await agent.data(chart, after, before);
    const column = labels.indexOf(dimension);
    const values = data.map((row) => row[column]).filter((value) => typeof value === 'number');
    return [Math.min(...values), Math.max(...values)];
  }

  function latest(chart: string, dimension: string): Promise<number | null> {
    return agent.latest(chart, dimension);
  }

  function total(chart: string, dimension: string, after: number, before: number): Promise<number> {
    return agent.total(chart, dimension, after, before);
  }
});

/** Options of `conntrack` for each of `count` entries. */
function entries(count: number, entry: (number: number) => string): string[] {
  return Array.from({ length: count }, (_, index) => `-A -t 600 ${entry(index + 1)}`);
}

/** Waits some seconds and returns the time in whole seconds since the epoch. */
async function wallSeconds(ahead: number): Promise<number> {
  await seconds(ahead);
  return Math.floor(Date.now() / 1000);
}

function seconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, count) * 1000));
}

/** The numeric user of a process. */
function processUser(pid: number | undefined): string | undefined {
  return /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
}
