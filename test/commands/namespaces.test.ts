import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { watchNamespaces } from '../../collector/commands/namespaces.ts';
import { parseConfig } from '../../collector/config/parse.ts';
import { Jobs } from '../../collector/jobs/jobs.ts';
import { Host } from '../../collector/procfs/host.ts';
import { contextOf } from '../helpers/context.ts';
import { statText as processStat } from '../helpers/fake_procfs.ts';
import { FakeRuntime } from '../helpers/fake_runtime.ts';
import { RecordingLog } from '../helpers/recording_log.ts';
import { NAMES, statRow, statText } from '../helpers/stat_text.ts';

/** A directory that looks like a host with one process, 1234, in another network namespace. */
let root: string;

function write(path: string, text: string | Uint8Array): void {
  fs.mkdirSync(dirname(join(root, path)), { recursive: true });
  fs.writeFileSync(join(root, path), text);
}

beforeEach(() => {
  root = fs.mkdtempSync(join(tmpdir(), 'namespaces-'));
  for (const path of ['proc/1/net/dev', 'proc/1234/net/dev', 'proc/1/mountinfo']) write(path, '');
  write('proc/1234/stat', processStat('dns', 777));
  write('proc/1234/cgroup', '0::/system.slice/dns.service\n');
  write('proc/1234/net/stat/nf_conntrack', statText(NAMES, [statRow({ entries: 471 })]));
});

afterEach(() => {
  fs.rmSync(root, { recursive: true });
});

describe('the network namespaces of a host', () => {
  it('are found, and watched by a job with their name, until watching ends', async () => {
    const runtime = new FakeRuntime(300e6);
    const log = new RecordingLog();
    const host = new Host(fs, root);
    const jobs = new Jobs();
    const namespaces = watchNamespaces(contextOf({ fs, host, log, runtime }), jobs, log);
    const settings = { config: parseConfig('conntrack.conf', ''), every: 1 };
    const [module] = namespaces.use(settings);
    module?.collect(300e6, true);
    await runtime.settle();
    expect(jobs.all.map(({ id }) => id)).toEqual(['netns dns.service']);
    expect(log.entries.map(({ fields }) => fields)).toEqual([{ netns: 'dns.service', via: 'process 1234 (dns)' }]);
    const [job] = jobs.all;
    const values = job?.modules.flatMap((one) => job.placed(one.collect(301e6, true)));
    expect(values).toMatchObject([{ labels: { netns: 'dns.service' }, values: { connections: 471 } }]);
    namespaces.close();
    expect(jobs.all).toEqual([]);
  });
});
