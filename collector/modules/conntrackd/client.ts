/** Asks conntrackd over its UNIX socket: one request a connection, answered with text to its end. */

import type { Socket } from 'node:net';

import { OperationError, SystemError } from '../../base/errors.ts';
import type { Runtime } from '../../base/runtime.ts';
import { type Request, requestBytes } from './request.ts';

/** No answer but that to `rsqueue` comes near this size, in bytes. */
const LARGEST = 1024 * 1024;
/** What is kept of an answer that has a line for each of many things: its beginning, in bytes. */
const BEGINNING = 4096;
const ETIMEDOUT = 110;

export interface ClientOptions {
  /** Connects to a UNIX socket. */
  readonly connect: (path: string) => Socket;
  readonly runtime: Runtime;
  /** Milliseconds that an answer may take. */
  readonly timeout: number;
}

export class Client {
  readonly #options: ClientOptions;
  readonly #sockets = new Set<Socket>();
  #isClosed = false;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /**
   * Asks the daemon that listens at `path`.
   *
   * @returns the answer, empty when the daemon has none in its mode; of `rsqueue` only the beginning.
   * @throws {OperationError} with the system's code; `ETIMEDOUT` when the answer does not end in time.
   */
  ask(path: string, request: Request): Promise<string> {
    const { connect, runtime, timeout } = this.#options;
    const most = request === 'rsqueue' ? BEGINNING : LARGEST;
    return new Promise((resolve, reject) => {
      const pieces: Buffer[] = [];
      let length = 0;
      if (this.#isClosed) throw new OperationError('ask', path, new Error('no more is asked'));
      const socket = connect(path);
      this.#sockets.add(socket);
      const cancel = runtime.later(timeout, () => fail(new SystemError(ETIMEDOUT)));
      const finish = (): void => {
        cancel();
        this.#sockets.delete(socket);
        socket.destroy();
      };
      const fail = (error: unknown): void => {
        finish();
        reject(new OperationError('ask', `${path} for ${request}`, error));
      };
      socket.on('error', fail);
      socket.on('data', (piece: Buffer) => {
        // The rest of a long answer is read all the same: the daemon waits until it is rid of it.
        if (length < most) pieces.push(piece);
        length += piece.length;
        if (length > most && request !== 'rsqueue') fail(new Error(`the answer is longer than ${most} bytes`));
      });
      socket.on('end', () => {
        finish();
        resolve(Buffer.concat(pieces).toString('latin1'));
      });
      // Whoever closes a client ends what it waits for; nobody is told.
      socket.on('close', finish);
      socket.write(requestBytes(request));
    });
  }

  /** Breaks off whatever is being asked, and asks no more. */
  close(): void {
    this.#isClosed = true;
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }
}
