import { describe, expect, it } from 'vitest';

import {
  isOfService,
  parseStatus,
  readArguments,
  readDirectories,
  readStart,
  startedAt,
} from '../../collector/check/process.ts';
import { filesOf, NET_ADMIN, NONE, OTHERS, processFiles, statusText } from '../helpers/check_host.ts';

describe('the status of a process', () => {
  it('has the parent, the effective user and group, and the capability sets', () => {
    const text = statusText({
      parent: 17,
      uid: 998,
      gid: 995,
      groups: [4, 981],
      permitted: NET_ADMIN,
      bounding: OTHERS,
      ambient: NET_ADMIN,
      noNewPrivileges: 1,
      pids: [812, 1],
    });
    expect(parseStatus(text)).toEqual({
      parent: 17,
      uid: 998,
      gid: 995,
      groups: [4, 981],
      permitted: 0x1000n,
      bounding: 0x1ffffffefffn,
      ambient: 0x1000n,
      noNewPrivileges: true,
      isContained: true,
    });
  });

  it('is not that of a container with a single process id', () => {
    expect(parseStatus(statusText({ pids: [812] }))).toMatchObject({ isContained: false });
  });

  it('leaves out what an old kernel does not show', () => {
    const text = statusText({ permitted: NONE }).replace(/^(CapAmb|NoNewPrivs):.*\n/gm, '');
    expect(parseStatus(text)).toMatchObject({ permitted: 0n, ambient: undefined, noNewPrivileges: false });
  });

  it.each(['PPid', 'Uid', 'Gid'])('is unknown without %s', (key) => {
    expect(parseStatus(statusText().replace(`${key}:`, 'Other:'))).toBeUndefined();
  });
});

describe('a process in /proc', () => {
  const fs = filesOf(processFiles(41, {}, ['netdata', '-c', '/a b'], 7654));

  it('has its start time in a field after its name, which can contain anything', () => {
    expect(readStart(fs, 41)).toBe(7654);
  });

  it('has an infinite start time once it has ended', () => {
    expect(readStart(fs, 42)).toBe(Number.POSITIVE_INFINITY);
  });

  it('has a start time in seconds since the epoch, from the boot time', () => {
    const texts = { ...processFiles(41, {}, [], 7654), '/proc/stat': 'cpu 1\nbtime 1700000000\n' };
    expect(startedAt(filesOf(texts), 41)).toBe(1_700_000_076);
    expect(startedAt(filesOf(texts), 42)).toBeUndefined();
    expect(startedAt(fs, 41)).toBeUndefined();
  });

  it('has the absolute paths in NETDATA_*_DIR of its environment', () => {
    const environ =
      'NETDATA_Z_DIR=/z\0A=NETDATA_X_DIR=/x\0NETDATA_A_B_DIR=/a b=c\0XNETDATA_B_DIR=/b\0NETDATA_C_DIR=c\0';
    expect([...readDirectories(filesOf({ '/proc/41/environ': environ }), 41)]).toEqual([
      ['Z', '/z'],
      ['A_B', '/a b=c'],
    ]);
    expect(readDirectories(fs, 41).size).toBe(0);
  });

  it('has a command line', () => {
    expect(readArguments(fs, 41).slice(0, 3)).toEqual(['netdata', '-c', '/a b']);
  });

  it.each([
    ['0::/system.slice/netdata.service\n', true],
    ['5:devices:/x\n1:name=systemd:/system.slice/netdata.service\n', true],
    ['0::/user.slice/user-1000.slice/user@1000.service/app.slice/netdata.service\n', false],
    ['0::/system.slice/other-netdata.service\n', false],
    ['0::/system.slice/netdata.service/below\n', false],
    ['', false],
  ])('with the control groups %j is part of the service netdata: %s', (text, isOf) => {
    expect(isOfService(filesOf({ '/proc/41/cgroup': text }), 41)).toBe(isOf);
  });
});
