/**
 * Lines of one tick in a buffer that is reused. A tick of a large host has thousands of lines; building them as strings
 * leaves several times their size to the garbage collector.
 */

const NEWLINE = 0x0a;
const MINUS = 0x2d;
const DIGIT_0 = 0x30;
/** Digits, sign and newline of a 32-bit number, in bytes. */
const LONGEST_NUMBER = 12;

export class LineBuffer {
  #buffer = Buffer.alloc(4096);
  #length = 0;

  /** Appends any text. */
  addText(text: string): void {
    this.#reserve(text.length * 3);
    this.#length += this.#buffer.write(text, this.#length);
  }

  /** Appends text that was encoded before. */
  addBytes(bytes: Buffer): void {
    this.#reserve(bytes.length);
    const buffer = this.#buffer;
    let at = this.#length;
    // Faster than a call of copy() for the length of a line.
    for (let place = 0; place < bytes.length; place++) buffer[at++] = bytes[place] ?? 0;
    this.#length = at;
  }

  /** Appends a line: its encoded start, and a number. */
  addLine(start: Buffer, value: number): void {
    this.addBytes(start);
    // Digit by digit where 32-bit arithmetic holds, which is nearly always.
    if ((value | 0) === value) this.#addInteger(value | 0);
    else this.addText(String(value));
    this.#reserve(1);
    this.#buffer[this.#length++] = NEWLINE;
  }

  /** Returns the lines in UTF-8 and starts over: whatever is added next overwrites them. */
  take(): Buffer {
    const lines = this.#buffer.subarray(0, this.#length);
    this.#length = 0;
    return lines;
  }

  #addInteger(value: number): void {
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

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.alloc(2 * (this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
