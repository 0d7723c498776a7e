import { describe, expect, it } from 'vitest';

import { RecordedHost, SETTINGS } from '../../helpers/recorded_host.ts';
import { NAMES, statRow } from '../../helpers/stat_text.ts';

const LIMITS = { [`${SETTINGS}max`]: '4000\n', [`${SETTINGS}buckets`]: '1024\n', [`${SETTINGS}expect_max`]: '96\n' };

describe('the settings of connection tracking', () => {
  it('give no utilization if the limit of entries is 0', () => {
    const host = new RecordedHost({ ...LIMITS, [`${SETTINGS}max`]: '0\n' });
    host.stat(NAMES, statRow({ entries: 12 }));
    expect(host.values(1)).not.toHaveProperty('utilization');
  });

  it('are read again after ten seconds', () => {
    const host = new RecordedHost(LIMITS);
    host.stat(NAMES, statRow({ entries: 1000 }));
    host.values(0);
    host.write(`${SETTINGS}max`, '2000\n');
    host.write(`${SETTINGS}buckets`, '500\n');
    expect(host.values(9)).toMatchObject({ utilization: 25, buckets: 1024 });
    expect(host.values(10)).toMatchObject({ utilization: 50, buckets: 500, load: 2 });
  });

  it('that cannot be read are absent and logged once, with a code', () => {
    const host = new RecordedHost({ ...LIMITS, [`${SETTINGS}max`]: 'many\n' });
    host.volume.unlinkSync(`${SETTINGS}buckets`);
    host.stat(NAMES, statRow({ entries: 1000 }));
    for (let second = 0; second < 100; second++) {
      expect(host.values(second)).not.toHaveProperty('utilization');
      expect(host.values(second)).not.toHaveProperty('load');
    }
    expect(host.logged).toHaveLength(2);
    expect(host.logged[0]).toMatch(
      /^notice .*share of the table is not charted" code=malformed_file .*nf_conntrack_max.*decimal digit/,
    );
    expect(host.logged[1]).toMatch(
      /^notice .*hash table is not charted" code=file_missing .*nf_conntrack_buckets.*ENOENT/,
    );

    host.write(`${SETTINGS}max`, '5000\n');
    expect(host.values(110)).toMatchObject({ utilization: 20 });
    expect(host.logged[2]).toMatch(/^info .*can be read" .*nf_conntrack_max/);
  });
});
