/** A client of conntrackd that shares no code with the plugin's, and messages that a daemon counts as errors. */

import { connect } from 'node:net';
import { endianness } from 'node:os';

/** Messages for `ConntrackdLaboratory.send`; a daemon counts each as a different error. */
export const BAD_MESSAGES = {
  truncated: '000000',
  wrongVersion: 'f000000800000001',
  badSize: '100000c800000001',
  before: '100000100000000100080000ffff0001',
} as const;

/**
 * Sends a request to a daemon and reads its answer to the end: no bytes where the daemon has no such answer.
 *
 * @throws what connect() throws, or when there is no end within ten seconds.
 */
export async function askConntrackd(path: string, code: number): Promise<Buffer> {
  const socket = connect(path);
  // A client that connects and sends nothing blocks the daemon.
  const request = Buffer.alloc(4);
  if (endianness() === 'LE') request.writeInt32LE(code);
  else request.writeInt32BE(code);
  socket.setTimeout(10_000, () =>
    socket.destroy(new Error(`conntrackd at ${path}: request ${code}: no end of answer`)),
  );
  socket.write(request);
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part);
  return Buffer.concat(parts);
}
