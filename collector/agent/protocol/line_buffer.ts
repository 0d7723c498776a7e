/**
 * Lines of one tick in a buffer that is reused.
 *
 * V8 interprets code that runs once a second for minutes, and joins strings much faster than it interprets a loop over
 * bytes. The thousands of lines of a large host soon have that loop compiled; as strings they would leave several times
 * their size to the garbage collector. So the first lines are joined as strings, and the others are written as bytes.
 */

const NEWLINE = 0x0a;
const MINUS = 0x2d;
const DIGIT_0 = 0x30;
/** Digits, sign and newline of a 32-bit number, in bytes. */
const LONGEST_NUMBER = 12;
/** A buffer that is larger than this many times its lines is replaced: the tick that defines thousands of charts is rare. */
const SPACIOUS = 2;
/** The size of a new buffer, in the same measure: the lengths of most ticks differ in a few digits. */
const ROOMY = 1.5;
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
  /** What follows the {@link #length} bytes in the buffer. */
  #text = '';
  #buffer = Buffer.alloc(2 * JOINED);
  #length = 0;

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
      this.#addInteger(value | 0);
    }
  }

  /** Returns the lines in UTF-8 and starts over: whatever is added next overwrites them. */
  take(): Buffer {
    this.#flush();
    const lines = this.#buffer.subarray(0, this.#length);
    if (this.#buffer.length > SPACIOUS * Math.max(this.#length, JOINED))
      this.#buffer = Buffer.alloc(Math.ceil(ROOMY * this.#length));
    this.#length = 0;
    return lines;
  }

  get #isShort(): boolean {
    return this.#length + this.#text.length < JOINED;
  }

  /** Appends bytes, and reserves room for a number after them. */
  #addBytes(bytes: Buffer): void {
    if (this.#text !== '') this.#flush();
    this.#reserve(bytes.length + LONGEST_NUMBER);
    const buffer = this.#buffer;
    let at = this.#length;
    // Faster than a call of copy() for the length of a line.
    for (let place = 0; place < bytes.length; place++) buffer[at++] = bytes[place] ?? 0;
    this.#length = at;
  }

  #addInteger(value: number): void {
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
    buffer[end] = NEWLINE;
    this.#length = end + 1;
  }

  /** Moves the text to the buffer. */
  #flush(): void {
    this.#reserve(this.#text.length * 3);
    this.#length += this.#buffer.write(this.#text, this.#length);
    this.#text = '';
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.alloc(Math.ceil(ROOMY * (this.#length + bytes)));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
