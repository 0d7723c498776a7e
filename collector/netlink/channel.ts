/**
 * What talks to the kernel, as those see it who ask and read the answers: a socket, or a recording of one.
 */

/** One stretch of memory, to be read in units of any size. Netlink's own numbers are in the host's byte order. */
export interface Memory {
  readonly bytes: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
}

/** The views of a stretch of memory whose size is a multiple of 4. */
export function memoryOf(buffer: ArrayBuffer): Memory {
  return { bytes: new Uint8Array(buffer), u16: new Uint16Array(buffer), u32: new Uint32Array(buffer) };
}

export interface Channel {
  /** Where datagrams are received into. */
  readonly memory: Memory;
  /**
   * Sends a request.
   *
   * @throws {OperationError}
   */
  send(request: Uint8Array): void;
  /**
   * Receives what is waiting, over what was received before, and never waits for more.
   *
   * @returns how many datagrams; 0 when none is waiting.
   * @throws {OperationError} of code `ENOBUFS`, once, when the kernel had to drop some for want of room.
   */
  receive(): number;
  /** Where in the memory a received datagram begins; a multiple of 4. */
  start(index: number): number;
  /** Where it ends. */
  end(index: number): number;
  close(): void;
}
