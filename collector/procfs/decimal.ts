import { FormatError } from '../base/errors.ts';

const ZERO = 0x30;
const NINE = 0x39;
const NEWLINE = 0x0a;

/**
 * Parses a file below `/proc/sys` that holds one unsigned decimal number and a newline.
 *
 * @throws {FormatError} for anything else, and for a number above `Number.MAX_SAFE_INTEGER`.
 */
export function parseDecimal(text: Uint8Array): number {
  const end = text.at(-1) === NEWLINE ? text.length - 1 : text.length;
  let value = 0;
  for (let at = 0; at < end; at++) {
    const byte = text[at] ?? 0;
    if (byte < ZERO || byte > NINE) throw new FormatError(`byte 0x${byte.toString(16)} is not a decimal digit`);
    value = value * 10 + (byte - ZERO);
  }
  if (end === 0) throw new FormatError('empty');
  if (value > Number.MAX_SAFE_INTEGER) throw new FormatError('number too large');
  return value;
}
