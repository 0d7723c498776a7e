/** Text as bytes in a buffer that is reused: leaves nothing to the garbage collector, unlike strings. */

const MINUS = 0x2d;
const DIGIT_0 = 0x30;
/** Digits and sign of a 32-bit number, in bytes. */
const LONGEST_NUMBER = 11;
/** A buffer that is larger than this many times its content is replaced: so much is added rarely. */
const SPACIOUS = 2;
/** The size of a new buffer, in the same measure: most contents are nearly as long as the one before. */
const ROOMY = 1.5;
/** Bytes of the smallest content that counts. */
const SMALL = 4096;

export class ByteBuffer {
  #buffer = Buffer.alloc(2 * SMALL);
  #length = 0;

  /** Bytes that were added. */
  get length(): number {
    return this.#length;
  }

  /** Appends any text, in UTF-8. */
  addText(text: string): void {
    this.#reserve(Buffer.byteLength(text));
    this.#length += this.#buffer.write(text, this.#length);
  }

  /** Appends a short text of ASCII. */
  addAscii(text: string): void {
    this.#reserve(text.length);
    const buffer = this.#buffer;
    let at = this.#length;
    // Faster than a call of write() for the length of a word.
    for (let place = 0; place < text.length; place++) buffer[at++] = text.charCodeAt(place);
    this.#length = at;
  }

  /** Appends a few bytes. */
  addBytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    const buffer = this.#buffer;
    let at = this.#length;
    // Faster than a call of copy() for the length of a line.
    for (let place = 0; place < bytes.length; place++) buffer[at++] = bytes[place] ?? 0;
    this.#length = at;
  }

  /** Appends a 32-bit number in decimal. */
  addInteger(value: number): void {
    this.#reserve(LONGEST_NUMBER);
    const buffer = this.#buffer;
    let start = this.#length;
    if (value < 0) buffer[start++] = MINUS;
    let end = start + 1;
    for (let rest = (value / 10) | 0; rest !== 0; rest = (rest / 10) | 0) end++;
    let rest = value;
    for (let place = end - 1; place >= start; place--) {
      const next = (rest / 10) | 0;
      buffer[place] = DIGIT_0 + Math.abs(rest - next * 10);
      rest = next;
    }
    this.#length = end;
  }

  /** Returns what was added and starts over: whatever is added next overwrites it. */
  take(): Buffer {
    const content = this.#buffer.subarray(0, this.#length);
    const counted = Math.max(this.#length, SMALL);
    if (this.#buffer.length > SPACIOUS * counted) this.#buffer = Buffer.alloc(Math.ceil(ROOMY * counted));
    this.#length = 0;
    return content;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.alloc(Math.ceil(ROOMY * (this.#length + bytes)));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
