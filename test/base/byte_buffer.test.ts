import { describe, expect, it } from 'vitest';

import { ByteBuffer } from '../../collector/base/byte_buffer.ts';

describe('a buffer of bytes', () => {
  it('holds what was added, in its order and of any size', () => {
    const buffer = new ByteBuffer();
    let expected = '';
    for (let round = 0; round < 2000; round++) {
      buffer.addAscii('tcp ');
      buffer.addInteger(round * 104_729);
      buffer.addText(' Zürich ☃ ');
      buffer.addBytes(Uint8Array.of(0x2d, 0xff));
      expected += `tcp ${round * 104_729} Zürich ☃ -\u00ff`;
    }
    const bytes = Buffer.concat(
      expected.split(/(\u00ff)/).map((part) => Buffer.from(part, part === '\u00ff' ? 'latin1' : 'utf8')),
    );
    expect(buffer.length).toBe(bytes.length);
    expect(buffer.take().equals(bytes)).toBe(true);
    expect(buffer.length).toBe(0);
  });

  it.each([0, 9, 10, 255, 65_535, -1, 2 ** 31 - 1, -(2 ** 31)])('writes the number %d in decimal', (value) => {
    const buffer = new ByteBuffer();
    buffer.addInteger(value);
    expect(buffer.take().toString()).toBe(String(value));
  });
});
