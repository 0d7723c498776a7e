/** The modules in another network namespace: entered by its path, with real connections, until it is deleted. */

import fs, { existsSync } from 'node:fs';
import { createConnection } from 'node:net';
import os from 'node:os';
import { afterEach, describe, expect, inject, it } from 'vitest';

import { runtime } from '../../collector/commands/system.ts';
import { parseConfig } from '../../collector/config/parse.ts';
import { createContext } from '../../collector/jobs/context.ts';
import { Job } from '../../collector/jobs/job.ts';
import { RECEIVE_MEMORY } from '../../collector/modules/access.ts';
import { Budget } from '../../collector/modules/budget.ts';
import { NamespaceContext } from '../../collector/namespaces/context.ts';
import { receiveMemory } from '../../collector/netlink/foreign.ts';
import { RESTORE, run } from '../helpers/conntrack.ts';
import {
  addNamespace,
  boundTo,
  deleteNamespace,
  entranceBy,
  openDescriptors,
  pathOf,
  track,
} from '../helpers/namespaces.ts';
import { FOREIGN } from '../helpers/netlink_foreign.ts';
import { RecordingLog } from '../helpers/recording_log.ts';
import { until } from '../helpers/until.ts';

const CONFIG = `
modules:
  events: { enabled: yes }
  flows: { enabled: yes, update_every: 1 }
  sockets: { enabled: yes, update_every: 1, read_from: netlink }
  conntrackd: { enabled: no }
`;

const name = `context${process.pid}`;
const via = ['ip', 'netns', 'exec', name];

afterEach(() => {
  if (existsSync(pathOf(name))) deleteNamespace(name);
});

describe.skipIf(inject('missing').kernel !== undefined)('a job in a network namespace', () => {
  it('collects what is inside, and lets it disappear at the next reading', async () => {
    addNamespace(name);
    track(via, 23);
    const link = `cv${process.pid}`;
    run(['ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'inner', 'netns', name]);
    const before = openDescriptors();
    const log = new RecordingLog();
    const memory = receiveMemory(RECEIVE_MEMORY);
    const hosts = createContext({
      hostPrefix: '',
      release: os.release(),
      library: FOREIGN,
      fs,
      runtime,
      budget: new Budget(),
      memory,
      connect: (path) => createConnection({ path }),
      log,
    });
    const bound = boundTo(pathOf(name));
    const entrance = entranceBy({ bound });
    const context = new NamespaceContext(hosts, { name, labels: {}, bound, anchor: undefined }, entrance, log);
    const config = parseConfig('test', CONFIG);
    const job = new Job(name, context, { config, every: 1 });
    const values: Record<string, number | undefined> = {};
    const collect = (): void => {
      const at = runtime.monotonic();
      for (const sample of job.modules.flatMap((module) => module.collect(at, true))) {
        if (sample.scope === 'host') Object.assign(values, sample.values);
      }
    };
    await until('all modules have read it', 120, () => {
      collect();
      return values['connections'] === 23 && values['flows_udp'] === 23;
    });
    expect(values).toMatchObject({ connections: 23, flows_udp: 23 });
    let created = 0;
    run([...via, ...RESTORE], '-A -t 600 -s 10.9.9.9 -d 10.8.0.1 -p udp --sport 7 --dport 9 -u ASSURED\n');
    await until('the new connection is reported', 120, () => {
      collect();
      created = Math.max(created, values['new'] ?? 0);
      return created > 0 && values['connections'] === 24;
    });
    deleteNamespace(name);
    await until('the pair is gone', 120, () => {
      collect();
      return !existsSync(`/sys/class/net/${link}`);
    });
    const codes = job.modules.flatMap((module) => module.status().problems.map(({ code }) => `${module.name} ${code}`));
    expect(codes).toEqual(expect.arrayContaining(['stat namespace_gone', 'events namespace_gone']));
    expect(log.lines.filter((line) => /^(error|warning)/.test(line))).toEqual([]);
    job.close();
    entrance.close();
    await until('nothing is open', 120, () => openDescriptors() <= before);
  });
});
