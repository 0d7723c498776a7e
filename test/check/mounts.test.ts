import { describe, expect, it } from 'vitest';

import { nosuidMount } from '../../collector/check/mounts.ts';

const MOUNTS = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 8:2 / /opt rw,nosuid,nodev - ext4 /dev/sda2 rw
24 23 8:3 / /opt/netdata rw,relatime - ext4 /dev/sda3 rw,nosuid
25 22 8:4 / /srv/a\\040b rw,nosuid - ext4 /dev/sda4 rw
26 22 8:5 / /twice rw,nosuid - ext4 /dev/sda5 rw
27 22 8:6 / /twice rw - ext4 /dev/sda6 rw
cut
`;

describe('a mount without capabilities', () => {
  it.each([
    ['/usr/lib/netdata/plugins.d/conntrack.plugin', undefined],
    ['/opt/conntrack.plugin', '/opt'],
    ['/optional/conntrack.plugin', undefined],
    ['/opt/netdata/usr/conntrack.plugin', undefined],
    ['/srv/a b/conntrack.plugin', '/srv/a b'],
    ['/twice/conntrack.plugin', undefined],
  ])('of %s is at %s', (path, mount) => {
    expect(nosuidMount(MOUNTS, path)).toBe(mount);
  });

  it('is not known without a list', () => {
    expect(nosuidMount('', '/opt/conntrack.plugin')).toBeUndefined();
  });

  it('can be that of everything', () => {
    expect(nosuidMount('22 1 8:1 / / rw,nosuid - ext4 /dev/sda1 rw\n', '/a')).toBe('/');
  });
});
