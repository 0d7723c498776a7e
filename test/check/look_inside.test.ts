import { Volume } from 'memfs';
import { describe, expect, it } from 'vitest';
import { OperationError, SystemError } from '../../collector/base/errors.ts';
import { lookInside, type NamespaceSource } from '../../collector/check/look_inside.ts';
import { ProblemError } from '../../collector/modules/problem.ts';
import type { Entrance } from '../../collector/namespaces/namespace.ts';
import { namespaceNamed } from '../helpers/fake_namespaces.ts';

const TEXT = 'entries  searched found\n0000002f  00000000 00000001\n0000002f  00000000 00000002\n';
const volume = Volume.fromJSON({ '/blue': TEXT, '/torn': 'entries\n0000', '/own/net': '' });

interface Scene {
  /** The file that opening gives, or why it fails. */
  readonly open?: string | Error;
  readonly enter?: Error;
  readonly inside?: Error;
}

function looked({ enter, inside, open = '/blue' }: Scene, isEntered = false) {
  let isClosed = false;
  const opened: string[] = [];
  const entrance: Entrance = {
    via: 'process 7 (x)',
    directory: '/proc/7/net',
    settings: '',
    openSetting: () => {
      throw new TypeError('not a setting');
    },
    open: (name) => {
      opened.push(name);
      if (typeof open !== 'string') throw open;
      return volume.openSync(open, 'r');
    },
    inside: (action) => {
      if (inside !== undefined) throw inside;
      return action();
    },
    verify: () => undefined,
    close: () => {
      isClosed = true;
    },
  };
  const source: NamespaceSource = {
    find: () =>
      (function* () {
        yield;
        return { namespaces: [namespaceNamed('blue')], hidden: [{ path: '/run/docker/netns/1', error: 'EACCES' }] };
      })(),
    enter: () => {
      if (enter !== undefined) throw enter;
      return entrance;
    },
  };
  return { ...lookInside(volume, source, () => isEntered), opened, isClosed };
}

describe('a look inside', () => {
  it('reads the entries through the entrance, closes it, and passes on what is hidden', () => {
    const { hidden, isClosed, looked: all, opened } = looked({});
    expect(all).toMatchObject([{ via: 'process 7 (x)', entries: 0x2f, problem: undefined, closed: undefined }]);
    expect(opened).toEqual(['stat/nf_conntrack']);
    expect(isClosed).toBe(true);
    expect(hidden).toHaveLength(1);
  });

  it('leaves out a namespace that is gone by then', () => {
    expect(looked({ enter: new ProblemError('namespace_gone', 'blue') }).looked).toEqual([]);
    expect(looked({ open: new ProblemError('namespace_gone', 'blue') }).looked).toEqual([]);
  });

  it.each([
    ['namespace_hidden', { enter: new ProblemError('namespace_hidden', '/run/netns/blue', 'EACCES') }],
    ['namespace_closed', { open: new ProblemError('namespace_closed', '/run/netns/blue', 'x') }],
    ['file_missing', { open: new OperationError('open', '/proc/7/net/stat/nf_conntrack', new SystemError(2)) }],
    ['malformed_file', { open: '/torn' }],
  ] as const)('has the problem %s', (code, scene) => {
    const [one] = looked(scene).looked;
    expect(one).toMatchObject({ entries: undefined, problem: { code, loses: 'all' } });
  });

  it('tries sockets only where they are needed', () => {
    const inside = new ProblemError('namespace_closed', 'process 7', 'it is bound to no path');
    expect(looked({ inside }).looked[0]).toMatchObject({ entries: 0x2f, closed: undefined });
    expect(looked({ inside }, true).looked[0]).toMatchObject({ entries: 0x2f, closed: { code: 'namespace_closed' } });
  });
});
