import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Volume } from 'memfs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { SystemError } from '../../collector/base/errors.ts';
import { type Access, createAccess } from '../../collector/modules/access.ts';
import { isOrdinary, type Problem } from '../../collector/modules/problem.ts';
import { Foreign } from '../../collector/netlink/foreign.ts';
import { Host } from '../../collector/procfs/host.ts';
import { FOREIGN, missingForeign } from '../helpers/netlink_foreign.ts';
import { problemIn } from '../helpers/problems.ts';
import { SETTINGS, STAT } from '../helpers/recorded_host.ts';

const MEMORY = { slots: 1, slotSize: 4096 };
const NO_LIBRARY = '/nowhere/conntrack-koffi';

/** The problem of opening a channel on a host with these files, on a machine without the library. */
function problemWith(files: Readonly<Record<string, string>>, prefix = '', way: keyof Access = 'ctnetlink'): Problem {
  const volume = Volume.fromJSON({ ...AS_ROOT, ...files });
  const access = createAccess({ fs: volume, host: new Host(volume, prefix), library: NO_LIBRARY });
  return problemIn(() => access[way](MEMORY));
}

/** `/proc/self/status` of a process. */
function status({ permitted = '0000000000001000', ambient = '0000000000000000', uid = 997 }): string {
  return `Uid:\t${uid}\t${uid}\t${uid}\t${uid}\nCapPrm:\t${permitted}\nCapEff:\t0000000000000000\nCapAmb:\t${ambient}\n`;
}

/** A process without file capabilities. */
const AS_ROOT = { '/proc/self/status': status({ uid: 0 }) };

describe('a ctnetlink channel', () => {
  it.each([
    [`${SETTINGS}count`, '12\n'],
    [STAT, 'entries\n'],
    ['/sys/module/nf_conntrack/refcnt', '3\n'],
  ])('is opened if %s alone shows that connection tracking is loaded', (path, text) => {
    expect(problemWith({ [path]: text })).toMatchObject({ code: 'library_unusable' });
  });

  it('names a library that cannot be loaded, and the reason, in one line', () => {
    const { message } = problemWith({ [STAT]: '' });
    expect(message).toMatch(/^cannot load the foreign function library: load \/nowhere\/conntrack-koffi: /);
    expect(message).toMatch(/Cannot find module/);
    expect(message).not.toContain('\n');
  });

  it('is not opened without connection tracking, so the kernel does not load it; that is an ordinary problem', () => {
    const found = problemWith({ '/proc/sys/net/netfilter/nf_log/0': 'NONE\n' });
    expect([found.code, isOrdinary(found)]).toEqual(['tracking_not_loaded', true]);
  });

  it('is opened once connection tracking is loaded', () => {
    const volume = Volume.fromJSON({ ...AS_ROOT, '/proc/self/net/dev': '' });
    const { ctnetlink: connect } = createAccess({ fs: volume, host: new Host(volume, ''), library: NO_LIBRARY });
    expect(problemIn(() => connect(MEMORY)).code).toBe('tracking_not_loaded');
    volume.mkdirSync('/sys/module/nf_conntrack', { recursive: true });
    expect(problemIn(() => connect(MEMORY)).code).toBe('library_unusable');
    volume.rmdirSync('/sys/module/nf_conntrack');
    expect(problemIn(() => connect(MEMORY)).code).toBe('tracking_not_loaded');
  });

  it.each([
    ['in another namespace', { '/proc/self/net/dev': '', '/host/proc/1/net/dev': '' }],
    ['in an unknown one', { '/proc/self/net/dev': '' }],
  ])('is not opened for a host %s that tracks connections; without tracking, only that is reported', (_, files) => {
    expect(problemWith({ ...files, [STAT]: '' }, '/host')).toMatchObject({ code: 'tracking_not_loaded' });
    const found = problemWith({ ...files, '/host/sys/module/nf_conntrack/refcnt': '3\n' }, '/host');
    expect(found).toMatchObject({ code: 'other_namespace' });
    expect(isOrdinary(found)).toBe(false);
  });

  it('is opened below a prefix in the same namespace, if the host below it tracks connections', () => {
    const volume = Volume.fromJSON({ ...AS_ROOT, '/proc/self/net/dev': '', [STAT]: '' });
    volume.mkdirSync('/host/proc/1/net', { recursive: true });
    volume.linkSync('/proc/self/net/dev', '/host/proc/1/net/dev');
    const { ctnetlink: connect } = createAccess({ fs: volume, host: new Host(volume, '/host'), library: NO_LIBRARY });
    expect(problemIn(() => connect(MEMORY)).code).toBe('tracking_not_loaded');
    volume.mkdirSync('/host/sys/module/nf_conntrack', { recursive: true });
    expect(problemIn(() => connect(MEMORY)).code).toBe('library_unusable');
  });
});

describe('a program with file capabilities', () => {
  const LIBRARY = '/usr/lib/netdata/plugins.d/conntrack-koffi';
  const OF_FILE = status({});

  /** The problem of loading the library if a directory on its path has another owner or mode. */
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
    return problemIn(() => ctnetlink(MEMORY));
  }

  // A trusted library is not found, because it exists only in memory.
  const TRUSTED = /: load \/usr\/lib\/netdata\/plugins\.d\/conntrack-koffi: Cannot find module/;

  it('does not load a library that others can write to', () => {
    const found = problemAt(LIBRARY, { uid: 997 });
    expect(found.code).toBe('library_untrusted');
    expect(found.message).toContain(`${LIBRARY}: users other than root can write to ${LIBRARY}`);
  });

  it.each([
    ['where only root can write', {}],
    ['anywhere if its user passed the capability on', { uid: 997, text: status({ ambient: '0000000000001000' }) }],
    ['anywhere if it runs as root', { uid: 997, text: status({ uid: 0 }) }],
  ])('loads its library %s', (_, owner) => {
    expect(problemAt(LIBRARY, owner).message).toMatch(TRUSTED);
  });

  it('loads nothing that others can write to if the origin of its capability is unknown', () => {
    expect(problemAt(LIBRARY, { uid: 997, text: 'Name:\tconntrack.plugin\n' }).code).toBe('library_untrusted');
  });

  it.each([
    [
      'loads the library from the resolved path, since a link can change',
      0,
      'library_unusable',
      /: load \/srv\/koffi: Cannot find module '\/srv\/koffi'/,
    ],
    [
      'does not load the library if others can write to the resolved path',
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
    const found = problemIn(() => ctnetlink(MEMORY));
    expect(found.code).toBe(code);
    expect(found.message).toMatch(message);
  });
});

describe('a sock_diag channel', () => {
  const NO_CAPABILITY = status({ permitted: '0000000000000000' });

  it.each([
    ['whether or not connection tracking is loaded', {}],
    ['without any capability', { '/proc/self/status': NO_CAPABILITY }],
  ])('is opened %s', (_, files) => {
    expect(problemWith(files, '', 'sockDiag')).toMatchObject({ code: 'library_unusable' });
  });

  it.each([
    ['in another namespace', { '/proc/self/net/dev': '', '/host/proc/1/net/dev': '' }],
    ['in an unknown one', { '/proc/self/net/dev': '' }],
  ])('is not opened for a host %s', (_, files) => {
    const found = problemWith(files, '/host', 'sockDiag');
    expect(found).toMatchObject({ code: 'other_namespace' });
    expect(isOrdinary(found)).toBe(false);
  });

  it('is opened below a prefix in the same namespace', () => {
    const volume = Volume.fromJSON({ ...AS_ROOT, '/proc/self/net/dev': '' });
    volume.mkdirSync('/host/proc/1/net', { recursive: true });
    volume.linkSync('/proc/self/net/dev', '/host/proc/1/net/dev');
    const { sockDiag } = createAccess({ fs: volume, host: new Host(volume, '/host'), library: NO_LIBRARY });
    expect(problemIn(() => sockDiag(MEMORY)).code).toBe('library_unusable');
  });

  it.each([
    ['ctnetlink', 'the plugin lacks CAP_NET_ADMIN'],
    ['sockDiag', 'cannot load the foreign function library'],
  ] as const)('is independent of the other channel: %s', (way, message) => {
    const found = problemWith({ '/proc/self/status': NO_CAPABILITY, [STAT]: '' }, '', way);
    expect(found.message).toContain(message);
  });
});

describe.skipIf(missingForeign !== undefined)('a socket that the kernel refuses', () => {
  const AF_NETLINK = 16;

  beforeEach(() => {
    // The user of the test may lack it.
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
    expect(problemIn(() => access[way](MEMORY))).toMatchObject({ code });
    expect(socket.mock.calls).toEqual([[AF_NETLINK, expect.any(Number), protocol]]);
  });

  it('loads the library once for all channels', () => {
    const volume = Volume.fromJSON({ ...AS_ROOT, [STAT]: '' });
    const instances: unknown[] = [];
    vi.spyOn(Foreign.prototype, 'socket').mockImplementation(function (this: Foreign) {
      instances.push(this);
      throw new SystemError(constants.errno.EMFILE);
    });
    const { ctnetlink, sockDiag } = createAccess({ fs: volume, host: new Host(volume, ''), library: FOREIGN });
    const found = [sockDiag, ctnetlink, sockDiag].map((connect) => problemIn(() => connect(MEMORY)).message);
    expect(found).toEqual(
      ['sock_diag', 'ctnetlink', 'sock_diag'].map((name) => `open ${name}: EMFILE: too many open files`),
    );
    expect([instances.length, new Set(instances).size]).toEqual([3, 1]);
  });
});

describe.skipIf(missingForeign !== undefined)('an open ctnetlink channel', () => {
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

  it('sends nothing once connection tracking is unloaded, so the kernel does not load it', () => {
    const volume = Volume.fromJSON({ ...AS_ROOT, [STAT]: '' });
    const { ctnetlink } = createAccess({ fs: volume, host: new Host(volume, ''), library: FOREIGN });
    const channel = ctnetlink(MEMORY);
    channel.send(Uint8Array.of(17, 23));
    volume.unlinkSync(STAT);
    expect(problemIn(() => channel.send(Uint8Array.of(31)))).toMatchObject({ code: 'tracking_not_loaded' });
    volume.writeFileSync(STAT, '');
    channel.send(Uint8Array.of(42));
    channel.close();
    expect([...readFileSync(join(folder, 'sent'))]).toEqual([17, 23, 42]);
  });
});
