import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

import { OperationError, SystemError } from '../../collector/base/errors.ts';
import { Foreign } from '../../collector/netlink/foreign.ts';
import {
  CAP_NET_ADMIN,
  CAP_SYS_ADMIN,
  capabilities,
  hasCapability,
  parseCredentials,
} from '../../collector/procfs/credentials.ts';
import { FOREIGN, missingForeign } from '../helpers/netlink_foreign.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function folderWith(text: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'foreign-'));
  folders.push(folder);
  writeFileSync(path.join(folder, 'index.js'), text);
  return folder;
}

function thrownBy(folder: string): unknown {
  try {
    new Foreign(folder);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('the foreign function library', () => {
  it.each([
    ['does not exist', () => '/no/such/folder', "Cannot find module '/no/such/folder'"],
    [
      'is for another machine',
      () => folderWith('throw new Error("wrong ELF class\\nRequire stack:\\n- here")'),
      'wrong ELF class',
    ],
    ['throws a string', () => folderWith('throw "nonsense"'), 'nonsense'],
    [
      'is another library',
      () => folderWith('module.exports = { struct: () => ({}), load: () => { throw Error("no such\\nlibrary") } }'),
      'no such',
    ],
  ])('that %s is a one-line error that names its directory', (_, place, reason) => {
    const folder = place();
    const thrown = thrownBy(folder);
    expect(thrown).toBeInstanceOf(OperationError);
    expect(thrown).toMatchObject({ message: `load ${folder}: ${reason}` });
  });

  it.skipIf(missingForeign !== undefined)('throws the reason when the system refuses a call', () => {
    const foreign = new Foreign(FOREIGN);
    const refusals = [
      () => foreign.socket(12_345, 3, 0),
      () => foreign.bind(-1, new Uint8Array(12)),
      () => foreign.setOption(-1, 1, 8, 4096),
    ].map((call) => {
      try {
        return call();
      } catch (error) {
        return error instanceof SystemError ? error.code : error;
      }
    });
    expect(refusals).toEqual(['EAFNOSUPPORT', 'EBADF', 'EBADF']);
    // EBADF
    expect(foreign.receive(-1, foreign.slots(2, 64), 2, 0x40)).toBe(-9);
  });

  it.skipIf(missingForeign !== undefined)('raises a permitted capability for an action alone', () => {
    const status = (): string => readFileSync('/proc/self/status', 'utf8');
    const effective = (): bigint | undefined => capabilities(status(), 'CapEff');
    const own = parseCredentials(status());
    const before = effective();
    const foreign = new Foreign(FOREIGN);
    const use = (): boolean =>
      foreign.withCapability(CAP_SYS_ADMIN, () => hasCapability(effective() ?? 0n, CAP_SYS_ADMIN));
    if (own !== undefined && hasCapability(own.permitted, CAP_SYS_ADMIN)) expect(use()).toBe(true);
    else expect(use).toThrow(new SystemError(constants.errno.EPERM));
    expect(effective()).toBe(before);
  });

  it.skipIf(missingForeign !== undefined)('raises a permitted capability to effective', () => {
    const own = parseCredentials(readFileSync('/proc/self/status', 'utf8'));
    const isPermitted = own !== undefined && hasCapability(own.permitted, CAP_NET_ADMIN);
    const use = (): void => new Foreign(FOREIGN).useCapability(CAP_NET_ADMIN);
    if (isPermitted) expect(use).not.toThrow();
    else expect(use).toThrow(new SystemError(constants.errno.EPERM));
  });

  it.skipIf(missingForeign !== undefined)('reads an extended attribute of a file', () => {
    const foreign = new Foreign(FOREIGN);
    const read = (file: string): string =>
      Buffer.from(foreign.attribute(file, 'security.capability', 24)).toString('hex');
    const file = path.join(folderWith(''), 'index.js');
    expect(() => read(file)).toThrow(new SystemError(constants.errno.ENODATA));
    expect(() => read('/missing')).toThrow(new SystemError(constants.errno.ENOENT));
    // Only root can give a file capabilities.
    if (spawnSync('setcap', ['cap_net_admin=p', file]).status !== 0) return;
    expect(read(file)).toBe('0000000200100000000000000000000000000000');
  });

  it.skipIf(missingForeign !== undefined)('allocates the requested number of slots', () => {
    const { lengths, lengthOffset, lengthStride, memory, slotSize } = new Foreign(FOREIGN).slots(5, 256);
    expect([memory.byteLength, slotSize]).toEqual([1280, 256]);
    expect(lengths.length).toBe(5 * lengthStride);
    expect(lengthOffset).toBeLessThan(lengthStride);
  });

  it('creates its types once, because koffi never frees them', () => {
    const folder = folderWith(`
      const kept = [];
      module.exports = {
        kept,
        struct: (members) => kept[kept.push(members) - 1],
        load: () => ({ func: () => () => 0 }),
        address: () => 0n,
        encode: () => undefined,
        offsetof: () => 56,
        sizeof: () => 64,
      };
    `);
    const library: { kept: readonly unknown[] } = createRequire(folder)(folder);
    const foreign = new Foreign(folder);
    foreign.slots(4, 64);
    const { length } = library.kept;
    expect(length).toBeGreaterThan(0);
    for (let opened = 1; opened <= 30; opened++) foreign.slots(opened, 128 * opened);
    expect(library.kept).toHaveLength(length);
  });
});
