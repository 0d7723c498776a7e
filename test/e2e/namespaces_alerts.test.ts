/**
 * Real agents with the built plugin, with and without their built-in collector, whose charts have different contexts then:
 * the alerts on a network namespace that loses packets while the host does not. All agents run at the same time.
 */

import { afterAll, beforeAll, describe, inject, it } from 'vitest';

import { Agent } from '../helpers/agent.ts';
import { Agent2 } from '../helpers/agent2.ts';
import { BLACK_HOLE, Laboratory, SERVER_ADDRESS } from '../helpers/laboratory.ts';
import { track } from '../helpers/namespaces.ts';
import type { RunningAgent } from '../helpers/running_agent.ts';
import { shortenNamespaces } from '../helpers/shortened_health.ts';
import { until } from '../helpers/until.ts';

const LONG = 120;
/** The table of the namespace is full with so many. */
const ENTRIES = 1000;
/** New connections per second of the namespace. */
const RATE = 20;
const DROPS = 'conntrack_namespace_drops';
const INSERT_FAILED = 'conntrack_namespace_insert_failed';
const OF_HOST = ['conntrack_drops', 'conntrack_early_drops', 'conntrack_insert_failed'];

/** Connections to one port have seven ports to choose from; the others cannot be inserted. */
const SOURCE_NAT = `
table inet translations {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    udp dport ${BLACK_HOLE} masquerade to :50000-50006
  }
}
`;

/** The host forwards the traffic without an entry: all namespaces share the limit, and it must lose nothing. */
const UNTRACKED = `
table inet untracked {
  chain before { type filter hook prerouting priority raw; policy accept; udp dport ${BLACK_HOLE} notrack; }
}
`;

const SETUPS = [
  { version: '1.37, built-in collector on', group: 'agent', builtin: true },
  { version: '1.37, built-in collector off', group: 'agent', builtin: false },
  { version: '2.x, built-in collector on', group: 'agent2', builtin: true },
  { version: '2.x, built-in collector off', group: 'agent2', builtin: false },
] as const;
const setups = SETUPS.filter(({ group }) => inject('missing')[group] === undefined);
const titled = setups.map((setup) => [setup.version, setup] as const);

/** An agent on a router, which is its host, beside the namespace of a client. */
interface Scene {
  readonly laboratory: Laboratory;
  readonly agent: RunningAgent;
  /** The chart of the client's errors. */
  readonly errors: string;
}

describe.skipIf(setups.length === 0)('a network namespace that loses packets', () => {
  const laboratories: Laboratory[] = [];
  const agents: RunningAgent[] = [];
  const scenes = new Map<string, Scene>();

  const sceneOf = (version: string): Scene => {
    const scene = scenes.get(version);
    if (scene === undefined) throw new Error(`no agent ${version}`);
    return scene;
  };

  beforeAll(async () => {
    await Promise.all(
      setups.map(async ({ version, group, builtin }) => {
        const laboratory = Laboratory.create();
        laboratories.push(laboratory);
        const client = laboratory.namespace('client');
        track(laboratory.via('client'), 1);
        laboratory.addRules('router', UNTRACKED);
        await laboratory.traffic('client', 'udp-flows', SERVER_ADDRESS, BLACK_HOLE, RATE, 600);
        const config = `namespaces: { include: [${client}], max: 0 }\nmodules: { events: { enabled: no }, flows: { enabled: no }, sockets: { enabled: no } }\n`;
        const agent = await { agent: Agent, agent2: Agent2 }[group].start(laboratory, {
          config,
          builtin,
          health: shortenNamespaces,
        });
        agents.push(agent);
        const errors = `conntrack.errors_netns_${client}`;
        scenes.set(version, { laboratory, agent, errors });
        await until('its alerts and those of the host are attached', LONG, async () => {
          const [attached, ofHost] = [await agent.alarms(errors), await agent.alarms('conntrack.errors')];
          return INSERT_FAILED in attached && OF_HOST.every((name) => name in ofHost);
        });
      }),
    );
  });

  afterAll(async () => {
    await Promise.all(agents.map((agent) => agent.close()));
    await Promise.all(laboratories.map((laboratory) => laboratory.close()));
  });

  it.concurrent.for(titled)(
    'has its own alerts, each once, and the host has its own: agent %s',
    async ([version, { builtin }], { expect }) => {
      const { agent, errors } = sceneOf(version);
      const context = builtin ? 'conntrack.errors' : 'netfilter.conntrack_errors';
      expect((await agent.charts('conntrack.plugin'))[errors]?.context).toBe(context);
      expect(Object.keys(await agent.alarms(errors)).sort()).toEqual([DROPS, INSERT_FAILED]);
      expect(Object.keys(await agent.alarms('conntrack.errors')).sort()).toEqual(OF_HOST);
      const { text } = await agent.request('/api/v1/alarms?all');
      for (const name of [DROPS, INSERT_FAILED]) {
        expect(text.match(new RegExp(`"name": *"${name}"`, 'g')), name).toHaveLength(1);
      }
    },
  );

  describe('because its table is full', () => {
    beforeAll(() => {
      for (const laboratory of laboratories) {
        laboratory.run('client', ['conntrack', '-F']);
        track(laboratory.via('client'), ENTRIES);
      }
      // All namespaces share the limit.
      laboratories[0]?.set('nf_conntrack_max', ENTRIES);
    });

    it.concurrent.for(titled)(
      'is reported until it drops no more, and the host is not: agent %s',
      async ([version, { group }], { expect }) => {
        const { agent, errors, laboratory } = sceneOf(version);
        const client = laboratory.namespace('client');
        const utilization = `conntrack.utilization_netns_${client}`;
        await until(`${DROPS} is WARNING, and the table full`, LONG, async () => {
          const full = (await agent.alarms(utilization))['conntrack_namespace_full'];
          return (await agent.alarms(errors))[DROPS]?.status === 'WARNING' && full?.status === 'CRITICAL';
        });
        const { [DROPS]: raised } = await agent.alarms(errors);
        expect(raised?.value).toBeGreaterThan(1);
        expect(raised?.info).toContain('conntrack.plugin top --netns NAME');
        if (group === 'agent2') {
          expect(raised?.summary).toBe(`Connection tracking of network namespace ${client} drops packets`);
        }
        const host = (await agent.alarms('conntrack.errors'))['conntrack_drops'];
        expect(host).toMatchObject({ status: 'CLEAR', value: 0 });

        laboratory.run('client', ['conntrack', '-F']);
        await until(`${DROPS} is CLEAR`, LONG, async () => (await agent.alarms(errors))[DROPS]?.status === 'CLEAR');
        expect(await agent.statuses('conntrack.errors', 'conntrack_drops')).not.toContain('WARNING');
      },
    );
  });

  describe('because connections cannot be inserted', () => {
    beforeAll(() => {
      for (const laboratory of laboratories) laboratory.addRules('client', SOURCE_NAT);
    });

    it.concurrent.for(titled)('is reported, and not as the host: agent %s', async ([version], { expect }) => {
      const { agent, errors } = sceneOf(version);
      await until(`${INSERT_FAILED} is WARNING`, LONG, async () => {
        return (await agent.alarms(errors))[INSERT_FAILED]?.status === 'WARNING';
      });
      expect((await agent.alarms('conntrack.errors'))['conntrack_insert_failed']).toMatchObject({
        status: 'CLEAR',
        value: 0,
      });
    });
  });
});
