import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { identityAt } from '../../collector/namespaces/identity.ts';
import { Mounts, parseMounts } from '../../collector/namespaces/mounts.ts';
import { finish, NamespaceHost } from '../helpers/namespace_host.ts';

/** Of a router with namespaces of `ip netns` and a container of Docker. */
const MOUNTINFO = `22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
42 27 0:24 /netns /run/netns rw,nosuid,nodev shared:5 - tmpfs tmpfs rw,size=1635184k,mode=755
311 42 0:4 net:[4026532281] /run/netns/blue rw shared:230 - nsfs nsfs rw
312 24 0:4 net:[4026532281] /run/netns/blue rw shared:230 - nsfs nsfs rw
313 42 0:4 net:[4026532412] /run/netns/two\\040words\\134 rw - nsfs nsfs rw
314 24 0:4 net:[4026532503] /run/docker/netns/1a2b3c4d5e6f rw shared:9 master:4 propagate_from:2 - nsfs nsfs rw
315 24 0:4 net:[4026532503] /run/short rw unbindable - nsfs nsfs rw
316 24 0:4 mnt:[4026532600] /run/snapd/ns/lxd.mnt rw - nsfs nsfs rw
317 24 0:4 net:[4026532601] /run/netns/lookalike rw - tmpfs net rw
`;

const blue = { number: 9001, changed: 17n };

describe('the list of mounts', () => {
  it('shows each network namespace once, with its paths, the shortest first', () => {
    expect(parseMounts(MOUNTINFO)).toEqual([
      { number: 4_026_532_281, paths: ['/run/netns/blue'] },
      { number: 4_026_532_412, paths: ['/run/netns/two words\\'] },
      { number: 4_026_532_503, paths: ['/run/short', '/run/docker/netns/1a2b3c4d5e6f'] },
    ]);
  });

  it.each(['', '\n', 'net:[1] /a rw - nsfs nsfs rw\n', '1 2 0:4 net:[] /a rw - nsfs nsfs rw\n', '1 2 0:4 net:[12'])(
    'shows none in %j',
    (text) => {
      expect(parseMounts(text)).toEqual([]);
    },
  );

  it('never fails', () => {
    const part = fc.constantFrom(' net:[7]', ' /a', '\\04', '\\777', ' - nsfs', '\n', '1 2 0:4', ' ', '-', 'x');
    fc.assert(fc.property(fc.array(part), (parts) => Array.isArray(parseMounts(parts.join('')))));
    expect(parseMounts(`1 2 0:4 net:[7] /a rw ${'x '.repeat(50_000)}`)).toEqual([]);
  });
});

describe('bound namespaces', () => {
  it('have the inode and the change time of their file as identity', () => {
    const host = new NamespaceHost();
    host.bind('/run/netns/blue', blue);
    expect(finish(new Mounts(host, host.host).scan())).toEqual([
      { number: 9001, bound: { path: '/run/netns/blue', identity: '9001-17' } },
    ]);
    expect(identityAt(host, '/run/netns/blue')).toBe('9001-17');
  });

  it('keep their path as long as it leads to them', () => {
    const host = new NamespaceHost();
    const mounts = new Mounts(host, host.host);
    const path = (): unknown => finish(mounts.scan()).map((sight) => 'bound' in sight && sight.bound.path);
    host.bind('/run/netns/blue', blue);
    expect(path()).toEqual(['/run/netns/blue']);
    host.bind('/run/b', blue);
    expect(path()).toEqual(['/run/netns/blue']);
    host.unbind('/run/netns/blue');
    expect(path()).toEqual(['/run/b']);
  });

  it.each([
    ['permission is denied', 'EACCES', "EACCES: cannot see '/run/docker/netns/1a2b'"],
    ['another file covers them', { number: 77, changed: 1n }, 'another file covers /run/docker/netns/1a2b'],
  ])('are hidden where %s', (_, seen, error) => {
    const host = new NamespaceHost();
    host.bind('/run/docker/netns/1a2b', { number: 9002, changed: 18n }, seen);
    const expected = [{ number: 9002, hidden: { path: '/run/docker/netns/1a2b', error } }];
    expect(finish(new Mounts(host, host.host).scan())).toEqual(expected);
  });

  it('are visible if any of their paths is', () => {
    const host = new NamespaceHost();
    host.bind('/run/x', blue, 'EACCES');
    host.bind('/run/netns/blue', blue);
    expect(finish(new Mounts(host, host.host).scan())).toEqual([
      { number: 9001, bound: { path: '/run/netns/blue', identity: '9001-17' } },
    ]);
  });

  it('are gone if their file vanishes after the list was read', () => {
    const host = new NamespaceHost();
    host.bind('/run/netns/blue', blue, 'ENOENT');
    expect(finish(new Mounts(host, host.host).scan())).toEqual([]);
  });

  it("are those of the host's first process for an agent in a container, and hidden if not mounted there", () => {
    const host = new NamespaceHost('/host');
    host.bind('/run/netns/blue', blue);
    host.bind('/run/netns/red', { number: 9003, changed: 19n }, 'ENOENT');
    expect(finish(new Mounts(host, host.host).scan())).toEqual([
      { number: 9001, bound: { path: '/host/run/netns/blue', identity: '9001-17' } },
      { number: 9003, hidden: { path: '/host/run/netns/red', error: "ENOENT: cannot see '/host/run/netns/red'" } },
    ]);
  });

  it('are none without a list of mounts', () => {
    const host = new NamespaceHost();
    host.openSync = () => {
      throw new Error('EACCES');
    };
    expect(finish(new Mounts(host, host.host).scan())).toEqual([]);
  });
});
