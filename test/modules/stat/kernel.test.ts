import { Volume } from 'memfs';
import { describe, expect, it } from 'vitest';

import { kernelRelease } from '../../../collector/modules/stat/kernel.ts';
import { Host } from '../../../collector/procfs/host.ts';
import { RecordedHost } from '../../helpers/recorded_host.ts';
import { NAMES, OLD_NAMES, statRow } from '../../helpers/stat_text.ts';

describe('the release of the kernel', () => {
  it.each([
    ["is the host's, not that of the machine that the plugin runs on", 'sys/kernel/osrelease', '4.4.0-210-generic'],
    ['is that of the machine that the plugin runs on if the host does not name its own', 'version', '5.4.0'],
  ])('%s', (_, file, release) => {
    const volume = Volume.fromJSON({ [`/host/proc/${file}`]: '4.4.0-210-generic\n' });
    expect(kernelRelease(volume, new Host(volume, '/host'), '5.4.0')).toBe(release);
  });

  it('decides which columns that are 0 are counted', () => {
    const host = new RecordedHost({ '/proc/sys/kernel/osrelease': '4.4.0-210-generic\n' });
    host.stat(OLD_NAMES, statRow({ entries: 7 }, OLD_NAMES));
    host.values(1);
    expect(host.values(2)).toMatchObject({ new: 0, searched: 0, deleted: 0, delete_list: 0 });
  });
});

describe('the CPU numbers of module stat', () => {
  it.each([
    ['cannot be read', {}],
    ['is of another length', { '/sys/devices/system/cpu/possible': '0-7\n' }],
    ['is malformed', { '/sys/devices/system/cpu/possible': 'all\n' }],
  ])('are counted from 0 when the list of CPUs %s', (_, files) => {
    const host = new RecordedHost(files, { per_cpu: true });
    host.stat(NAMES, statRow({ entries: 1 }), statRow({ entries: 1 }));
    host.collect(1);
    expect(host.collect(2).map((sample) => sample.instance)).toEqual(['', 'cpu0', 'cpu1']);
  });
});
