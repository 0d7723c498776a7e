/**
 * Parses `/proc/net/{tcp,tcp6,udp,udp6}`: a line of headings, then a line per socket, which begins
 *
 *     ` 123: 0100007F:0277 00000000:0000 0A `
 *
 * with its number, local address and port, remote address and port, and state, all but the first in hexadecimal.
 * Addresses have 8 or 32 digits.
 * Source: `tcp4_seq_show` and similar functions in net/ipv4/{tcp_ipv4,udp}.c and net/ipv6/{tcp_ipv6,udp}.c of the kernel.
 */

import { FormatError } from '../../base/errors.ts';

const NEWLINE = 10;
const SPACE = 32;
const COLON = 58;
const PORT = 4;

/**
 * Skips the line of headings.
 *
 * @param lines whole lines.
 * @returns where the next line begins.
 * @throws {FormatError} when the first line is not that.
 */
export function skipHeadings(lines: Buffer): number {
  const end = lines.indexOf(NEWLINE);
  if (!/^\s*sl\s+local_address\s/.test(lines.toString('latin1', 0, end))) {
    throw new FormatError('expected a line of headings');
  }
  return end + 1;
}

/**
 * Reads the states of sockets.
 *
 * @param lines whole lines.
 * @param start where the first of them begins.
 * @param digits of an address, 8 or 32.
 * @param add called with the number of each socket's state.
 * @throws {FormatError} when a line is malformed.
 */
export function readStates(lines: Buffer, start: number, digits: number, add: (state: number) => void): void {
  // After the number of the socket: two addresses with their ports, each followed by a space.
  const peer = digits + 1 + PORT + 1;
  const offset = 2 * peer;
  for (let at = start; at < lines.length; ) {
    const colon = lines.indexOf(COLON, at);
    const first = colon + 2;
    const end = lines.indexOf(NEWLINE, at);
    const isWhole =
      colon > at &&
      first + offset + 2 < end &&
      lines[first - 1] === SPACE &&
      lines[first + digits] === COLON &&
      lines[first + peer - 1] === SPACE &&
      lines[first + peer + digits] === COLON &&
      lines[first + offset - 1] === SPACE &&
      lines[first + offset + 2] === SPACE;
    const state = isWhole ? hexadecimal(lines[first + offset], lines[first + offset + 1]) : undefined;
    if (state === undefined) {
      throw new FormatError(`not a socket: "${lines.toString('latin1', at, Math.min(end, at + 160))}"`);
    }
    add(state);
    at = end + 1;
  }
}

/** The value of two hexadecimal digits; `undefined` if they are not. */
function hexadecimal(high: number | undefined, low: number | undefined): number | undefined {
  const [first, second] = [digit(high), digit(low)];
  return first < 0 || second < 0 ? undefined : first * 16 + second;
}

function digit(byte = 0): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte & ~0x20;
  return letter >= 65 && letter <= 70 ? letter - 55 : -1;
}
