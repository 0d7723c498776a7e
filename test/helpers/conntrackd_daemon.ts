/**
 * Daemons whose replies a test sets: one that listens on a real UNIX socket, and one whose connections are in memory,
 * where everything happens at the next turn of the event loop.
 */

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, Socket } from 'node:net';
import { endianness, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';

import { REQUESTS, type Request } from '../../collector/modules/conntrackd/request.ts';

/** What happens to a connection after its request is read. */
export type Behaviour = (socket: Socket) => void;

/** Replies and closes, like conntrackd. */
export function answering(...pieces: readonly (string | Uint8Array)[]): Behaviour {
  return async (socket) => {
    for (const piece of pieces) {
      socket.write(piece);
      // Each piece arrives separately.
      await turn();
      await turn();
    }
    socket.end();
  };
}

/** Keeps the connection without a reply. */
export const hanging: Behaviour = () => undefined;

/** The code of a request, from its bytes. */
function codeOf(bytes: Buffer): number {
  if (bytes.length !== 4) throw new Error(`a request of ${bytes.length} bytes`);
  return endianness() === 'LE' ? bytes.readInt32LE() : bytes.readInt32BE();
}

/** The request with a code. */
function requestOf(code: number): Request {
  for (const [request, known] of Object.entries(REQUESTS)) if (known === code) return request as Request;
  throw new Error(`forbidden request ${code}`);
}

/** A daemon that listens on a real socket in a new folder. */
export class ListeningDaemon {
  readonly path: string;
  /** The codes of the requests so far. */
  readonly asked: number[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'conntrackd-fake-'));
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #behaviour: Behaviour;

  private constructor(behaviour: Behaviour, isDeaf: boolean) {
    this.#behaviour = behaviour;
    this.path = join(this.#folder, 'fake.ctl');
    this.#server = createServer({ pauseOnConnect: isDeaf }, (socket) => this.#accept(socket));
  }

  /** @param isDeaf whether it reads no requests. */
  static async listen(behaviour: Behaviour, isDeaf = false): Promise<ListeningDaemon> {
    const daemon = new ListeningDaemon(behaviour, isDeaf);
    daemon.#server.listen(daemon.path);
    await once(daemon.#server, 'listening');
    return daemon;
  }

  /** Open connections. */
  get open(): number {
    return this.#sockets.size;
  }

  behave(behaviour: Behaviour): void {
    this.#behaviour = behaviour;
  }

  /** Resolves when all connections are closed. */
  async idle(): Promise<void> {
    while (this.#sockets.size > 0) await turn();
  }

  /** Closes every connection without reading the rest. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.hangUp();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
    rmSync(this.#folder, { recursive: true });
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    // The daemon ignores errors of its clients.
    socket.on('error', () => socket.destroy());
    socket.once('data', (bytes) => {
      this.asked.push(codeOf(bytes));
      this.#behaviour(socket);
    });
  }
}

/** What a daemon in memory does with a request: it replies with a text, hangs, or fails with an error code. */
export type Reply = string | { readonly fails: string } | 'hangs' | (() => string);

/** The client's end of a connection in memory. */
class MemorySocket extends Socket {
  readonly #ask: (bytes: Buffer, socket: MemorySocket) => void;

  constructor(ask: (bytes: Buffer, socket: MemorySocket) => void) {
    super();
    this.#ask = ask;
  }

  override _read(): void {
    // Replies are pushed as soon as they are requested.
  }

  override _write(bytes: Buffer, _encoding: string, done: () => void): void {
    this.#ask(bytes, this);
    done();
  }
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: as the system says`), { code });
}

/** A daemon in memory. */
export class MemoryDaemon {
  readonly replies: Partial<Record<Request, Reply>>;
  /** The requests so far. */
  readonly asked: Request[] = [];
  /** Called before each request is answered. */
  onAsk: (request: Request) => void = () => undefined;
  /** In place of all replies. */
  instead: Reply | undefined;
  readonly #sockets: MemorySocket[] = [];

  constructor(replies: Partial<Record<Request, Reply>> = {}) {
    this.replies = replies;
  }

  /** Open connections. */
  get open(): number {
    return this.#sockets.filter(({ destroyed }) => !destroyed).length;
  }

  /** The requests since the last call. */
  taken(): Request[] {
    return this.asked.splice(0);
  }

  connect(): Socket {
    const socket = new MemorySocket((bytes, asking) => this.#answer(requestOf(codeOf(bytes)), asking));
    this.#sockets.push(socket);
    return socket;
  }

  #answer(request: Request, socket: MemorySocket): void {
    this.asked.push(request);
    this.onAsk(request);
    const reply = this.instead ?? this.replies[request] ?? '';
    if (reply === 'hangs') return;
    if (typeof reply === 'object') {
      socket.destroy(systemError(reply.fails));
      return;
    }
    const text = typeof reply === 'string' ? reply : reply();
    if (text !== '') socket.push(text);
    socket.push(null);
  }
}
