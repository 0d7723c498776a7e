import { Volume } from 'memfs';
import { describe, expect, it } from 'vitest';

import { FormatError, OperationError, SystemError } from '../../collector/errors.ts';
import { createAccess, Obstacle, obstacleOf } from '../../collector/modules/access.ts';
import { Host } from '../../collector/procfs/host.ts';
import { failure } from '../helpers/netlink_channel.ts';
import { SETTINGS, STAT } from '../helpers/recorded_host.ts';

const ROOM = { slots: 1, slotSize: 4096 };
const NO_LIBRARY = '/nowhere/conntrack-koffi';

/** What stands in the way to the kernel of a host with these files, on a machine without the library. */
function obstacle(files: Readonly<Record<string, string>>, prefix = ''): Obstacle {
  const volume = Volume.fromJSON(files);
  const connect = createAccess({ fs: volume, host: new Host(volume, prefix), library: NO_LIBRARY });
  return obstacleIn(() => connect(ROOM));
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

describe('the way to the kernel', () => {
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
    const connect = createAccess({ fs: volume, host: new Host(volume, ''), library: NO_LIBRARY });
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
    const connect = createAccess({ fs: volume, host: new Host(volume, '/host'), library: NO_LIBRARY });
    expect(obstacleIn(() => connect(ROOM)).state).toBe('unloaded');
    volume.mkdirSync('/host/sys/module/nf_conntrack', { recursive: true });
    expect(obstacleIn(() => connect(ROOM)).state).toBe('foreign');
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
    const found = obstacleOf(failure(code, 'open'));
    expect(found).toMatchObject({ state: code, isOrdinary: false });
    expect(found.message).toMatch(message);
  });

  it('without a code says what it is', () => {
    const error = new OperationError('ask', 'ctnetlink for the number of entries', new Error('the answer broke off'));
    expect(obstacleOf(error)).toMatchObject({
      state: 'unknown',
      message: 'ask ctnetlink for the number of entries: the answer broke off',
    });
  });

  it('that is an answer without sense says what is wrong with it', () => {
    expect(obstacleOf(new FormatError('an entry without a protocol'))).toMatchObject({
      state: 'malformed',
      message: "the kernel's answer makes no sense: an entry without a protocol",
      isOrdinary: false,
    });
  });

  it('that is an obstacle already stays what it is', () => {
    const known = new Obstacle('off', 'it is turned off', true);
    expect(obstacleOf(known)).toBe(known);
  });

  it.each([
    ['a defect of this program', new TypeError('undefined is not a function')],
    ['an error of the system that nobody said the occasion of', new SystemError(1)],
    ['no error', 'EPERM'],
    ['nothing', undefined],
  ])('that is %s is thrown on', (_, thrown) => {
    const passOn = (): unknown => {
      try {
        return obstacleOf(thrown);
      } catch (error) {
        return { thrown: error };
      }
    };
    expect(passOn()).toEqual({ thrown });
  });
});
