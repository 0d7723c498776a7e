import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Volume } from 'memfs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { SystemError } from '../../collector/base/errors.ts';
import { type Access, createAccess } from '../../collector/modules/access.ts';
import { isOrdinary, type Problem, ProblemError } from '../../collector/modules/problem.ts';
import { Foreign } from '../../collector/netlink/foreign.ts';
import { Host } from '../../collector/procfs/host.ts';
import { FOREIGN, missingForeign } from '../helpers/netlink_foreign.ts';
import { SETTINGS, STAT } from '../helpers/recorded_host.ts';

const ROOM = { slots: 1, slotSize: 4096 };
const NO_LIBRARY = '/nowhere/conntrack-koffi';

/** The problem of opening a channel on a host with these files, on a machine without the library. */
function problemWith(files: Readonly<Record<string, string>>, prefix = '', way: keyof Access = 'ctnetlink'): Problem {
  const volume = Volume.fromJSON({ ...AS_ROOT, ...files });
  const access = createAccess({ fs: volume, host: new Host(volume, prefix), library: NO_LIBRARY });
  return problemIn(() => access[way](ROOM));
}

/** `/proc/self/status` of a process. */
function status({ permitted = '0000000000001000', ambient = '0000000000000000', uid = 997 }): string {
  return `Uid:\t${uid}\t${uid}\t${uid}\t${uid}\nCapPrm:\t${permitted}\nCapEff:\t0000000000000000\nCapAmb:\t${ambient}\n`;
}

/** A process that has its capabilities from nobody's file. */
const AS_ROOT = { '/proc/self/status': status({ uid: 0 }) };

function problemIn(action: () => unknown): Problem {
  try {
    action();
  } catch (error) {
    if (error instanceof ProblemError) return error.problem;
    throw error;
  }
  throw new Error('no problem');
}

describe('the way to the connection table', () => {
  it.each([
    [`${SETTINGS}count`, '12\n'],
    [STAT, 'entries\n'],
    ['/sys/module/nf_conntrack/refcnt', '3\n'],
  ])('is tried where connection tracking is loaded, of which %s alone is a sign', (path, text) => {
    expect(problemWith({ [path]: text })).toMatchObject({ code: 'library_unusable' });
  });

  it('says which library cannot be loaded, and why, in one line', () => {
    const { message } = problemWith({ [STAT]: '' });
    expect(message).toMatch(/^cannot load the foreign function library: load \/nowhere\/conntrack-koffi: /);
    expect(message).toMatch(/Cannot find module/);
    expect(message).not.toContain('\n');
  });

  it('is not tried, so that the kernel loads nothing, where connection tracking is not loaded: nothing unusual', () => {
    const found = problemWith({ '/proc/sys/net/netfilter/nf_log/0': 'NONE\n' });
    expect([found.code, isOrdinary(found)]).toEqual(['tracking_not_loaded', true]);
  });

  it('is found when connection tracking is loaded later', () => {
    const volume = Volume.fromJSON({ ...AS_ROOT, '/proc/self/net/dev': '' });
    const { ctnetlink: connect } = createAccess({ fs: volume, host: new Host(volume, ''), library: NO_LIBRARY });
    expect(problemIn(() => connect(ROOM)).code).toBe('tracking_not_loaded');
    volume.mkdirSync('/sys/module/nf_conntrack', { recursive: true });
    expect(problemIn(() => connect(ROOM)).code).toBe('library_unusable');
    volume.rmdirSync('/sys/module/nf_conntrack');
    expect(problemIn(() => connect(ROOM)).code).toBe('tracking_not_loaded');
  });

  it.each([
    ['in another namespace', { '/proc/self/net/dev': '', '/host/proc/1/net/dev': '' }],
    ['in one that cannot be told', { '/proc/self/net/dev': '' }],
  ])('is closed where the host lives %s and tracks connections; where it tracks none that is all', (_, files) => {
    expect(problemWith({ ...files, [STAT]: '' }, '/host')).toMatchObject({ code: 'tracking_not_loaded' });
    const found = problemWith({ ...files, '/host/sys/module/nf_conntrack/refcnt': '3\n' }, '/host');
    expect(found).toMatchObject({ code: 'other_namespace' });
    expect(isOrdinary(found)).toBe(false);
  });

  it('is open below a prefix where the host lives in the same namespace, by the signs below the prefix', () => {
    const volume = Volume.fromJSON({ ...AS_ROOT, '/proc/self/net/dev': '', [STAT]: '' });
    volume.mkdirSync('/host/proc/1/net', { recursive: true });
    volume.linkSync('/proc/self/net/dev', '/host/proc/1/net/dev');
    const { ctnetlink: connect } = createAccess({ fs: volume, host: new Host(volume, '/host'), library: NO_LIBRARY });
    expect(problemIn(() => connect(ROOM)).code).toBe('tracking_not_loaded');
    volume.mkdirSync('/host/sys/module/nf_conntrack', { recursive: true });
    expect(problemIn(() => connect(ROOM)).code).toBe('library_unusable');
  });
});

describe('a program that has its capability from its own file', () => {
  const LIBRARY = '/usr/lib/netdata/plugins.d/conntrack-koffi';
  const OF_FILE = status({});

  /** What stands in its way with a library at {@link LIBRARY}, whose folder or one above it is not root's alone. */
  function problemAt(folder: string, { uid = 0, mode = 0o755, text = OF_FILE }): Problem {
    const volume = Volume.fromJSON({ '/proc/self/status': text, [STAT]: '', [`${LIBRARY}/index.js`]: '' });
    const folders = LIBRARY.split('/').map((_, index, names) => names.slice(0, index + 1).join('/') || '/');
    for (const each of folders) {
      volume.chownSync(each, 0, 0);
      volume.chmodSync(each, 0o755);
    }
    volume.chownSync(folder, uid, 0);
    volume.chmodSync(folder, mode);
    const { ctnetlink } = createAccess({ fs: volume, host: new Host(volume, ''), library: LIBRARY });
    return problemIn(() => ctnetlink(ROOM));
  }

  // What is trusted is not in the memory of this test only, and so cannot be loaded.
  const TRUSTED = /: load \/usr\/lib\/netdata\/plugins\.d\/conntrack-koffi: Cannot find module/;

  it.each([
    ['its folder', LIBRARY, { uid: 997 }],
    ['a folder above it', '/usr/lib/netdata', { uid: 997 }],
    ['a folder that its group may write to', '/usr/lib/netdata/plugins.d', { mode: 0o775 }],
    ['its folder, of which everybody may add to', LIBRARY, { mode: 0o1777 }],
    ['the root', '/', { mode: 0o777 }],
  ])('loads no library where others than root can write to %s', (_, folder, owner) => {
    const found = problemAt(folder, owner);
    expect(found.code).toBe('library_untrusted');
    expect(found.message).toContain(`${LIBRARY}: users other than root can write to ${folder}`);
  });

  it.each([
    ['where only root can write', LIBRARY, {}],
    ['below a folder that everybody may add to', '/usr/lib', { mode: 0o1777 }],
    [
      'when who started it handed the capability on',
      LIBRARY,
      { uid: 997, text: status({ ambient: '0000000000001000' }) },
    ],
    ['when it runs as root', LIBRARY, { uid: 997, text: status({ uid: 0 }) }],
  ])('loads its library %s', (_, folder, owner) => {
    expect(problemAt(folder, owner).message).toMatch(TRUSTED);
  });

  it('loads nothing that others can write to where it cannot be told what it has its capability from', () => {
    expect(problemAt(LIBRARY, { uid: 997, text: 'Name:\tconntrack.plugin\n' }).code).toBe('library_untrusted');
  });

  it.each([
    [
      'loads it from where the link leads that was looked at, since a link can be changed meanwhile',
      0,
      'library_unusable',
      /: load \/srv\/koffi: Cannot find module '\/srv\/koffi'/,
    ],
    [
      'loads it not where others can write to where the link leads',
      997,
      'library_untrusted',
      /root can write to \/srv$/,
    ],
  ])('%s', (_, owner, code, message) => {
    const volume = Volume.fromJSON({ '/proc/self/status': OF_FILE, [STAT]: '', '/srv/koffi/index.js': '' });
    volume.symlinkSync('/srv/koffi', '/conntrack-koffi');
    for (const folder of ['/srv/koffi', '/srv', '/']) {
      volume.chmodSync(folder, 0o755);
      volume.chownSync(folder, folder === '/srv' ? owner : 0, 0);
    }
    const { ctnetlink } = createAccess({ fs: volume, host: new Host(volume, ''), library: '/conntrack-koffi' });
    const found = problemIn(() => ctnetlink(ROOM));
    expect(found.code).toBe(code);
    expect(found.message).toMatch(message);
  });
});

describe('the way to sock_diag', () => {
  const NO_CAPABILITY = status({ permitted: '0000000000000000' });

  it.each([
    ['whether or not connection tracking is loaded', {}],
    ['without any capability', { '/proc/self/status': NO_CAPABILITY }],
  ])('is tried %s', (_, files) => {
    expect(problemWith(files, '', 'sockDiag')).toMatchObject({ code: 'library_unusable' });
  });

  it('says which library cannot be loaded, and why, in one line', () => {
    const { message } = problemWith({}, '', 'sockDiag');
    expect(message).toMatch(/^cannot load the foreign function library: load \/nowhere\/conntrack-koffi: /);
    expect(message).not.toContain('\n');
  });

  it.each([
    ['in another namespace', { '/proc/self/net/dev': '', '/host/proc/1/net/dev': '' }],
    ['in one that cannot be told', { '/proc/self/net/dev': '' }],
  ])('is closed where the host lives %s, whatever it tracks', (_, files) => {
    const found = problemWith(files, '/host', 'sockDiag');
    expect(found).toMatchObject({ code: 'other_namespace' });
    expect(isOrdinary(found)).toBe(false);
  });

  it('is open below a prefix where the host lives in the same namespace', () => {
    const volume = Volume.fromJSON({ ...AS_ROOT, '/proc/self/net/dev': '' });
    volume.mkdirSync('/host/proc/1/net', { recursive: true });
    volume.linkSync('/proc/self/net/dev', '/host/proc/1/net/dev');
    const { sockDiag } = createAccess({ fs: volume, host: new Host(volume, '/host'), library: NO_LIBRARY });
    expect(problemIn(() => sockDiag(ROOM)).code).toBe('library_unusable');
  });

  it.each([
    ['ctnetlink', 'the plugin lacks CAP_NET_ADMIN'],
    ['sockDiag', 'cannot load the foreign function library'],
  ] as const)('needs none of what the other lacks: %s', (way, message) => {
    const found = problemWith({ '/proc/self/status': NO_CAPABILITY, [STAT]: '' }, '', way);
    expect(found.message).toContain(message);
  });
});

describe.skipIf(missingForeign !== undefined)('a socket that the kernel refuses', () => {
  const AF_NETLINK = 16;

  beforeEach(() => {
    // Whoever runs the test may not have it.
    vi.spyOn(Foreign.prototype, 'useCapability').mockReturnValue();
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each([
    ['ctnetlink', 12, 'no_ctnetlink'],
    ['sockDiag', 4, 'no_sock_diag'],
  ] as const)('is a problem that names the interface: %s, of netlink protocol %i', (way, protocol, code) => {
    const socket = vi.spyOn(Foreign.prototype, 'socket').mockImplementation(() => {
      throw new SystemError(constants.errno.EPROTONOSUPPORT);
    });
    const volume = Volume.fromJSON({ ...AS_ROOT, [STAT]: '' });
    const access = createAccess({ fs: volume, host: new Host(volume, ''), library: FOREIGN });
    expect(problemIn(() => access[way](ROOM))).toMatchObject({ code });
    expect(socket.mock.calls).toEqual([[AF_NETLINK, expect.any(Number), protocol]]);
  });

  it('does not have the library loaded anew for the next, of either kind', () => {
    const volume = Volume.fromJSON({ ...AS_ROOT, [STAT]: '' });
    const instances: unknown[] = [];
    vi.spyOn(Foreign.prototype, 'socket').mockImplementation(function (this: Foreign) {
      instances.push(this);
      throw new SystemError(constants.errno.EMFILE);
    });
    const { ctnetlink, sockDiag } = createAccess({ fs: volume, host: new Host(volume, ''), library: FOREIGN });
    const found = [sockDiag, ctnetlink, sockDiag].map((connect) => problemIn(() => connect(ROOM)).message);
    expect(found).toEqual(
      ['sock_diag', 'ctnetlink', 'sock_diag'].map((name) => `open ${name}: EMFILE: too many open files`),
    );
    expect([instances.length, new Set(instances).size]).toEqual([3, 1]);
  });
});

describe.skipIf(missingForeign !== undefined)('an open way to the connection table', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'conntrack-access-'));
    vi.spyOn(Foreign.prototype, 'useCapability').mockReturnValue();
    vi.spyOn(Foreign.prototype, 'socket').mockImplementation(() => openSync(join(folder, 'sent'), 'w'));
    vi.spyOn(Foreign.prototype, 'bind').mockReturnValue();
  });

  afterEach(() => {
    vi.restoreAllMocks();
    rmSync(folder, { recursive: true });
  });

  it('sends nothing any more, so that the kernel loads nothing, once connection tracking is unloaded', () => {
    const volume = Volume.fromJSON({ ...AS_ROOT, [STAT]: '' });
    const { ctnetlink } = createAccess({ fs: volume, host: new Host(volume, ''), library: FOREIGN });
    const channel = ctnetlink(ROOM);
    channel.send(Uint8Array.of(17, 23));
    volume.unlinkSync(STAT);
    expect(problemIn(() => channel.send(Uint8Array.of(31)))).toMatchObject({ code: 'tracking_not_loaded' });
    volume.writeFileSync(STAT, '');
    channel.send(Uint8Array.of(42));
    channel.close();
    expect([...readFileSync(join(folder, 'sent'))]).toEqual([17, 23, 42]);
  });
});
