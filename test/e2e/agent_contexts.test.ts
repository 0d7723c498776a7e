/**
 * Real agents that run the built plugin, with and without their built-in collector of connection tracking: the contexts
 * of the charts, the answers of a query by context, and the alerts on a full table. All agents run at the same time.
 */

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, inject, it } from 'vitest';

import { charts } from '../../charts/index.ts';
import { Agent } from '../helpers/agent.ts';
import { Agent2 } from '../helpers/agent2.ts';
import { BLACK_HOLE, end, Laboratory, SERVER_ADDRESS } from '../helpers/laboratory.ts';
import type { Alarm, RunningAgent } from '../helpers/running_agent.ts';
import { shortenFull } from '../helpers/shortened_health.ts';
import { until } from '../helpers/until.ts';

const SHARED = charts.filter((chart) => chart.contextBesideBuiltin !== undefined);
const ENTRIES = 413;
/** New connections per second, none of which is answered. */
const RATE = 40;
/** The stock alerts of Debian's agent. The 2.x agent brings its own. */
const STOCK_ALERTS = '/usr/lib/netdata/conf.d/health.d/netfilter.conf';

const withStockAlerts = (health: string): string => `${shortenFull(health)}\n${readFileSync(STOCK_ALERTS, 'utf8')}`;

/** Reply to a query of a 2.x agent: one number for each dimension, over all charts of a context. */
interface Answer {
  readonly result: {
    readonly labels: readonly string[];
    readonly data: readonly (readonly [time: number, ...(readonly [value: number | null, ...unknown[]])[]])[];
  };
}

/** A dimension of a context over the last five seconds, with its charts added up or averaged. */
async function query(agent: Agent2, context: string, dimension: string, aggregation: 'avg' | 'sum'): Promise<unknown> {
  const options = `after=-5&points=1&group_by=dimension&aggregation=${aggregation}&format=json2`;
  const { labels, data } = (await agent.get<Answer>(`/api/v3/data?contexts=${context}&${options}`)).result;
  const [, ...values] = data[0] ?? [0];
  return values[labels.indexOf(dimension) - 1]?.[0];
}

/** The alerts on a full table, on charts of any plugin, by name. */
async function fullAlerts(agent: RunningAgent): Promise<Readonly<Record<string, Alarm>>> {
  const { alarms } = await agent.get<{ alarms: Record<string, Alarm> }>('/api/v1/alarms?all');
  const full = Object.values(alarms).filter(({ name }) => name.endsWith('conntrack_full'));
  return Object.fromEntries(full.map((alarm) => [alarm.name, alarm]));
}

/** The contexts of the charts that the built-in collector has too. */
const contextsOf = (builtin: boolean): string[] =>
  SHARED.map(({ context, contextBesideBuiltin = '' }) => (builtin ? contextBesideBuiltin : context));

interface Setup {
  readonly version: string;
  readonly group: 'agent' | 'agent2';
  /** Whether the agent's built-in collector runs. */
  readonly builtin: boolean;
}

interface Running {
  readonly laboratory: Laboratory;
  readonly agent: RunningAgent;
}

const SETUPS: readonly Setup[] = [
  { version: '1.37, built-in collector on', group: 'agent', builtin: true },
  { version: '1.37, built-in collector off', group: 'agent', builtin: false },
  { version: '2.x, built-in collector on', group: 'agent2', builtin: true },
  { version: '2.x, built-in collector off', group: 'agent2', builtin: false },
];
const setups = SETUPS.filter(({ group }) => inject('missing')[group] === undefined);

/** Setups with what identifies them in the title of a test. */
const titled = (list: readonly Setup[]) => list.map((setup) => [setup.version, setup] as const);

/** Starts an agent on a separate router; resolves when its charts have rates. */
async function start(laboratory: Laboratory, { builtin, group }: Setup): Promise<RunningAgent> {
  const agent =
    group === 'agent2'
      ? await Agent2.start(laboratory, { config: '', health: shortenFull, builtin })
      : await Agent.start(laboratory, { config: '', health: withStockAlerts, builtin });
  await until(
    'the plugin draws rates',
    120,
    async () => 'conntrack.errors' in (await agent.charts('conntrack.plugin')),
  );
  if (builtin) {
    await until('both draw', 120, async () => (await agent.latest('netfilter.conntrack_new', 'new')) === 0);
  }
  return agent;
}

describe.skipIf(setups.length === 0)('the plugin beside other collectors', () => {
  const laboratories = new Map<Setup, Laboratory>();
  const agents = new Map<Setup, RunningAgent>();

  const running = (setup: Setup): Running => {
    const [laboratory, agent] = [laboratories.get(setup), agents.get(setup)];
    if (laboratory === undefined || agent === undefined) throw new Error(`no agent ${setup.version}`);
    return { laboratory, agent };
  };

  beforeAll(async () => {
    await Promise.all(
      setups.map(async (setup) => {
        const laboratory = Laboratory.create();
        laboratories.set(setup, laboratory);
        laboratory.load(ENTRIES);
        agents.set(setup, await start(laboratory, setup));
      }),
    );
  });

  afterAll(async () => {
    await Promise.all([...agents.values()].map((agent) => agent.close()));
    await Promise.all([...laboratories.values()].map((laboratory) => laboratory.close()));
  });

  it.concurrent.for(titled(setups))('uses contexts that nothing else uses: agent %s', async ([, setup], { expect }) => {
    const { builtin } = setup;
    const { agent } = running(setup);
    const listed = await agent.charts('conntrack.plugin');
    expect(SHARED.map(({ id }) => listed[`conntrack.${id}`]?.context)).toEqual(contextsOf(builtin));
    const { charts: all } = await agent.get<{ charts: Record<string, { context: string }> }>('/api/v1/charts');
    const shared = Object.values(all).filter(({ context }) => contextsOf(builtin).includes(context));
    expect(shared).toHaveLength(SHARED.length);
    expect('netfilter.conntrack_sockets' in all).toBe(builtin);
  });

  // Only these agents have such queries.
  const queried = setups.filter(({ group }) => group === 'agent2');
  it.concurrent.for(titled(queried))(
    'gives a query by context true numbers, neither doubled nor averaged: agent %s',
    async ([, setup], { expect }) => {
      const { builtin } = setup;
      const { agent, laboratory } = running(setup);
      if (!(agent instanceof Agent2)) throw new Error('this agent has no queries by context');
      const prefix = builtin ? 'conntrack.' : 'netfilter.conntrack_';
      await until('all entries are in the last seconds', 120, async () => {
        for (const aggregation of ['sum', 'avg'] as const) {
          expect(await query(agent, `${prefix}sockets`, 'connections', aggregation)).toBe(laboratory.count());
        }
        return true;
      });
      const listed = await agent.contexts();
      const families = contextsOf(builtin).map((context) => listed[context]?.family);
      expect(families).toEqual(SHARED.map(({ family }) => family));
      const flows = await laboratory.traffic('client', 'udp-flows', SERVER_ADDRESS, BLACK_HOLE, RATE, 300);
      await until('the rate of new connections', 120, async () => {
        for (const aggregation of ['sum', 'avg'] as const) {
          const rate = await query(agent, `${prefix}new`, 'new', aggregation);
          expect(Math.abs(Number(rate) - RATE)).toBeLessThan(RATE / 10);
        }
        return true;
      });
      await end(flows);
    },
  );

  describe('with a full table', () => {
    // All namespaces share the limit.
    beforeAll(() => {
      for (const laboratory of laboratories.values()) {
        laboratory.flush();
        laboratory.load(ENTRIES);
      }
      const [first] = laboratories.values();
      first?.set('nf_conntrack_max', Math.floor(ENTRIES / 0.97));
    });

    it.concurrent.for(titled(setups))('raises exactly one alert: agent %s', async ([, setup], { expect }) => {
      const { agent } = running(setup);
      const { builtin } = setup;
      const [raised, other] = builtin
        ? ['netfilter_conntrack_full', 'conntrack_full']
        : ['conntrack_full', 'netfilter_conntrack_full'];
      await until(`${raised} is CRITICAL and knows ${other}`, 120, async () => {
        const alerts = await fullAlerts(agent);
        return alerts[raised]?.status === 'CRITICAL' && (!builtin || Number(alerts[other]?.value) > 90);
      });
      const statuses = Object.values(await fullAlerts(agent)).map(({ name, status }) => [name, status]);
      expect(Object.fromEntries(statuses)).toEqual(
        builtin ? { [raised]: 'CRITICAL', [other]: 'CLEAR' } : { [raised]: 'CRITICAL' },
      );
    });
  });
});
