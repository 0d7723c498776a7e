/** A real Netdata agent beside the active daemon of a real conntrackd pair: its charts and its alerts. */

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { Agent } from '../helpers/agent.ts';
import { establishedConnections } from '../helpers/conntrack.ts';
import { ConntrackdLaboratory } from '../helpers/conntrackd_lab.ts';
import { BAD_MESSAGES } from '../helpers/conntrackd_requests.ts';
import { onlyConntrackd } from '../helpers/conntrackd_watch.ts';
import type { Alarm, Place } from '../helpers/running_agent.ts';
import { shortenConntrackd, templatesOf } from '../helpers/shortened_health.ts';
import { until } from '../helpers/until.ts';

const missing = inject('missing');
const HEALTH = readFileSync('health/conntrack.conf', 'utf8');
const DISCONNECTED = 'conntrackd_tcp_disconnected';
/** All templates of conntrackd but that of the TCP channel, and the names of those that raise an alert. */
const TEMPLATES = templatesOf(HEALTH).filter(([name]) => name.startsWith('conntrackd_') && name !== DISCONNECTED);
const RAISED = TEMPLATES.filter(([, text]) => /^ *(?:warn|crit):/m.test(text)).map(([name]) => name);

const SYNC = 'conntrack.conntrackd_sync_active';
const STATE = 'conntrack.conntrackd_state_active';
const MESSAGES = 'conntrack.conntrackd_messages_active';
const LINK = 'conntrack.conntrackd_link_status_active_sync0';
const ERRORS = 'conntrack.conntrackd_netlink_errors_active';

describe.skipIf((missing.agent ?? missing.conntrackd) !== undefined).concurrent('the agent beside conntrackd', () => {
  let laboratory: ConntrackdLaboratory;
  let agent: Agent;

  beforeAll(async () => {
    laboratory = await ConntrackdLaboratory.create('ftfw-udp');
    // The test's own connections to the agent must not be counted.
    laboratory.run('active', ['nft', 'add', 'rule', 'inet', 'laboratory', 'in', 'iif', 'lo', 'notrack']);
    laboratory.run('active', ['nft', 'add', 'rule', 'inet', 'laboratory', 'out', 'oif', 'lo', 'notrack']);
    laboratory.restore('active', establishedConnections(311));
    laboratory.restore('backup', establishedConnections(17, 50_000));
    openSocket(laboratory);
    const config = onlyConntrackd(`sockets: [${laboratory.socket('active')}], update_every: 1, timeout: 10`);
    agent = await startAgent(laboratory, config);
    // Rates begin with the second round.
    const hasRates = async () =>
      'conntrack.conntrackd_link_traffic_active_sync0' in (await agent.charts('conntrack.plugin'));
    await until('the charts have rates', 120, hasRates);
  });

  afterAll(async () => {
    await agent?.close();
    await laboratory?.close();
  });

  it.sequential('has the charts of conntrackd, with labels and values', async ({ expect }) => {
    const listed = await agent.charts('conntrack.plugin');
    const labels = (chart: string): unknown => listed[`conntrack.conntrackd_${chart}`]?.chart_labels;
    expect(labels('state_active')).toMatchObject({ daemon: 'active' });
    expect(labels('cache_objects_active_external')).toMatchObject({
      daemon: 'active',
      cache: 'external',
      objects: 'connections',
    });
    expect(labels('link_traffic_active_sync0')).toMatchObject({ daemon: 'active', device: 'sync0', protocol: 'udp' });
    expect(labels('queue_elements_active_rsqueue')).toMatchObject({ daemon: 'active', queue: 'rsqueue' });
    expect(listed[SYNC]).toMatchObject({ context: 'conntrackd.sync', units: 'connections', update_every: 1 });
    await until('the charts show the connections', 120, async () => {
      expect(await agent.latestOf(SYNC)).toEqual({ kernel: 311, internal: 311, external: 17 });
      expect(await agent.latestOf(LINK)).toEqual({ running: 1, no_carrier: 0, down: 0 });
      return true;
    });
  });

  it.sequential('raises conntrackd_malformed_messages and conntrackd_messages_lost independently', async ({
    expect,
  }) => {
    await status(MESSAGES, 'conntrackd_messages_lost', 'CLEAR');
    // Sent and lost until the agent notices: alerts that look back two seconds are not raised long.
    await status(MESSAGES, 'conntrackd_malformed_messages', 'WARNING', () =>
      laboratory.send('active', [BAD_MESSAGES.truncated, BAD_MESSAGES.wrongVersion]),
    );
    expect((await agent.alarms(MESSAGES))['conntrackd_messages_lost']?.status).toBe('CLEAR');
    await status(MESSAGES, 'conntrackd_malformed_messages', 'CLEAR');
    let [port, count] = [51_000, 17];
    await status(MESSAGES, 'conntrackd_messages_lost', 'WARNING', async () => {
      laboratory.lose('active');
      laboratory.restore('backup', establishedConnections(170, port));
      await until('the backup has them', 120, async () => (await internal()) === count + 170);
      laboratory.loseNothing('active');
      laboratory.restore('backup', establishedConnections(1, port + 170));
      [port, count] = [port + 171, count + 171];
    });
    expect((await agent.alarms(MESSAGES))['conntrackd_malformed_messages']?.status).toBe('CLEAR');
  });

  it.sequential('raises conntrackd_link_down while the active link is cut', async ({ expect }) => {
    laboratory.cut();
    await status(LINK, 'conntrackd_link_down', 'CRITICAL');
    await until('the chart shows the link as not running', 120, async () => {
      expect(await agent.latestOf(LINK)).toMatchObject({ running: 0 });
      return true;
    });
    laboratory.repair();
    await status(LINK, 'conntrackd_link_down', 'CLEAR');
  });

  it.sequential('evaluates every alert and raises none on a healthy pair, even when its connections grow by more than a third', async ({
    expect,
  }) => {
    await until('there is data of the whole lookback', 120, async () => {
      const { conntrackd_internal_before, conntrackd_kernel_before } = await agent.alarms(SYNC);
      return conntrackd_internal_before?.value === 311 && conntrackd_kernel_before?.value === 311;
    });
    // The averages of the cache and of the kernel may be of different seconds, which alone must not raise an alert.
    laboratory.restore('active', establishedConnections(120, 9000));
    await until('all of them are averaged', 120, async () => {
      return (await agent.alarms(SYNC))['conntrackd_internal']?.value === 431;
    });
    await until('no alert is raised', 120, async () => {
      const alarms = await agent.alarms();
      expect(Object.keys(alarms).sort()).toEqual(TEMPLATES.map(([name]) => name).sort());
      for (const name of RAISED)
        expect(alarms[name], name).toMatchObject({ status: 'CLEAR', value: expect.any(Number) });
      return true;
    });
    expect(await agent.statuses(SYNC, 'conntrackd_out_of_sync')).not.toContain('WARNING');
    expect(await agent.statuses(STATE, 'conntrackd_down')).not.toContain('CRITICAL');
  });

  it.sequential('raises conntrackd_out_of_sync and conntrackd_netlink_overrun from lost events to a resync', async ({
    expect,
  }) => {
    const isRaised = async (chart: string, name: string): Promise<boolean> =>
      (await agent.statuses(chart, name)).includes('WARNING');
    let port = 20_000;
    await until('both are raised', 240, async () => {
      // The stopped daemon does not read, so its buffer overflows.
      laboratory.freeze('active');
      laboratory.restore('active', establishedConnections(1100, port));
      laboratory.thaw('active');
      port += 1100;
      await until('both are raised by this', 60, async () => {
        return (
          (await isRaised(SYNC, 'conntrackd_out_of_sync')) && (await isRaised(ERRORS, 'conntrackd_netlink_overrun'))
        );
      });
      return true;
    });
    // As the alert advises.
    laboratory.run('active', ['conntrackd', '-C', laboratory.configuration('active'), '-R']);
    const connections = laboratory.count('active');
    await until('the cache follows the kernel again', 120, async () => {
      expect(await agent.latestOf(SYNC)).toMatchObject({ kernel: connections, internal: connections });
      return true;
    });
    await status(SYNC, 'conntrackd_out_of_sync', 'CLEAR');
  });

  it.sequential('raises conntrackd_down from a stop of the daemon until it runs and its socket is accessible', async ({
    expect,
  }) => {
    await laboratory.stop('active');
    await status(STATE, 'conntrackd_down', 'CRITICAL');
    expect(await agent.latestOf(STATE)).toEqual({ up: 0, unresponsive: 0, down: 1 });
    await laboratory.start('active');
    openSocket(laboratory);
    await status(STATE, 'conntrackd_down', 'CLEAR');
  });

  it.sequential('logs no error of the plugin but the stopped daemon', ({ expect }) => {
    const lines = agent.log.split('\n');
    expect(lines.filter((line) => /ERROR .*PLUGINSD\[conntrack/.test(line))).toEqual([]);
    expect(
      agent.pluginLines.filter(
        (line) => !/msg="conntrackd answers again"|code=conntrackd_(?:down|failed|denied) /.test(line),
      ),
    ).toEqual([]);
  });

  /** Connections in the internal cache of the backup. */
  async function internal(): Promise<number> {
    return Number(/current active connections:\s+(\d+)/.exec(await laboratory.ask('backup', 'ct'))?.[1]);
  }

  /** Waits for a status of an alert; `cause` is repeated until then. */
  async function status(chart: string, name: string, wanted: Alarm['status'], cause?: () => unknown): Promise<void> {
    await until(`${name} is ${wanted}`, 120, async () => {
      await cause?.();
      const { [name]: alarm } = await agent.alarms(chart);
      expect(alarm).toMatchObject({ status: wanted });
      return true;
    });
  }
});

describe
  .skipIf((missing.agent ?? missing.conntrackd) !== undefined)
  .concurrent('the agent beside conntrackd over TCP', () => {
    let laboratory: ConntrackdLaboratory;
    let agent: Agent;

    beforeAll(async () => {
      laboratory = await ConntrackdLaboratory.create('notrack-tcp');
      openSocket(laboratory);
      agent = await startAgent(
        laboratory,
        onlyConntrackd(`sockets: [${laboratory.socket('active')}], update_every: 1, timeout: 10`),
      );
    });

    afterAll(async () => {
      await agent?.close();
      await laboratory?.close();
    });

    it.sequential('raises conntrackd_tcp_disconnected while the other daemon is stopped', async ({ expect }) => {
      const status = (wanted: RegExp): Promise<void> =>
        until(`${DISCONNECTED} is ${wanted}`, 120, async () => {
          const alarms = await agent.alarms('conntrack.conntrackd_tcp_channel_active');
          expect(alarms[DISCONNECTED]?.status).toMatch(wanted);
          return true;
        });
      await status(/^CLEAR$/);
      await laboratory.stop('backup');
      await status(/^(?:WARNING|CRITICAL)$/);
      await laboratory.start('backup');
      await status(/^CLEAR$/);
    });
  });

/** Grants the agent's user access to the socket, which the daemon creates at every start. */
function openSocket(laboratory: ConntrackdLaboratory): void {
  const socket = laboratory.socket('active');
  laboratory.run('active', ['chgrp', 'netdata', socket]);
  laboratory.run('active', ['chmod', '0660', socket]);
}

/** Starts an agent on the active node. */
function startAgent(laboratory: ConntrackdLaboratory, config: string): Promise<Agent> {
  const place: Place = {
    start: (_, command, environment) => {
      const [program = '', ...words] = [...laboratory.via('active'), ...command];
      return spawn(program, words, { stdio: 'ignore', env: { ...process.env, ...environment } });
    },
  };
  return Agent.start(place, { config, health: shortenConntrackd });
}
