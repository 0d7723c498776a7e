import { Volume } from 'memfs';
import { describe, expect, it } from 'vitest';

import { UsageError } from '../../collector/base/errors.ts';
import { type ConfigFileSystem, loadConfig } from '../../collector/config/load.ts';
import { ConfigError } from '../../collector/config/parse.ts';
import { defaultConfig } from '../../collector/config/schema.ts';

/** A file system with these files; one whose text is `undefined` cannot be read. */
function files(texts: Readonly<Record<string, string | undefined>>): ConfigFileSystem {
  const volume = new Volume();
  volume.mkdirSync('/user', { recursive: true });
  volume.mkdirSync('/stock', { recursive: true });
  for (const [path, text] of Object.entries(texts)) volume.writeFileSync(path, text ?? '');
  return {
    readFileSync: (path, encoding) => {
      if (path in texts && texts[path] === undefined) throw denied(path);
      return String(volume.readFileSync(path, encoding));
    },
  };
}

function denied(path: string): Error {
  return Object.assign(new Error(`EACCES: permission denied, open '${path}'`), { code: 'EACCES' });
}

const DIRECTORIES = ['/user', '/stock'];

describe('the configuration file', () => {
  it("is that in the user's directory, rather than the stock one", () => {
    const fs = files({ '/user/conntrack.conf': 'update_every: 7', '/stock/conntrack.conf': 'update_every: 9' });
    expect(loadConfig(fs, undefined, DIRECTORIES)).toEqual({
      config: { ...defaultConfig(), update_every: 7 },
      file: '/user/conntrack.conf',
    });
  });

  it("is the stock one if the user's directory has none", () => {
    const fs = files({ '/stock/conntrack.conf': 'update_every: 9' });
    expect(loadConfig(fs, undefined, DIRECTORIES)).toEqual({
      config: { ...defaultConfig(), update_every: 9 },
      file: '/stock/conntrack.conf',
    });
  });

  it.each([
    ['neither directory has it', DIRECTORIES],
    ['the agent names no directory', [undefined, undefined]],
    ['the directories do not exist', ['/nowhere', '/nowhere/else']],
  ])('is replaced by the defaults if %s', (_what, directories) => {
    expect(loadConfig(files({}), undefined, directories)).toEqual({ config: defaultConfig(), file: undefined });
  });

  it('is the stock one if the agent names no other directory', () => {
    const fs = files({ '/stock/conntrack.conf': 'mode: basic' });
    expect(loadConfig(fs, undefined, [undefined, '/stock'])).toEqual({
      config: { ...defaultConfig(), mode: 'basic' },
      file: '/stock/conntrack.conf',
    });
  });

  it("is the stock one if the user's directory is not a directory", () => {
    const fs = files({ '/file': 'not a directory', '/stock/conntrack.conf': 'mode: basic' });
    expect(loadConfig(fs, undefined, ['/file', '/stock']).file).toBe('/stock/conntrack.conf');
  });

  it('of the user replaces the whole stock one: what it leaves out has its default', () => {
    const fs = files({ '/user/conntrack.conf': 'mode: basic', '/stock/conntrack.conf': 'update_every: 9' });
    expect(loadConfig(fs, undefined, DIRECTORIES).config).toEqual({ ...defaultConfig(), mode: 'basic' });
  });

  it('is the requested one, if there is a request', () => {
    const fs = files({
      '/asked.yaml': 'update_every: 5',
      '/user/conntrack.conf': 'update_every: 7',
      '/stock/conntrack.conf': 'update_every: 9',
    });
    expect(loadConfig(fs, '/asked.yaml', DIRECTORIES)).toEqual({
      config: { ...defaultConfig(), update_every: 5 },
      file: '/asked.yaml',
    });
  });

  it('must exist if it is requested', () => {
    const fs = files({ '/user/conntrack.conf': 'update_every: 7' });
    const load = (): unknown => loadConfig(fs, '/asked.yaml', DIRECTORIES);
    expect(load).toThrow(UsageError);
    expect(load).toThrow(/^\/asked\.yaml: cannot be read: ENOENT: no such file or directory/);
  });

  it.each([
    ["the user's", '/user/conntrack.conf', undefined],
    ['the stock', '/stock/conntrack.conf', undefined],
    ['the requested', '/asked.yaml', '/asked.yaml'],
  ])('is an error that names it if %s file cannot be read', (_which, path, asked) => {
    const load = (): unknown => loadConfig(files({ [path]: undefined }), asked, DIRECTORIES);
    expect(load).toThrow(UsageError);
    expect(load).toThrow(`${path}: cannot be read: EACCES: permission denied, open '${path}'`);
  });

  it('is an error, not missing, if it is a directory', () => {
    const volume = new Volume();
    volume.mkdirSync('/user/conntrack.conf', { recursive: true });
    const fs: ConfigFileSystem = { readFileSync: (path, encoding) => String(volume.readFileSync(path, encoding)) };
    const load = (): unknown => loadConfig(fs, undefined, DIRECTORIES);
    expect(load).toThrow(UsageError);
    expect(load).toThrow(/^\/user\/conntrack\.conf: cannot be read: EISDIR/);
  });

  it('is an error that names it if it is invalid, even if the stock one is valid', () => {
    const fs = files({ '/user/conntrack.conf': '\nmode: full', '/stock/conntrack.conf': '' });
    expect(() => loadConfig(fs, undefined, DIRECTORIES)).toThrow(
      new ConfigError('/user/conntrack.conf', [{ line: 2, text: 'mode: expected basic or advanced, got "full"' }]),
    );
  });
});
