import { constants } from 'node:fs';
import fc from 'fast-check';
import { Volume } from 'memfs';
import { describe, expect, it, vi } from 'vitest';

import { FormatError, OperationError } from '../../collector/base/errors.ts';
import type { FileSystem } from '../../collector/procfs/file.ts';
import { LineFile } from '../../collector/procfs/lines.ts';
import { capture } from '../helpers/capture.ts';

const PATH = '/proc/net/list';
const SIZE = 64 * 1024;

/** A file system with this file, whose reads return at most these sizes, in turn. */
function volumeOf(text: string | Buffer, ...sizes: readonly number[]): Volume {
  const volume = Volume.fromJSON({ '/proc/net/other': 'another file\n' });
  volume.writeFileSync(PATH, text);
  const read: FileSystem['readSync'] = volume.readSync.bind(volume);
  let reads = 0;
  const short: FileSystem['readSync'] = (descriptor, buffer, offset, length, position) => {
    const most = sizes[reads++ % sizes.length] ?? length;
    return read(descriptor, buffer, offset, Math.min(length, most), position);
  };
  vi.spyOn<FileSystem, 'readSync'>(volume, 'readSync').mockImplementation(short);
  return volume;
}

/** The open file. */
function opened(volume: Volume): LineFile {
  const file = new LineFile(volume);
  file.open(PATH);
  return file;
}

/** The remaining pieces. */
function pieces(file: LineFile): string[] {
  const found: string[] = [];
  for (let lines = file.next(); lines !== undefined; lines = file.next()) found.push(lines.toString('latin1'));
  return found;
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: something is wrong`), { code });
}

/**
 * A kernel file as fs/seq_file.c produces it: as many whole lines as fit into a page, and no size. Reading past its end
 * repeats lines, as for sockets.
 */
function kernelFile(lines: readonly string[], page: number): { fs: FileSystem; reads: number[] } {
  const reads: number[] = [];
  const text = lines.join('');
  const pageAt = (position: number): string => text.slice(position, text.lastIndexOf('\n', position + page - 1) + 1);
  const fs: FileSystem = {
    openSync: () => 7,
    readSync: (_, buffer, offset, __, position) => {
      reads.push(position);
      return Buffer.from(position < text.length ? pageAt(position) : 'repeated\n').copy(buffer, offset);
    },
    fstatSync: () => ({ nlink: 1, size: 0 }),
    closeSync: () => undefined,
    statSync: () => ({ ino: 1, mtimeMs: 1 }),
  };
  return { fs, reads };
}

/** A kernel file whose reads return these pieces, wherever they end. */
function torn(...texts: readonly string[]): FileSystem {
  const left = [...texts];
  return {
    ...kernelFile([], 4096).fs,
    readSync: (_, buffer, offset) => Buffer.from(left.shift() ?? '').copy(buffer, offset),
  };
}

describe('a kernel file', () => {
  const line = (length: number): string => `${'x'.repeat(length - 1)}\n`;
  const lineFile = (fs: FileSystem): LineFile => {
    const file = new LineFile(fs);
    file.open(PATH);
    return file;
  };

  it.each([4096, 65_536])('in pages of %i bytes ends where a page has room for more lines', (page) => {
    const lines = Array.from({ length: 880 }, () => line(150));
    const { fs, reads } = kernelFile(lines, page);
    const found = pieces(lineFile(fs));
    expect(found.join('')).toBe(lines.join(''));
    expect(reads).toHaveLength(found.length);
  });

  it('is read further after a page that may be full', () => {
    const { fs, reads } = kernelFile([line(3584)], 4096);
    const file = lineFile(fs);
    expect([file.next()?.length, file.next()?.toString()]).toEqual([3584, 'repeated\n']);
    expect(reads).toEqual([0, 3584]);
  });

  it('is not read further after a page that is not full, until it is reopened', () => {
    const { fs, reads } = kernelFile([line(3583)], 4096);
    const file = lineFile(fs);
    expect([file.next()?.length, file.next(), file.next()]).toEqual([3583, undefined, undefined]);
    file.open(PATH);
    expect([file.next()?.length, file.next()]).toEqual([3583, undefined]);
    expect(reads).toEqual([0, 0]);
  });

  /** Lines of 150 bytes with this total; the last one can be longer. */
  const bytesOfLines = (bytes: number): string[] => {
    const count = Math.floor(bytes / 150);
    return [...Array.from({ length: count - 1 }, () => line(150)), line(bytes - 150 * (count - 1))];
  };

  it.each([
    [65_536, 65_400],
    [16_384, 16_350],
    [8192, 8100],
  ])('in pages of %i bytes ends at a piece that is clearly smaller than another one', (page, largest) => {
    const readAfter = (last: number): string => {
      const { fs } = kernelFile([...bytesOfLines(largest), ...bytesOfLines(last)], page);
      const file = lineFile(fs);
      expect([file.next()?.length, file.next()?.length]).toEqual([largest, last]);
      return file.next()?.toString() ?? 'nothing';
    };
    expect(readAfter(4000)).toBe('nothing');
    expect(readAfter(largest - 513)).toBe('nothing');
    expect(readAfter(largest - 512)).toBe('repeated\n');
    expect(readAfter(largest)).toBe('repeated\n');
  });

  it('ends by comparison with its largest piece, not its last', () => {
    // 3700 bytes are few after 4500, but not after 4100.
    const file = lineFile(torn(line(4000), line(4500), line(4100), line(3700), 'repeated\n'));
    const lengths = pieces(file).map((piece) => piece.length);
    expect(lengths).toEqual([4000, 4500, 4100, 3700]);
  });

  it.each([4096, 8192, 16_384, 65_536])('in pages of %i bytes is read completely, whatever its lines', (page) => {
    const lengths = fc.array(fc.integer({ min: 1, max: 512 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 20 }), (some, times) => {
        const lines = Array.from({ length: times }, () => some).flatMap((of) => of.map(line));
        const file = lineFile(kernelFile(lines, page).fs);
        const whole = lines.join('');
        let came = '';
        for (let piece = file.next(); piece !== undefined; piece = file.next()) {
          came += piece.toString();
          // The kernel repeats it forever.
          if (came.length > whole.length) break;
        }
        expect(came.startsWith(whole)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('is not compared with the previous file', () => {
    const large = kernelFile(bytesOfLines(65_400), 65_536);
    const small = kernelFile([line(4000), line(4000), line(100)], 4096);
    const fs: FileSystem = {
      ...large.fs,
      openSync: (path) => (path === PATH ? 7 : 8),
      readSync: (descriptor, ...rest) => (descriptor === 7 ? large : small).fs.readSync(descriptor, ...rest),
    };
    const file = lineFile(fs);
    expect(file.next()).toHaveLength(65_400);
    file.open('/proc/net/other');
    expect(pieces(file).map((piece) => piece.length)).toEqual([4000, 4000, 100]);
  });

  it.each([
    ['in a line', ['first\nsec', 'ond\n'], ['first\n', 'second\n']],
    ['in its first line', ['fir', 'st\nsecond\n'], ['first\nsecond\n']],
  ])('does not end where a short piece ends %s', (_, texts, found) => {
    expect(pieces(lineFile(torn(...texts)))).toEqual(found);
  });
});

describe('a file of lines', () => {
  it('that is short is one piece, and then ends, however often it is read', () => {
    const file = opened(volumeOf('one\ntwo\n\nthree\n'));
    expect(file.next()?.toString()).toBe('one\ntwo\n\nthree\n');
    expect([file.next(), file.next()]).toEqual([undefined, undefined]);
  });

  it('that is empty has no piece', () => {
    expect(pieces(opened(volumeOf('')))).toEqual([]);
  });

  it('is returned in whole lines, wherever the reads end', () => {
    expect(pieces(opened(volumeOf('first\nsecond\n3\n', 2)))).toEqual(['first\n', 'second\n', '3\n']);
    expect(pieces(opened(volumeOf('first\nsecond\n3\n', 8)))).toEqual(['first\n', 'second\n3\n']);
    expect(pieces(opened(volumeOf('first\nsecond\n3\n', 6, 1)))).toEqual(['first\n', 'second\n', '3\n']);
  });

  it('that is much longer than the buffer returns each line once', () => {
    const lines = Array.from({ length: 40_000 }, (_, number) => `${number} ${'x'.repeat(number % 90)}\n`);
    const found = pieces(opened(volumeOf(lines.join(''))));
    expect(found.length).toBeGreaterThan(20);
    expect(Math.max(...found.map((piece) => piece.length))).toBeLessThanOrEqual(SIZE);
    expect(found.join('') === lines.join('')).toBe(true);
  });

  it('is returned complete and in order, in pieces of whole lines, whatever the reads', () => {
    const text = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\0', '\xff'), maxLength: 40 }), {
      maxLength: 60,
    });
    const sizes = fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(text, sizes, (lines, most) => {
        const whole = lines.map((line) => `${line}\n`).join('');
        const found = pieces(opened(volumeOf(Buffer.from(whole, 'latin1'), ...most)));
        expect(found.join('')).toBe(whole);
        for (const piece of found) expect(piece.endsWith('\n')).toBe(true);
      }),
    );
  });

  it.each([1, 7, SIZE])('that ends within a line is an error after the whole lines (%i bytes per read)', (size) => {
    const file = opened(volumeOf('whole\nalso whole\ncut of', size));
    let came = '';
    const act = (): void => {
      for (let lines = file.next(); lines !== undefined; lines = file.next()) came += lines.toString();
    };
    const thrown = capture(act);
    expect(came).toBe('whole\nalso whole\n');
    expect(thrown).toEqual(new FormatError('the last line is cut off'));
  });

  it('can have a line as long as the buffer, wherever it starts', () => {
    const longest = `${'y'.repeat(SIZE - 1)}\n`;
    const found = pieces(opened(volumeOf(`before\n${longest}after\n`)));
    expect(found.map((piece) => piece.length)).toEqual([7, SIZE, 6]);
  });

  it.each([SIZE, 3 * SIZE])('with a line of %i bytes before its newline is refused', (length) => {
    const file = opened(volumeOf(`before\n${'z'.repeat(length)}\nafter\n`));
    expect(file.next()?.toString()).toBe('before\n');
    expect(capture(() => file.next())).toEqual(new FormatError('a line is longer than 65536 bytes'));
  });

  it('is never held completely: all pieces share one buffer', () => {
    const file = opened(volumeOf('0123456\n'.repeat(50_000)));
    const memories = new Set<ArrayBufferLike>();
    for (let lines = file.next(); lines !== undefined; lines = file.next()) memories.add(lines.buffer);
    expect(memories.size).toBe(1);
  });

  it('that changes while being read is continued where the last read ended', () => {
    const volume = volumeOf('aaaa\nbbbb\n', 5);
    const file = opened(volume);
    expect(file.next()?.toString()).toBe('aaaa\n');
    volume.writeFileSync(PATH, 'AAAA\nBBBB\nCCCC\n');
    expect(pieces(file)).toEqual(['BBBB\n', 'CCCC\n']);
  });

  it('is opened read-only and non-blocking', () => {
    const volume = volumeOf('text\n');
    const open = vi.spyOn(volume, 'openSync');
    opened(volume);
    expect(open.mock.calls).toEqual([[PATH, constants.O_RDONLY | constants.O_NONBLOCK]]);
  });

  it.each(['ENOENT', 'EACCES'])('that cannot be opened is an error with its path and %s', (code) => {
    const volume = volumeOf('text\n');
    vi.spyOn(volume, 'openSync').mockImplementation(() => {
      throw systemError(code);
    });
    const thrown = capture(() => opened(volume));
    expect(thrown).toBeInstanceOf(OperationError);
    expect(thrown).toMatchObject({ code, message: `open ${PATH}: ${code}: something is wrong` });
  });

  it('that cannot be read is an error with its path and the reason', () => {
    const volume = volumeOf('text\n');
    const file = opened(volume);
    vi.mocked(volume.readSync).mockImplementation(() => {
      throw systemError('EIO');
    });
    const thrown = capture(() => file.next());
    expect(thrown).toBeInstanceOf(OperationError);
    expect(thrown).toMatchObject({ code: 'EIO', message: `read ${PATH}: EIO: something is wrong` });
  });

  it('can be reopened, or another one opened, before it is read to the end', () => {
    const volume = volumeOf('first\nsecond\n', 8);
    const close = vi.spyOn(volume, 'closeSync');
    const file = opened(volume);
    file.next();
    file.open(PATH);
    expect(close).toHaveBeenCalledTimes(1);
    expect(pieces(file).join('')).toBe('first\nsecond\n');
    file.open('/proc/net/other');
    expect(pieces(file).join('')).toBe('another file\n');
    expect(close).toHaveBeenCalledTimes(2);
  });

  it('can be reopened after an error', () => {
    const volume = volumeOf('cut');
    const file = opened(volume);
    expect(() => file.next()).toThrow(FormatError);
    volume.writeFileSync(PATH, 'whole\n');
    file.open(PATH);
    expect(pieces(file)).toEqual(['whole\n']);
  });

  it('that is closed cannot be read, and is closed once', () => {
    const volume = volumeOf('text\n');
    const close = vi.spyOn(volume, 'closeSync');
    const file = opened(volume);
    file.close();
    file.close();
    expect(close).toHaveBeenCalledTimes(1);
    expect(() => file.next()).toThrow(`read ${PATH}: it is closed`);
  });

  it('that cannot be closed is not an error', () => {
    const volume = volumeOf('text\n');
    vi.spyOn(volume, 'closeSync').mockImplementation(() => {
      throw systemError('EIO');
    });
    const file = opened(volume);
    expect(() => file.close()).not.toThrow();
    file.open(PATH);
    expect(pieces(file)).toEqual(['text\n']);
  });
});
