/**
 * Lines of one tick in a buffer that is reused.
 *
 * V8 interprets code that runs once a second for minutes, and joins strings much faster than it interprets a loop over
 * bytes. The thousands of lines of a large host soon have that loop compiled; as strings they would leave several times
 * their size to the garbage collector. So the first lines are joined as strings, and the others are written as bytes.
 */

import { ByteBuffer } from '../base/byte_buffer.ts';

/** Characters that are joined as strings: the lines of most hosts. */
const JOINED = 4096;

/** Text that is appended often, in both forms. */
export interface Encoded {
  readonly text: string;
  readonly bytes: Buffer;
}

export function encode(text: string): Encoded {
  return { text, bytes: Buffer.from(text) };
}

export class LineBuffer {
  /** What follows the bytes. */
  #text = '';
  readonly #bytes = new ByteBuffer();

  /** Appends any text. */
  addText(text: string): void {
    this.#text += text;
  }

  addEncoded({ bytes, text }: Encoded): void {
    if (this.#isShort) this.#text += text;
    else this.#addBytes(bytes);
  }

  /** Appends a line: its start, and a number. */
  addLine({ bytes, text }: Encoded, value: number): void {
    if (this.#isShort || (value | 0) !== value) {
      this.#text += `${text}${value}\n`;
    } else {
      this.#addBytes(bytes);
      this.#bytes.addInteger(value | 0);
      this.#bytes.addAscii('\n');
    }
  }

  /** Returns the lines in UTF-8 and starts over: whatever is added next overwrites them. */
  take(): Buffer {
    this.#flush();
    return this.#bytes.take();
  }

  get #isShort(): boolean {
    return this.#bytes.length + this.#text.length < JOINED;
  }

  #addBytes(bytes: Buffer): void {
    if (this.#text !== '') this.#flush();
    this.#bytes.addBytes(bytes);
  }

  /** Moves the text to the bytes. */
  #flush(): void {
    this.#bytes.addText(this.#text);
    this.#text = '';
  }
}
