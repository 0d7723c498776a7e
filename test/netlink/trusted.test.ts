import { Volume } from 'memfs';
import { describe, expect, it } from 'vitest';

import { OperationError } from '../../collector/base/errors.ts';
import { trustedFolder, UntrustedError } from '../../collector/netlink/trusted.ts';

const LIBRARY = '/usr/lib/netdata/plugins.d/conntrack-koffi';

/** A file system of root in which one directory has another owner or mode. */
function volumeWith(folder: string, { uid = 0, mode = 0o755 }): Volume {
  const volume = Volume.fromJSON({ [`${LIBRARY}/index.js`]: '' });
  for (let path = LIBRARY; path !== ''; path = path.slice(0, path.lastIndexOf('/'))) {
    volume.chownSync(path, 0, 0);
    volume.chmodSync(path, 0o755);
  }
  volume.chmodSync('/', 0o755);
  volume.chownSync('/', 0, 0);
  volume.chownSync(folder, uid, 0);
  volume.chmodSync(folder, mode);
  return volume;
}

describe('a directory', () => {
  it.each([
    ['it belongs to another user', LIBRARY, { uid: 997 }],
    ['a parent belongs to another user', '/usr/lib/netdata', { uid: 997 }],
    ['the group can write to a parent', '/usr/lib/netdata/plugins.d', { mode: 0o775 }],
    ['everyone can add files to it', LIBRARY, { mode: 0o1777 }],
    ['everyone can write to the root', '/', { mode: 0o777 }],
  ])('is not trusted if %s', (_why, folder, owner) => {
    const act = (): string => trustedFolder(volumeWith(folder, owner), LIBRARY);
    expect(act).toThrow(UntrustedError);
    expect(act).toThrow(`${LIBRARY}: users other than root can write to ${folder}`);
  });

  it.each([
    ['only root can write to it and its parents', LIBRARY, {}],
    ['a parent has the sticky bit', '/usr/lib', { mode: 0o1777 }],
  ])('is trusted if %s', (_why, folder, owner) => {
    expect(trustedFolder(volumeWith(folder, owner), LIBRARY)).toBe(LIBRARY);
  });

  it('is checked at its resolved path, which is returned, since a link can change', () => {
    const volume = volumeWith(LIBRARY, {});
    volume.symlinkSync(LIBRARY, '/conntrack-koffi');
    expect(trustedFolder(volume, '/conntrack-koffi')).toBe(LIBRARY);
    volume.chownSync('/usr', 997, 0);
    expect(() => trustedFolder(volume, '/conntrack-koffi')).toThrow(/root can write to \/usr$/);
  });

  it('that is missing throws the error of the system', () => {
    const act = (): string => trustedFolder(volumeWith(LIBRARY, {}), '/nowhere');
    expect(act).toThrow(OperationError);
    expect(act).toThrow('load /nowhere: ENOENT: ');
  });
});
