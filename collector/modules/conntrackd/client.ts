/** A client of conntrackd's UNIX socket: one request per connection; the reply is text until the connection closes. */

import type { Socket } from 'node:net';

import { OperationError, SystemError } from '../../base/errors.ts';
import type { Runtime } from '../../base/runtime.ts';
import { type Request, requestBytes } from './request.ts';

/** Largest reply in bytes; only `rsqueue` comes near. */
const LARGEST = 1024 * 1024;
/** How much of the reply to `rsqueue` is kept, in bytes: it has one line per message. */
const BEGINNING = 4096;
const ETIMEDOUT = 110;

export interface ClientOptions {
  /** Connects to a UNIX socket. */
  readonly connect: (path: string) => Socket;
  readonly runtime: Runtime;
  /** Milliseconds to wait for the end of a reply. */
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
   * Sends a request to the daemon that listens at `path`.
   *
   * @returns the reply, empty if the daemon's mode has none; of `rsqueue` only the beginning.
   * @throws {OperationError} with the system's error code; `ETIMEDOUT` when the reply does not end in time.
   */
  ask(path: string, request: Request): Promise<string> {
    const { connect, runtime, timeout } = this.#options;
    const most = request === 'rsqueue' ? BEGINNING : LARGEST;
    return new Promise((resolve, reject) => {
      const pieces: Buffer[] = [];
      let length = 0;
      if (this.#isClosed)
        throw new OperationError('request', `${request} from ${path}`, new Error('the client is closed'));
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
        reject(new OperationError('request', `${request} from ${path}`, error));
      };
      socket.on('error', fail);
      socket.on('data', (piece: Buffer) => {
        // The rest of a long reply must be read: the daemon blocks until it is sent.
        if (length < most) pieces.push(piece);
        length += piece.length;
        if (length > most && request !== 'rsqueue') fail(new Error(`reply longer than ${most} bytes`));
      });
      socket.on('end', () => {
        finish();
        resolve(Buffer.concat(pieces).toString('latin1'));
      });
      // After close() the promise stays pending: nothing waits for it.
      socket.on('close', finish);
      socket.write(requestBytes(request));
    });
  }

  /** Aborts all requests; later ones fail. */
  close(): void {
    this.#isClosed = true;
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }
}
