import { describe, expect, it } from 'vitest';
import { ProblemError } from '../../collector/modules/problem.ts';
import { moveInto } from '../../collector/namespaces/move.ts';
import type { Namespace } from '../../collector/namespaces/namespace.ts';
import { namespaceNamed } from '../helpers/fake_namespaces.ts';

const BOUND = namespaceNamed('blue', { bound: { path: '/run/netns/blue', identity: '4711-99' } });
const HELD = namespaceNamed('web', { bound: undefined, anchor: { pid: 31, started: 555, inode: 4711 } });

/** Enters a namespace when what is seen from within has this inode and change time; returns what was entered. */
function moved(namespace: Namespace, inside: { ino: number; ctime?: number; started?: number }): string[] {
  const { ctime = 0, ino, started = 0 } = inside;
  const entered: string[] = [];
  const text = Buffer.from(`31 (web (1)) ${['S', ...Array.from({ length: 18 }, () => '0'), started, 0].join(' ')}\n`);
  const stat = (path: string, options?: { readonly bigint: true }) => {
    const expected = namespace.bound === undefined ? '/proc/thread-self/net/dev' : '/proc/thread-self/ns/net';
    expect([path, entered.length]).toEqual([expected, 1]);
    return options === undefined ? { ino, mtimeMs: 0 } : { ino: BigInt(ino), ctimeNs: BigInt(ctime) };
  };
  const fs = {
    statSync: stat,
    fstatSync: () => ({ nlink: 1, size: 0 }),
    openSync: (path: string) => {
      expect(path).toBe('/host/proc/31/stat');
      return 7;
    },
    readSync: (_: number, buffer: Uint8Array, offset: number, __: number, position: number) =>
      text.copy(buffer, offset, position),
    closeSync: () => undefined,
  };
  moveInto(namespace, { fs: fs as never, procfs: '/host/proc', passage: { enter: (path) => entered.push(path) } });
  return entered;
}

describe('moving into a network namespace', () => {
  it('enters a bound one by its path', () => {
    expect(moved(BOUND, { ino: 4711, ctime: 99 })).toEqual(['/run/netns/blue']);
  });

  it('enters one without a path through a process', () => {
    expect(moved(HELD, { ino: 4711, started: 555 })).toEqual(['/host/proc/31/ns/net']);
  });

  it.each([
    ['the path was bound to another one with the same inode', BOUND, { ino: 4711, ctime: 100 }],
    ['the path was bound to another one', BOUND, { ino: 4712, ctime: 99 }],
    ['the number of the process was reused', HELD, { ino: 4711, started: 556 }],
    ['the process has moved to another one', HELD, { ino: 4712, started: 555 }],
    ['it has neither a path nor a process', namespaceNamed('gone', { bound: undefined }), { ino: 4711 }],
  ])('fails when %s', (_, namespace, inside) => {
    expect(() => moved(namespace, inside)).toThrow(new ProblemError('namespace_gone', namespace.name));
  });

  it('passes on what keeps it out', () => {
    const closed = new ProblemError('namespace_closed', '/run/netns/blue', 'CAP_SYS_ADMIN is missing');
    const enter = (): never => {
      throw closed;
    };
    expect(() => moveInto(BOUND, { fs: {} as never, procfs: '/proc', passage: { enter } })).toThrow(closed);
  });
});
