import { describe, expect, it, vi } from 'vitest';

import { Host } from '../../../collector/procfs/host.ts';
import { RecordedHost, SETTINGS } from '../../helpers/recorded_host.ts';

const LIMITS = { [`${SETTINGS}max`]: '4000\n', [`${SETTINGS}buckets`]: '1024\n', [`${SETTINGS}expect_max`]: '96\n' };
const COUNT = `${SETTINGS}count`;

describe('the number of entries', () => {
  it('gives connections and utilization if there is no statistics file', () => {
    const host = new RecordedHost({ ...LIMITS, [COUNT]: '3000\n' });
    for (let second = 0; second < 120; second++) {
      expect(host.values(second)).toMatchObject({ connections: 3000, utilization: 75 });
    }
    expect(host.module.status().reads).toEqual([COUNT]);
  });

  it('is not read in another network namespace than that of the host', () => {
    const files = { '/host/proc/1/net/dev': '', '/proc/self/net/dev': '', [`/host${SETTINGS}count`]: '7\n' };
    const host = new RecordedHost(files);
    const elsewhere = new RecordedHost(files, {}, { host: new Host(host.volume, '/host'), fs: host.volume });
    vi.spyOn(host.volume, 'statSync').mockImplementation((path) =>
      Object.assign(Object.create(null), { ino: String(path).startsWith('/host') ? 1 : 2 }),
    );
    expect(elsewhere.collect(0)).toEqual([]);
    expect(elsewhere.module.status()).toMatchObject({ problems: [{ code: 'other_namespace', loses: 'all' }] });
  });
});
