import { Volume } from 'memfs';
import { describe, expect, it, vi } from 'vitest';

import { Host } from '../../collector/procfs/host.ts';

describe("the host's kernel files", () => {
  it('are where they are on the host itself, also when there is a first process', () => {
    const host = new Host(Volume.fromJSON({ '/proc/1/net/dev': '' }), '');
    expect(host.net('stat/nf_conntrack')).toBe('/proc/net/stat/nf_conntrack');
    expect(host.netfilter('nf_conntrack_max')).toBe('/proc/sys/net/netfilter/nf_conntrack_max');
    expect(host.elsewhere).toBe(false);
  });

  it('are below the prefix, in the namespace of the first process where that is there', () => {
    const volume = Volume.fromJSON({ '/host/proc/net/dev': '' });
    const host = new Host(volume, '/host');
    expect(host.netfilter('nf_conntrack_max')).toBe('/host/proc/sys/net/netfilter/nf_conntrack_max');
    expect(host.net('stat/nf_conntrack')).toBe('/host/proc/net/stat/nf_conntrack');
    volume.mkdirSync('/host/proc/1/net', { recursive: true });
    expect(host.net('stat/nf_conntrack')).toBe('/host/proc/1/net/stat/nf_conntrack');
  });

  it.each([
    ['the same namespace', 4_026_531_874, 4_026_531_874, false],
    ['another namespace', 4_026_532_183, 4_026_531_874, true],
  ])('are seen from %s by the inode of a file that each namespace has', (_, own, hosts, elsewhere) => {
    const volume = Volume.fromJSON({ '/proc/self/net/dev': '', '/host/proc/1/net/dev': '' });
    const inodes: Record<string, number> = { '/proc/self/net/dev': own, '/host/proc/1/net/dev': hosts };
    const fs = { ...volume, statSync: vi.fn((path: string) => ({ ino: inodes[path] ?? 0 })) };
    expect(new Host(Object.assign(Object.create(volume), fs), '/host').elsewhere).toBe(elsewhere);
  });

  it('are not taken for those of another namespace when that cannot be told', () => {
    expect(new Host(Volume.fromJSON({ '/host/proc/net/dev': '' }), '/host').elsewhere).toBe(false);
  });
});
