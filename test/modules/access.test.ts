import { constants } from 'node:os';
import { Volume } from 'memfs';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { FormatError, OperationError, SystemError } from '../../collector/errors.ts';
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
  const volume = Volume.fromJSON(files);
  const access = createAccess({ fs: volume, host: new Host(volume, prefix), library: NO_LIBRARY });
  return obstacleIn(() => access[way](ROOM));
}

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
    const volume = Volume.fromJSON({ '/proc/self/net/dev': '' });
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
    const volume = Volume.fromJSON({ '/proc/self/net/dev': '', [STAT]: '' });
    volume.mkdirSync('/host/proc/1/net', { recursive: true });
    volume.linkSync('/proc/self/net/dev', '/host/proc/1/net/dev');
    const { ctnetlink: connect } = createAccess({ fs: volume, host: new Host(volume, '/host'), library: NO_LIBRARY });
    expect(obstacleIn(() => connect(ROOM)).state).toBe('unloaded');
    volume.mkdirSync('/host/sys/module/nf_conntrack', { recursive: true });
    expect(obstacleIn(() => connect(ROOM)).state).toBe('foreign');
  });
});

describe('the way to sock_diag', () => {
  const NO_CAPABILITY = 'CapInh:\t0000000000000000\nCapEff:\t0000000000000000\n';

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
    const volume = Volume.fromJSON({ '/proc/self/net/dev': '' });
    volume.mkdirSync('/host/proc/1/net', { recursive: true });
    volume.linkSync('/proc/self/net/dev', '/host/proc/1/net/dev');
    const { sockDiag } = createAccess({ fs: volume, host: new Host(volume, '/host'), library: NO_LIBRARY });
    expect(obstacleIn(() => sockDiag(ROOM)).state).toBe('foreign');
  });

  it.each([
    ['ctnetlink', 'the plugin lacks the capability CAP_NET_ADMIN; the README says how to give it'],
    ['sockDiag', 'the foreign function library cannot be used here'],
  ] as const)('needs none of what the other lacks: %s', (way, message) => {
    const found = obstacle({ '/proc/self/status': NO_CAPABILITY, [STAT]: '' }, '', way);
    expect(found.message).toContain(message);
  });
});

describe.skipIf(missingForeign !== undefined)('a socket that the kernel refuses', () => {
  const AF_NETLINK = 16;

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
    const volume = Volume.fromJSON({ [STAT]: '' });
    const access = createAccess({ fs: volume, host: new Host(volume, ''), library: FOREIGN });
    expect(obstacleIn(() => access[way](ROOM))).toMatchObject({ state: 'EPROTONOSUPPORT', message });
    expect(socket.mock.calls).toEqual([[AF_NETLINK, expect.any(Number), protocol]]);
  });

  it('does not have the library loaded anew for the next, of either kind', () => {
    const volume = Volume.fromJSON({ [STAT]: '' });
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
  const CAPABILITY = /^the plugin lacks the capability CAP_NET_ADMIN; the README /;
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
