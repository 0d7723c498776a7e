/** The plugin under real agents of both versions, at the same time: an invalid configuration, SIGHUP and other signals. */

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, inject, it } from 'vitest';

import { ENDING } from '../../collector/commands/signals.ts';
import { Agent } from '../helpers/agent.ts';
import { Agent2 } from '../helpers/agent2.ts';
import { Laboratory } from '../helpers/laboratory.ts';
import type { RunningAgent } from '../helpers/running_agent.ts';
import { until } from '../helpers/until.ts';

const missing = inject('missing');

const ALL = 'modules:\n  sockets: { update_every: 1 }\n';
const WITHOUT_SOCKETS = 'modules:\n  sockets: { enabled: no }\n';
const INVALID = 'modules:\n  sockets: { enabled: nay }\n';
const PROBLEM = 'line 2: modules.sockets.enabled: expected auto, yes or no, got \\"nay\\"';

/** Seconds of data that are checked for gaps. */
const WATCHED = 8;

const TABLE = 'conntrack.sockets';
const SOCKETS = 'conntrack.socket_states_tcp';

/** Whether a process already handles its signals: Node.js takes a tenth of a second to start. */
function handlesSignals(pid: number): boolean {
  const [, mask = '0'] = /^SigCgt:\s*(\w+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return (['SIGHUP', ...ENDING] as const).every(
    (name) => (BigInt(`0x${mask}`) >> BigInt(constants.signals[name] - 1)) & 1n,
  );
}

describe.concurrent.for([
  ['1.37', missing.agent, Agent.start],
  ['2.x', missing.agent2, Agent2.start],
] as const)('the plugin under the agent %s', ([, why, start]) => {
  describe.skipIf(why !== undefined)('', () => {
    let laboratory: Laboratory;
    let agent: RunningAgent;

    const configure = (text: string): void => {
      const file = join(agent.folder, 'etc/conntrack.conf');
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    };
    const running = async (): Promise<number> => {
      await until('the plugin runs', 120, () => handlesSignals(agent.pluginPid ?? 0));
      return agent.pluginPid ?? 0;
    };
    const draws = (id: string, isListed = true): Promise<void> =>
      until(`${id} is ${isListed ? '' : 'not '}listed`, 120, async () => {
        return id in (await agent.charts('conntrack.plugin')) === isListed;
      });
    const logs = (text: string): Promise<void> => until(`a line with ${text}`, 120, () => agent.log.includes(text));

    beforeAll(async () => {
      laboratory = Laboratory.create();
      agent = await start(laboratory, { config: INVALID });
    });

    afterAll(async () => {
      await agent?.close();
      await laboratory?.close();
    });

    it.sequential('waits while its configuration is invalid, and starts in the same process when it is fixed', async ({
      expect,
    }) => {
      await logs(PROBLEM);
      const pid = await running();
      expect(await agent.charts('conntrack.plugin')).toEqual({});
      configure(ALL);
      await draws(TABLE);
      expect(agent.pluginPid).toBe(pid);
    });

    it.sequential('reloads its configuration on SIGHUP: charts of a disabled module disappear, the others have no gap', async ({
      expect,
    }) => {
      const pid = await running();
      // On a busy machine, an update that is skipped leaves a gap, too.
      await until('there is no gap', 300, async () => {
        await draws(SOCKETS);
        const from = Math.ceil(Date.now() / 1000);
        configure(WITHOUT_SOCKETS);
        process.kill(pid, 'SIGHUP');
        await draws(SOCKETS, false);
        configure(INVALID);
        process.kill(pid, 'SIGHUP');
        await logs('keeping the running configuration');
        configure(ALL);
        process.kill(pid, 'SIGHUP');
        await draws(SOCKETS);
        await until('the last second is there', 120, () => Date.now() / 1000 > from + WATCHED + 2);
        const { data } = await agent.data(TABLE, from, from + WATCHED);
        expect(data.length).toBeGreaterThanOrEqual(WATCHED);
        expect(data.filter(([, connections]) => typeof connections !== 'number')).toEqual([]);
        return true;
      });
      expect(agent.pluginPid).toBe(pid);
    });

    it.sequential.for(['SIGUSR1', 'SIGQUIT', 'SIGALRM'] as const)(
      'is restarted after %s',
      async (signal, { expect }) => {
        const pid = await running();
        process.kill(pid, signal);
        await until('another process', 120, () => agent.pluginPid !== undefined && agent.pluginPid !== pid);
        expect(agent.log).not.toMatch(/\[conntrack\].*Disabling it/);
      },
    );
  });
});
