/**
 * Real agents that run the built plugin beside their built-in collector of connection tracking, or without it: what a
 * query by context answers, and how often a full table is reported.
 */

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { charts } from '../../charts/index.ts';
import { Agent } from '../helpers/agent.ts';
import { Agent2 } from '../helpers/agent2.ts';
import { BLACK_HOLE, end, Laboratory, SERVER_ADDRESS } from '../helpers/laboratory.ts';
import type { Alarm, RunningAgent } from '../helpers/running_agent.ts';
import { until } from '../helpers/until.ts';

const SHARED = charts.filter((chart) => chart.contextBesideBuiltin !== undefined);
const ENTRIES = 413;
/** New connections a second, none of which is answered. */
const RATE = 40;
/** Debian's agent has it there; the other one has its own. */
const STOCK_ALERTS = '/usr/lib/netdata/conf.d/health.d/netfilter.conf';

/** The health file with less of the time that conntrack_full looks back. */
function inHaste(health: string): string {
  return health.replace(' max -1m unaligned of used', ' max -5s unaligned of used').replace(/every: .*/, 'every: 1s');
}

const withStockAlerts = (health: string): string => `${inHaste(health)}\n${readFileSync(STOCK_ALERTS, 'utf8')}`;

/** What a query of 2.x answers: over some seconds and all charts of a context, one number for each dimension. */
interface Answer {
  readonly result: {
    readonly labels: readonly string[];
    readonly data: readonly (readonly [time: number, ...(readonly [value: number | null, ...unknown[]])[]])[];
  };
}

/** One number of a context over the last five seconds, with its charts added up or averaged. */
async function query(agent: Agent2, context: string, dimension: string, aggregation: 'avg' | 'sum'): Promise<unknown> {
  const options = `after=-5&points=1&group_by=dimension&aggregation=${aggregation}&format=json2`;
  const { labels, data } = (await agent.get<Answer>(`/api/v3/data?contexts=${context}&${options}`)).result;
  const [, ...values] = data[0] ?? [0];
  return values[labels.indexOf(dimension) - 1]?.[0];
}

/** The alerts of a full table, on charts of any plugin, by name. */
async function fullAlerts(agent: RunningAgent): Promise<Readonly<Record<string, Alarm>>> {
  const { alarms } = await agent.get<{ alarms: Record<string, Alarm> }>('/api/v1/alarms?all');
  const full = Object.values(alarms).filter(({ name }) => name.endsWith('conntrack_full'));
  return Object.fromEntries(full.map((alarm) => [alarm.name, alarm]));
}

/** The contexts of the plugin's charts that the built-in collector draws too. */
const contextsOf = (builtin: boolean): string[] =>
  SHARED.map(({ context, contextBesideBuiltin = '' }) => (builtin ? contextBesideBuiltin : context));

describe.each([
  ['1.37, built-in collector on', 'agent', true],
  ['1.37, built-in collector off', 'agent', false],
  ['2.x, built-in collector on', 'agent2', true],
  ['2.x, built-in collector off', 'agent2', false],
] as const)('with the agent %s,', (_, group, builtin) => {
  describe.skipIf(inject('missing')[group] !== undefined)('the plugin', () => {
    let laboratory: Laboratory;
    let agent: RunningAgent;
    let agent2: Agent2 | undefined;

    beforeAll(async () => {
      laboratory = Laboratory.create();
      laboratory.load(ENTRIES);
      if (group === 'agent2') agent2 = await Agent2.start(laboratory, { config: '', health: inHaste, builtin });
      agent = agent2 ?? (await Agent.start(laboratory, { config: '', health: withStockAlerts, builtin }));
      await until(
        'the plugin draws rates',
        40,
        async () => 'conntrack.errors' in (await agent.charts('conntrack.plugin')),
      );
      if (builtin)
        await until('both draw', 30, async () => (await agent.latest('netfilter.conntrack_new', 'new')) === 0);
    });

    afterAll(async () => {
      await agent?.close();
      await laboratory?.close();
    });

    it('has contexts that no other collector has', async () => {
      const listed = await agent.charts('conntrack.plugin');
      expect(SHARED.map(({ id }) => listed[`conntrack.${id}`]?.context)).toEqual(contextsOf(builtin));
      const { charts: all } = await agent.get<{ charts: Record<string, { context: string }> }>('/api/v1/charts');
      const shared = Object.values(all).filter(({ context }) => contextsOf(builtin).includes(context));
      expect(shared).toHaveLength(SHARED.length);
      expect('netfilter.conntrack_sockets' in all).toBe(builtin);
    });

    // Only these agents can be asked so.
    if (group === 'agent2') {
      it('has true numbers in a query by context, neither doubled nor averaged', async () => {
        const asked = agent2;
        if (asked === undefined) throw new Error('no agent');
        const prefix = builtin ? 'conntrack.' : 'netfilter.conntrack_';
        await until('all entries are in the last seconds', 20, async () => {
          for (const aggregation of ['sum', 'avg'] as const) {
            expect(await query(asked, `${prefix}sockets`, 'connections', aggregation)).toBe(laboratory.count());
          }
          return true;
        });
        const listed = await asked.contexts();
        const families = contextsOf(builtin).map((context) => listed[context]?.family);
        expect(families).toEqual(SHARED.map(({ family }) => family));
        const flows = await laboratory.traffic('client', 'udp-flows', SERVER_ADDRESS, BLACK_HOLE, RATE, 60);
        await until('the rate of new connections', 40, async () => {
          for (const aggregation of ['sum', 'avg'] as const) {
            const rate = await query(asked, `${prefix}new`, 'new', aggregation);
            expect(Math.abs(Number(rate) - RATE)).toBeLessThan(RATE / 10);
          }
          return true;
        });
        await end(flows);
      });
    }

    it('has a full table reported by one alert', async () => {
      laboratory.flush();
      laboratory.load(ENTRIES);
      laboratory.set('nf_conntrack_max', Math.floor(ENTRIES / 0.97));
      const [raised, other] = builtin
        ? ['netfilter_conntrack_full', 'conntrack_full']
        : ['conntrack_full', 'netfilter_conntrack_full'];
      await until(`${raised} is CRITICAL and knows ${other}`, 60, async () => {
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
