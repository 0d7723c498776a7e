import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Volume } from 'memfs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { FormatError, OperationError, SystemError } from '../../collector/base/errors.ts';
import {
  type Access,
  CTNETLINK_REMEDIES,
  createAccess,
  Obstacle,
  obstacleOf,
  SOCK_DIAG_REMEDIES,
} from '../../collector/modules/access.ts';
import { Foreign } from '../../collector/netlink/foreign.ts';
import { Host } from '../../collector/procfs/host.ts';
import { failure } from '../helpers/netlink_channel.ts';
import { FOREIGN, missingForeign } from '../helpers/netlink_foreign.ts';
import { SETTINGS, STAT } from '../helpers/recorded_host.ts';

const ROOM = { slots: 1, slotSize: 4096 };
const NO_LIBRARY = '/nowhere/conntrack-koffi';

/** What stands in a way to the kernel of a host with these files, on a machine without the library. */
function obstacle(files: Readonly<Record<string, string>>, prefix = '', way: keyof Access = 'ctnetlink'): Obstacle {
  const volume = Volume.fromJSON({ ...AS_ROOT, ...files });
  const access = createAccess({ fs: volume, host: new Host(volume, prefix), library: NO_LIBRARY });
  return obstacleIn(() => access[way](ROOM));
}

/** `/proc/self/status` of a process. */
function status({ permitted = '0000000000001000', ambient = '0000000000000000', uid = 997 }): string {
  return `Uid:\t${uid}\t${uid}\t${uid}\t${uid}\nCapPrm:\t${permitted}\nCapEff:\t0000000000000000\nCapAmb:\t${ambient}\n`;
}

/** A process that has its capabilities from nobody's file. */
const AS_ROOT = { '/proc/self/status': status({ uid: 0 }) };

function obstacleIn(action: () => unknown): Obstacle {
  try {
    action();
  } catch (error) {
    if (error instanceof Obstacle) return error;
    throw error;
  }
  throw new Error('there is no obstacle');
}

describe('the way to the connection table', () => {
  it.each([
    [`${SETTINGS}count`, '12\n'],
    [STAT, 'entries\n'],
    ['/sys/module/nf_conntrack/refcnt', '3\n'],
  ])('is tried where connection tracking is loaded, of which %s alone is a sign', (path, text) => {
    expect(obstacle({ [path]: text })).toMatchObject({ state: 'foreign', isOrdinary: false });
  });

  it('says which library cannot be loaded, and why, in one line', () => {
    const { message } = obstacle({ [STAT]: '' });
    expect(message).toMatch(/^the foreign function library cannot be used here: load \/nowhere\/conntrack-koffi: /);
    expect(message).toMatch(/Cannot find module/);
    expect(message).not.toContain('\n');
  });

  it('is not tried, so that the kernel loads nothing, where connection tracking is not loaded: nothing unusual', () => {
    expect(obstacle({ '/proc/sys/net/netfilter/nf_log/0': 'NONE\n' })).toMatchObject({
      state: 'unloaded',
      message: 'connection tracking is not loaded',
      isOrdinary: true,
    });
  });

  it('is found when connection tracking is loaded later', () => {
    const volume = Volume.fromJSON({ ...AS_ROOT, '/proc/self/net/dev': '' });
    const { ctnetlink: connect } = createAccess({ fs: volume, host: new Host(volume, ''), library: NO_LIBRARY });
    expect(obstacleIn(() => connect(ROOM)).state).toBe('unloaded');
    volume.mkdirSync('/sys/module/nf_conntrack', { recursive: true });
    expect(obstacleIn(() => connect(ROOM)).state).toBe('foreign');
    volume.rmdirSync('/sys/module/nf_conntrack');
    expect(obstacleIn(() => connect(ROOM)).state).toBe('unloaded');
  });

  it.each([
    ['in another namespace', { '/proc/self/net/dev': '', '/host/proc/1/net/dev': '' }],
    ['in one that cannot be told', { '/proc/self/net/dev': '' }],
  ])('is closed where the host lives %s and tracks connections; where it tracks none that is all', (_, files) => {
    expect(obstacle({ ...files, [STAT]: '' }, '/host')).toMatchObject({ state: 'unloaded', isOrdinary: true });
    const found = obstacle({ ...files, '/host/sys/module/nf_conntrack/refcnt': '3\n' }, '/host');
    expect(found).toMatchObject({ state: 'elsewhere', isOrdinary: false });
    expect(found.message).toMatch(/network namespace of the host: run the agent in it$/);
  });

  it('is open below a prefix where the host lives in the same namespace, by the signs below the prefix', () => {
    const volume = Volume.fromJSON({ ...AS_ROOT, '/proc/self/net/dev': '', [STAT]: '' });
    volume.mkdirSync('/host/proc/1/net', { recursive: true });
    volume.linkSync('/proc/self/net/dev', '/host/proc/1/net/dev');
    const { ctnetlink: connect } = createAccess({ fs: volume, host: new Host(volume, '/host'), library: NO_LIBRARY });
    expect(obstacleIn(() => connect(ROOM)).state).toBe('unloaded');
    volume.mkdirSync('/host/sys/module/nf_conntrack', { recursive: true });
    expect(obstacleIn(() => connect(ROOM)).state).toBe('foreign');
  });
});

describe('a program that has its capability from its own file', () => {
  const LIBRARY = '/usr/lib/netdata/plugins.d/conntrack-koffi';
  const OF_FILE = status({});

  /** What stands in its way with a library at {@link LIBRARY}, whose folder or one above it is not root's alone. */
  function obstacleAt(folder: string, { uid = 0, mode = 0o755, text = OF_FILE }): Obstacle {
    const volume = Volume.fromJSON({ '/proc/self/status': text, [STAT]: '', [`${LIBRARY}/index.js`]: '' });
    const folders = LIBRARY.split('/').map((_, index, names) => names.slice(0, index + 1).join('/') || '/');
    for (const each of folders) {
      volume.chownSync(each, 0, 0);
      volume.chmodSync(each, 0o755);
    }
    volume.chownSync(folder, uid, 0);
    volume.chmodSync(folder, mode);
    const { ctnetlink } = createAccess({ fs: volume, host: new Host(volume, ''), library: LIBRARY });
    return obstacleIn(() => ctnetlink(ROOM));
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
    const found = obstacleAt(folder, owner);
    expect(found.state).toBe('untrusted');
    expect(found.message).toContain(`${LIBRARY}: somebody other than root can write to ${folder}`);
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
    expect(obstacleAt(folder, owner).message).toMatch(TRUSTED);
  });

  it('loads nothing that others can write to where it cannot be told what it has its capability from', () => {
    expect(obstacleAt(LIBRARY, { uid: 997, text: 'Name:\tconntrack.plugin\n' }).state).toBe('untrusted');
  });

  it.each([
    [
      'loads it from where the link leads that was looked at, since a link can be changed meanwhile',
      0,
      'foreign',
      /: load \/srv\/koffi: Cannot find module '\/srv\/koffi'/,
    ],
    ['loads it not where others can write to where the link leads', 997, 'untrusted', /root can write to \/srv$/],
  ])('%s', (_, owner, state, message) => {
    const volume = Volume.fromJSON({ '/proc/self/status': OF_FILE, [STAT]: '', '/srv/koffi/index.js': '' });
    volume.symlinkSync('/srv/koffi', '/conntrack-koffi');
    for (const folder of ['/srv/koffi', '/srv', '/']) {
      volume.chmodSync(folder, 0o755);
      volume.chownSync(folder, folder === '/srv' ? owner : 0, 0);
    }
    const { ctnetlink } = createAccess({ fs: volume, host: new Host(volume, ''), library: '/conntrack-koffi' });
    const found = obstacleIn(() => ctnetlink(ROOM));
    expect(found.state).toBe(state);
    expect(found.message).toMatch(message);
  });
});

describe('the way to sock_diag', () => {
  const NO_CAPABILITY = status({ permitted: '0000000000000000' });

  it.each([
    ['whether or not connection tracking is loaded', {}],
    ['without any capability', { '/proc/self/status': NO_CAPABILITY }],
  ])('is tried %s', (_, files) => {
    expect(obstacle(files, '', 'sockDiag')).toMatchObject({ state: 'foreign', isOrdinary: false });
  });

  it('says which library cannot be loaded, and why, in one line', () => {
    const { message } = obstacle({}, '', 'sockDiag');
    expect(message).toMatch(/^the foreign function library cannot be used here: load \/nowhere\/conntrack-koffi: /);
    expect(message).not.toContain('\n');
  });

  it.each([
    ['in another namespace', { '/proc/self/net/dev': '', '/host/proc/1/net/dev': '' }],
    ['in one that cannot be told', { '/proc/self/net/dev': '' }],
  ])('is closed where the host lives %s, whatever it tracks', (_, files) => {
    const found = obstacle(files, '/host', 'sockDiag');
    expect(found).toMatchObject({ state: 'elsewhere', isOrdinary: false });
    expect(found.message).toMatch(/network namespace of the host: run the agent in it$/);
  });

  it('is open below a prefix where the host lives in the same namespace', () => {
    const volume = Volume.fromJSON({ ...AS_ROOT, '/proc/self/net/dev': '' });
    volume.mkdirSync('/host/proc/1/net', { recursive: true });
    volume.linkSync('/proc/self/net/dev', '/host/proc/1/net/dev');
    const { sockDiag } = createAccess({ fs: volume, host: new Host(volume, '/host'), library: NO_LIBRARY });
    expect(obstacleIn(() => sockDiag(ROOM)).state).toBe('foreign');
  });

  it.each([
    ['ctnetlink', 'the plugin lacks the capability CAP_NET_ADMIN; run conntrack.plugin check to see how to give it'],
    ['sockDiag', 'the foreign function library cannot be used here'],
  ] as const)('needs none of what the other lacks: %s', (way, message) => {
    const found = obstacle({ '/proc/self/status': NO_CAPABILITY, [STAT]: '' }, '', way);
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
    ['ctnetlink', 12, 'the kernel does not offer ctnetlink: load it with "modprobe nf_conntrack_netlink"'],
    ['sockDiag', 4, 'the kernel does not offer sock_diag: load it with "modprobe -a tcp_diag udp_diag"'],
  ] as const)('stands in the way with what to do: %s, of netlink protocol %i', (way, protocol, message) => {
    const socket = vi.spyOn(Foreign.prototype, 'socket').mockImplementation(() => {
      throw new SystemError(constants.errno.EPROTONOSUPPORT);
    });
    const volume = Volume.fromJSON({ ...AS_ROOT, [STAT]: '' });
    const access = createAccess({ fs: volume, host: new Host(volume, ''), library: FOREIGN });
    expect(obstacleIn(() => access[way](ROOM))).toMatchObject({ state: 'EPROTONOSUPPORT', message });
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
    const found = [sockDiag, ctnetlink, sockDiag].map((connect) => obstacleIn(() => connect(ROOM)).message);
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
    expect(obstacleIn(() => channel.send(Uint8Array.of(31)))).toMatchObject({ state: 'unloaded', isOrdinary: true });
    volume.writeFileSync(STAT, '');
    channel.send(Uint8Array.of(42));
    channel.close();
    expect([...readFileSync(join(folder, 'sent'))]).toEqual([17, 23, 42]);
  });
});

describe('an error on the way to sock_diag', () => {
  const SANDBOX = /^a sandbox or a security module keeps the plugin from asking sock_diag$/;
  const MODULE = /^the kernel does not offer sock_diag: load it with "modprobe -a tcp_diag udp_diag"$/;

  it.each([
    ['EPERM', SANDBOX],
    ['EACCES', SANDBOX],
    ['EAFNOSUPPORT', SANDBOX],
    ['EPROTONOSUPPORT', MODULE],
    ['ENOTSUP', MODULE],
    ['EINVAL', MODULE],
    ['ENOENT', MODULE],
    ['EMFILE', /^open sock_diag: EMFILE: too many open files$/],
    ['ENOBUFS', /^open sock_diag: ENOBUFS: no buffer space available$/],
  ] as const)('of code %s is an obstacle of that name, which says what to do', (code, message) => {
    const found = obstacleOf(failure(code, 'open', 'sock_diag'), SOCK_DIAG_REMEDIES);
    expect(found).toMatchObject({ state: code, isOrdinary: false });
    expect(found.message).toMatch(message);
  });

  it('is told as it is where nothing can be done about it', () => {
    const found = obstacleOf(failure('ENOENT', 'open', '/proc/net/tcp'), {});
    expect(found).toMatchObject({
      state: 'ENOENT',
      message: 'open /proc/net/tcp: ENOENT: no such file or directory',
      isOrdinary: false,
    });
  });
});

describe('an error on the way to the kernel', () => {
  const CAPABILITY = /^the plugin lacks the capability CAP_NET_ADMIN; run conntrack.plugin check /;
  const MODULE = /modprobe nf_conntrack_netlink/;

  it.each([
    ['EPERM', CAPABILITY],
    ['EACCES', CAPABILITY],
    ['EPROTONOSUPPORT', MODULE],
    ['EAFNOSUPPORT', MODULE],
    ['ENOTSUP', MODULE],
    ['EINVAL', MODULE],
    ['ENOENT', MODULE],
    ['EMFILE', /^open ctnetlink: EMFILE: too many open files$/],
    ['ENOMEM', /^open ctnetlink: ENOMEM: not enough memory$/],
  ] as const)('of code %s is an obstacle of that name, which says what to do', (code, message) => {
    const found = obstacleOf(failure(code, 'open'), CTNETLINK_REMEDIES);
    expect(found).toMatchObject({ state: code, isOrdinary: false });
    expect(found.message).toMatch(message);
  });

  it('without a code says what it is', () => {
    const error = new OperationError('ask', 'ctnetlink for the number of entries', new Error('the answer broke off'));
    expect(obstacleOf(error, CTNETLINK_REMEDIES)).toMatchObject({
      state: 'unknown',
      message: 'ask ctnetlink for the number of entries: the answer broke off',
    });
  });

  it('that is an answer without sense says what is wrong with it', () => {
    expect(obstacleOf(new FormatError('an entry without a protocol'), CTNETLINK_REMEDIES)).toMatchObject({
      state: 'malformed',
      message: 'what the kernel says makes no sense: an entry without a protocol',
      isOrdinary: false,
    });
  });

  it('that is an obstacle already stays what it is', () => {
    const known = new Obstacle('off', 'it is turned off', true);
    expect(obstacleOf(known, CTNETLINK_REMEDIES)).toBe(known);
  });

  it.each([
    ['a defect of this program', new TypeError('undefined is not a function')],
    ['an error of the system that nobody said the occasion of', new SystemError(1)],
    ['no error', 'EPERM'],
    ['nothing', undefined],
  ])('that is %s is thrown on', (_, thrown) => {
    const passOn = (): unknown => {
      try {
        return obstacleOf(thrown, CTNETLINK_REMEDIES);
      } catch (error) {
        return { thrown: error };
      }
    };
    expect(passOn()).toEqual({ thrown });
  });
});
