import { Volume } from 'memfs';
import { describe, expect, it } from 'vitest';

import { UsageError } from '../../collector/base/errors.ts';
import { ConfigError } from '../../collector/config/error.ts';
import { type ConfigFileSystem, loadConfig } from '../../collector/config/load.ts';
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
  it("is that in the user's directory, rather than the stock one", async () => {
    const fs = files({ '/user/conntrack.conf': 'update_every: 7', '/stock/conntrack.conf': 'update_every: 9' });
    expect(await loadConfig(fs, undefined, DIRECTORIES)).toEqual({
      config: { ...defaultConfig(), update_every: 7 },
      file: '/user/conntrack.conf',
    });
  });

  it("is the stock one if the user's directory has none", async () => {
    const fs = files({ '/stock/conntrack.conf': 'update_every: 9' });
    expect(await loadConfig(fs, undefined, DIRECTORIES)).toEqual({
      config: { ...defaultConfig(), update_every: 9 },
      file: '/stock/conntrack.conf',
    });
  });

  it.each([
    ['neither directory has it', DIRECTORIES],
    ['the agent names no directory', [undefined, undefined]],
    ['the directories do not exist', ['/nowhere', '/nowhere/else']],
  ])('is replaced by the defaults if %s', async (_what, directories) => {
    expect(await loadConfig(files({}), undefined, directories)).toEqual({ config: defaultConfig(), file: undefined });
  });

  it('is the stock one if the agent names no other directory', async () => {
    const fs = files({ '/stock/conntrack.conf': 'mode: basic' });
    expect(await loadConfig(fs, undefined, [undefined, '/stock'])).toEqual({
      config: { ...defaultConfig(), mode: 'basic' },
      file: '/stock/conntrack.conf',
    });
  });

  it("is the stock one if the user's directory is not a directory", async () => {
    const fs = files({ '/file': 'not a directory', '/stock/conntrack.conf': 'mode: basic' });
    expect((await loadConfig(fs, undefined, ['/file', '/stock'])).file).toBe('/stock/conntrack.conf');
  });

  it('of the user replaces the whole stock one: what it leaves out has its default', async () => {
    const fs = files({ '/user/conntrack.conf': 'mode: basic', '/stock/conntrack.conf': 'update_every: 9' });
    expect((await loadConfig(fs, undefined, DIRECTORIES)).config).toEqual({ ...defaultConfig(), mode: 'basic' });
  });

  it('is the requested one, if there is a request', async () => {
    const fs = files({
      '/asked.yaml': 'update_every: 5',
      '/user/conntrack.conf': 'update_every: 7',
      '/stock/conntrack.conf': 'update_every: 9',
    });
    expect(await loadConfig(fs, '/asked.yaml', DIRECTORIES)).toEqual({
      config: { ...defaultConfig(), update_every: 5 },
      file: '/asked.yaml',
    });
  });

  it('must exist if it is requested', async () => {
    const fs = files({ '/user/conntrack.conf': 'update_every: 7' });
    const load = (): Promise<unknown> => loadConfig(fs, '/asked.yaml', DIRECTORIES);
    await expect(load()).rejects.toThrow(UsageError);
    await expect(load()).rejects.toThrow(/^\/asked\.yaml: cannot be read: ENOENT: no such file or directory$/);
  });

  it.each([
    ["the user's", '/user/conntrack.conf', undefined],
    ['the stock', '/stock/conntrack.conf', undefined],
    ['the requested', '/asked.yaml', '/asked.yaml'],
  ])('is an error that names it if %s file cannot be read', async (_which, path, asked) => {
    const load = (): Promise<unknown> => loadConfig(files({ [path]: undefined }), asked, DIRECTORIES);
    await expect(load()).rejects.toThrow(UsageError);
    await expect(load()).rejects.toThrow(new RegExp(`^${path}: cannot be read: EACCES: permission denied$`));
  });

  it('is an error, not missing, if it is a directory', async () => {
    const volume = new Volume();
    volume.mkdirSync('/user/conntrack.conf', { recursive: true });
    const fs: ConfigFileSystem = { readFileSync: (path, encoding) => String(volume.readFileSync(path, encoding)) };
    const load = (): Promise<unknown> => loadConfig(fs, undefined, DIRECTORIES);
    await expect(load()).rejects.toThrow(UsageError);
    await expect(load()).rejects.toThrow(/^\/user\/conntrack\.conf: cannot be read: EISDIR/);
  });

  it('is an error that names it if it is invalid, even if the stock one is valid', async () => {
    const fs = files({ '/user/conntrack.conf': '\nmode: full', '/stock/conntrack.conf': '' });
    await expect(loadConfig(fs, undefined, DIRECTORIES)).rejects.toThrow(
      new ConfigError('/user/conntrack.conf', [{ line: 2, text: 'mode: expected basic or advanced, got "full"' }]),
    );
  });
});
