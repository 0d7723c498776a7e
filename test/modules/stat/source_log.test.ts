import { describe, expect, it } from 'vitest';

import { Host } from '../../../collector/procfs/host.ts';
import { RecordedHost, SETTINGS, STAT } from '../../helpers/recorded_host.ts';
import { NAMES, statRow } from '../../helpers/stat_text.ts';

const LIMITS = { [`${SETTINGS}max`]: '4000\n', [`${SETTINGS}buckets`]: '1024\n', [`${SETTINGS}expect_max`]: '96\n' };
const COUNT = `${SETTINGS}count`;

describe('the log of the statistics', () => {
  it('says once that the kernel has no statistics file, and what is left', () => {
    const host = new RecordedHost({ ...LIMITS, [COUNT]: '3000\n' });
    for (let second = 0; second < 120; second++) host.collect(second);
    expect(host.saidOfStatistics).toEqual([
      expect.stringMatching(
        /^notice .*CONFIG_NF_CONNTRACK_PROCFS.*there are no rates, only the use of the table" code=no_statistics_file path=/,
      ),
    ]);
  });

  it('does not blame the kernel for a file that is gone', () => {
    const host = new RecordedHost({ ...LIMITS, [COUNT]: '3000\n' });
    host.stat(NAMES, statRow({ entries: 900 }));
    host.values(1);
    host.remove(STAT);
    expect(host.values(2)).toMatchObject({ connections: 3000, utilization: 75 });
    expect(host.saidOfStatistics[0]).toMatch(
      /^warning .*is gone: there are no rates.* code=no_statistics_file .*error=/,
    );
  });

  it('does not say that connection tracking is not loaded if only the number of entries is malformed', () => {
    const host = new RecordedHost({ ...LIMITS, [COUNT]: 'garbage\n' });
    expect(host.collect(0)).toEqual([]);
    expect(host.saidOfStatistics[0]).toMatch(
      /^notice .*no statistics file.*nothing is collected" code=no_statistics_file/,
    );
  });

  it('says as an error that connection tracking is not loaded if the module is required', () => {
    const host = new RecordedHost({}, { enabled: true });
    host.collect(0);
    expect(host.saidOfStatistics[0]).toMatch(/^error .*not loaded.* code=tracking_not_loaded /);
  });

  it('says once for each change how the file fails', () => {
    const host = new RecordedHost();
    host.write(STAT, '');
    host.collect(0);
    host.collect(1);
    host.remove(STAT);
    host.collect(2);
    host.collect(3);
    host.write(STAT, '');
    host.collect(62);
    expect(host.saidOfStatistics.map((line) => line.split(' ', 1)[0])).toEqual(['warning', 'notice', 'warning']);
  });

  it("says that neither the host's file nor its number of entries is visible", () => {
    const { volume } = new RecordedHost({ '/host/proc/1/net/dev': '', '/proc/self/net/dev': '' });
    const host = new RecordedHost({}, {}, { host: new Host(volume, '/host'), fs: volume });
    host.collect(0);
    expect(host.saidOfStatistics).toEqual([
      expect.stringMatching(
        /^notice .*its number of entries is not visible from this network namespace.* code=other_namespace path=/,
      ),
    ]);
  });
});
