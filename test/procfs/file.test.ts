import { Volume } from 'memfs';
import { describe, expect, it, vi } from 'vitest';

import { OperationError } from '../../collector/base/errors.ts';
import { type FileSystem, KernelFile, readText } from '../../collector/procfs/file.ts';

const PATH = '/proc/sys/thing';

function fileSystem(text: string): { volume: Volume; fs: FileSystem } {
  const volume = Volume.fromJSON({ [PATH]: text });
  return { volume, fs: volume };
}

/** An error of the system. */
function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: something is wrong`), { code });
}

describe('a kernel file', () => {
  it('is read repeatedly from the start through one descriptor', () => {
    const { volume, fs } = fileSystem('one\n');
    const open = vi.spyOn(volume, 'openSync');
    const file = new KernelFile(fs, () => PATH);
    expect(file.read().toString()).toBe('one\n');
    volume.writeFileSync(PATH, 'another\n');
    expect(file.read().toString()).toBe('another\n');
    volume.writeFileSync(PATH, '3\n');
    expect(file.read().toString()).toBe('3\n');
    expect(open).toHaveBeenCalledTimes(1);
    expect(file.restarted).toBe(false);
  });

  it('can be much larger than the initial buffer, and grow', () => {
    const { volume, fs } = fileSystem('x'.repeat(64));
    const file = new KernelFile(fs, () => PATH, 16);
    expect(file.read()).toHaveLength(64);
    const text = Array.from({ length: 9000 }, (_, at) => String(at)).join(' ');
    volume.writeFileSync(PATH, text);
    expect(file.read().toString()).toBe(text);
  });

  it('is assembled from short reads', () => {
    const { volume, fs } = fileSystem('0123456789');
    const short: FileSystem = {
      ...bind(fs),
      readSync: (descriptor, buffer, offset, length, position) =>
        volume.readSync(descriptor, buffer, offset, Math.min(length, 3), position),
    };
    expect(new KernelFile(short, () => PATH).read().toString()).toBe('0123456789');
  });

  it('that is too large is an error', () => {
    const { fs } = fileSystem('');
    const endless: FileSystem = { ...bind(fs), readSync: (_descriptor, _buffer, _offset, length) => length };
    expect(() => new KernelFile(endless, () => PATH).read()).toThrow(/^read \/proc\/sys\/thing: larger than/);
  });

  it('that cannot be opened is an error with its path and the reason', () => {
    const file = new KernelFile(Volume.fromJSON({}), () => PATH);
    const thrown = capture(() => file.read());
    expect(thrown).toBeInstanceOf(OperationError);
    expect(thrown).toMatchObject({ code: 'ENOENT', message: expect.stringContaining(`open ${PATH}: ENOENT`) });
  });

  it('is reopened when it was replaced, without a restart', () => {
    const { volume, fs } = fileSystem('old');
    const file = new KernelFile(fs, () => PATH);
    file.read();
    volume.writeFileSync('/proc/sys/new', 'new');
    volume.renameSync('/proc/sys/new', PATH);
    // memfs keeps the link count of a replaced file; the kernel sets it to 0.
    const stale: FileSystem['fstatSync'] = () => ({ nlink: 0, size: 3 });
    const replaced = vi.spyOn(fs, 'fstatSync').mockImplementationOnce(stale);
    expect(file.read().toString()).toBe('new');
    expect(replaced).toHaveBeenCalled();
    expect(file.restarted).toBe(false);
  });

  it('that was empty is also reopened when it was replaced', () => {
    const { volume, fs } = fileSystem('');
    const file = new KernelFile(fs, () => PATH);
    expect(file.read()).toHaveLength(0);
    volume.writeFileSync('/proc/sys/new', 'new');
    volume.renameSync('/proc/sys/new', PATH);
    vi.spyOn(fs, 'fstatSync').mockImplementationOnce(() => ({ nlink: 0, size: 0 }));
    expect(file.read().toString()).toBe('new');
  });

  it('with text but no size is not checked for replacement', () => {
    const { volume, fs } = fileSystem('text');
    const asked = vi.spyOn(fs, 'fstatSync').mockImplementation(() => ({ nlink: 1, size: 0 }));
    const file = new KernelFile(fs, () => PATH);
    file.read();
    volume.writeFileSync(PATH, 'more');
    for (let reads = 0; reads < 9; reads++) expect(file.read().toString()).toBe('more');
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it('is reopened when its descriptor died, as a possible restart', () => {
    const { volume, fs } = fileSystem('before');
    const file = new KernelFile(fs, () => PATH);
    file.read();
    volume.writeFileSync(PATH, 'after');
    vi.spyOn(volume, 'readSync').mockImplementationOnce(() => {
      throw systemError('EIO');
    });
    expect(file.read().toString()).toBe('after');
    expect(file.restarted).toBe(true);
    expect(file.read().toString()).toBe('after');
    expect(file.restarted).toBe(false);
  });

  it('that keeps failing is an error with its code, and can be read once it works', () => {
    const { volume, fs } = fileSystem('text');
    const file = new KernelFile(fs, () => PATH);
    file.read();
    const read = vi.spyOn(volume, 'readSync').mockImplementation(() => {
      throw systemError('EIO');
    });
    const close = vi.spyOn(volume, 'closeSync');
    for (let tries = 0; tries < 3; tries++) {
      expect(capture(() => file.read())).toMatchObject({
        code: 'EIO',
        message: expect.stringContaining(`read ${PATH}`),
      });
    }
    // The kept descriptor, and that of each attempt.
    expect(close).toHaveBeenCalledTimes(4);
    read.mockRestore();
    expect(file.read().toString()).toBe('text');
  });

  it('has its path evaluated each time it is opened', () => {
    const volume = Volume.fromJSON({ '/a': 'first', '/b': 'second' });
    let path = '/a';
    const file = new KernelFile(volume, () => path);
    expect(file.read().toString()).toBe('first');
    path = '/b';
    expect(file.read().toString()).toBe('first');
    file.close();
    expect(file.read().toString()).toBe('second');
  });
});

describe('readText', () => {
  it('returns the whole text as UTF-8 and closes the file', () => {
    const { volume, fs } = fileSystem('/run/köln.ctl\n');
    const close = vi.spyOn(volume, 'closeSync');
    expect(readText(fs, PATH)).toBe('/run/köln.ctl\n');
    expect(close).toHaveBeenCalledTimes(1);
  });

  it.each(['openSync', 'readSync'] as const)('returns undefined when %s fails, and leaves nothing open', (call) => {
    const { volume, fs } = fileSystem('text\n');
    const [open, close] = [vi.spyOn(volume, 'openSync'), vi.spyOn(volume, 'closeSync')];
    vi.spyOn(volume, call).mockImplementation(() => {
      throw systemError('EACCES');
    });
    expect(readText(fs, PATH)).toBeUndefined();
    expect(close).toHaveBeenCalledTimes(call === 'openSync' ? 0 : open.mock.calls.length);
  });
});

function bind(fs: FileSystem): FileSystem {
  return {
    openSync: (path, flags) => fs.openSync(path, flags),
    readSync: (descriptor, buffer, offset, length, position) =>
      fs.readSync(descriptor, buffer, offset, length, position),
    fstatSync: (descriptor) => fs.fstatSync(descriptor),
    closeSync: (descriptor) => fs.closeSync(descriptor),
    statSync: (path) => fs.statSync(path),
  };
}

function capture(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}
