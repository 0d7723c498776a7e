import { Volume } from 'memfs';
import { describe, expect, it } from 'vitest';

import type { FileSystem } from '../../collector/procfs/file.ts';
import { Host } from '../../collector/procfs/host.ts';

describe("the host's kernel files", () => {
  it('have their own paths on the host itself', () => {
    const host = new Host(Volume.fromJSON({ '/proc/1/net/dev': '' }), '');
    expect(host.net('stat/nf_conntrack')).toBe('/proc/net/stat/nf_conntrack');
    expect(host.netfilter('nf_conntrack_max')).toBe('/proc/sys/net/netfilter/nf_conntrack_max');
    expect(host.elsewhere).toBe(false);
  });

  it('are below the prefix, and below /proc/1/net if that exists', () => {
    const volume = Volume.fromJSON({ '/host/proc/net/dev': '' });
    const host = new Host(volume, '/host');
    expect(host.netfilter('nf_conntrack_max')).toBe('/host/proc/sys/net/netfilter/nf_conntrack_max');
    expect(host.net('stat/nf_conntrack')).toBe('/host/proc/net/stat/nf_conntrack');
    volume.mkdirSync('/host/proc/1/net', { recursive: true });
    expect(host.net('stat/nf_conntrack')).toBe('/host/proc/1/net/stat/nf_conntrack');
  });

  it.each([
    ['the same namespace', 4_026_531_874, 4_026_531_874, { elsewhere: false, isHere: true }],
    ['another namespace', 4_026_532_183, 4_026_531_874, { elsewhere: true, isHere: false }],
    ['a process whose own namespace is unknown', undefined, 4_026_531_874, { elsewhere: false, isHere: false }],
    ["a process that cannot see the host's", 4_026_532_183, undefined, { elsewhere: false, isHere: false }],
    ['a process when both are unknown', undefined, undefined, { elsewhere: false, isHere: false }],
  ])('are recognised from %s by the inode of a file of the namespace', (_, own, hosts, expected) => {
    const { elsewhere, isHere } = new Host(
      seeing({ '/proc/self/net/dev': own, '/host/proc/1/net/dev': hosts }),
      '/host',
    );
    expect({ elsewhere, isHere }).toEqual(expected);
  });

  it('are those of this process without a prefix, whatever the namespace of the first process', () => {
    const { elsewhere, isHere } = new Host(seeing({ '/proc/self/net/dev': 5, '/proc/1/net/dev': 6 }), '');
    expect({ elsewhere, isHere }).toEqual({ elsewhere: false, isHere: true });
  });
});

/** A file system with these files by inode; those with `undefined` do not exist. */
function seeing(inodes: Readonly<Record<string, number | undefined>>): FileSystem {
  const statSync = (path: string): { ino: number } => {
    const ino = inodes[path];
    if (ino === undefined) throw new Error(`ENOENT: no such file or directory, stat '${path}'`);
    return { ino };
  };
  return Object.assign(Object.create(new Volume()), { statSync });
}
