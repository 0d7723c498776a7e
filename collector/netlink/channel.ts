/**
 * A connection to the kernel as its users see it: a socket, or the recording of one.
 */

/** The same memory in units of different sizes. Netlink's own numbers are in the host's byte order. */
export interface Memory {
  readonly bytes: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
}

/** The views of a buffer whose size is a multiple of 4. */
export function memoryOf(buffer: ArrayBuffer): Memory {
  return { bytes: new Uint8Array(buffer), u16: new Uint16Array(buffer), u32: new Uint32Array(buffer) };
}

export interface Channel {
  /** Receives the datagrams. */
  readonly memory: Memory;
  /**
   * Sends a request.
   *
   * @throws {OperationError}
   */
  send(request: Uint8Array): void;
  /**
   * Receives the queued datagrams, overwriting the previous ones. Never blocks.
   *
   * @returns how many datagrams; 0 if none is queued.
   * @throws {OperationError} of code `ENOBUFS`, once, when the kernel dropped datagrams because the buffer was full.
   */
  receive(): number;
  /** The offset of a received datagram in the memory; a multiple of 4. */
  start(index: number): number;
  /** The offset of its end. */
  end(index: number): number;
  close(): void;
}
