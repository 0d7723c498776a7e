/** `check` with a real agent that runs the plugin, and after the agent has disabled it. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import type { Report } from '../../collector/check/report.ts';
import { Agent } from '../helpers/agent.ts';
import { Laboratory } from '../helpers/laboratory.ts';
import { until } from '../helpers/until.ts';

describe.skipIf(inject('missing').agent !== undefined)('check, with a real agent', () => {
  let laboratory: Laboratory;
  let agent: Agent;
  /** The process of the plugin, and its script. */
  let pid = 0;
  let plugin = '';

  beforeAll(async () => {
    laboratory = Laboratory.create();
    agent = await Agent.start(laboratory, { config: '', health: (text) => text });
    await until('the agent runs the plugin', 120, () => agent.pluginPid !== undefined);
    pid = agent.pluginPid ?? 0;
    plugin = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[1] ?? '';
  });

  afterAll(async () => {
    await agent?.close();
    await laboratory?.close();
  });

  function check(): Report {
    const words = ['netns', 'exec', laboratory.namespace('router'), process.execPath, plugin, 'check', '--json'];
    return JSON.parse(spawnSync('ip', words, { encoding: 'utf8' }).stdout);
  }

  it.sequential('shows the running plugin, and the directories from its environment', () => {
    const folder = dirname(dirname(plugin));
    const { agent: section, configuration, program } = check();
    expect(program.user).toBe('netdata');
    expect(section).toMatchObject({
      state: 'running',
      plugin: { pid, since: expect.any(Number) },
      plugin_directory: dirname(plugin),
      user_config_directory: join(folder, 'etc'),
    });
    expect(section.plugin?.since).toBeGreaterThanOrEqual(section.since ?? Number.POSITIVE_INFINITY);
    expect(section.findings.filter(({ severity }) => severity === 'fault')).toEqual([]);
    expect(configuration.file).toBe(join(folder, 'etc/conntrack.conf'));
  });

  it.sequential('fails after the agent has disabled the plugin, with the last entry of its log', async () => {
    process.kill(pid, 'SIGKILL');
    await until('the agent disables the plugin', 120, () => agent.log.includes('Disabling it'));
    const { agent: section, works } = check();
    expect(works).toBe(false);
    expect(section.plugin).toBeUndefined();
    expect(section.findings.filter(({ severity }) => severity === 'fault')).toMatchObject([
      {
        code: 'plugin_not_running',
        text: expect.stringMatching(/\(pid \d+\) .*Disabling it/),
      },
    ]);
  });
});
