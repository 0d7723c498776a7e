/** One conntrackd: whether it answers, and what it tells. */

import { errorCode, FormatError, OperationError } from '../../base/errors.ts';
import { readAnswer } from './answer.ts';
import type { Client } from './client.ts';
import { DAEMON, FactSheet } from './facts.ts';
import type { Request } from './request.ts';

/** What is asked in a round. Every mode answers the first; there is often no child process to tell of. */
const ROUND: readonly Request[] = [
  'runtime',
  'process',
  'ct',
  'expect',
  'cache',
  'network',
  'link',
  'queue',
  'rsqueue',
];
/** What a mode answers with nothing is asked again after so long, in microseconds. */
const AGAIN = 60e6;

/** Tells the socket that a daemon made when it started from any other; `undefined` when there is none. */
export type Identity = string | undefined;

export interface DaemonOptions {
  readonly client: Client;
  readonly path: string;
  /** Monotonic time in microseconds. */
  readonly now: () => number;
  /** Looks at the socket. */
  readonly identify: (path: string) => Identity;
}

/** How a daemon was found. */
export type Round =
  | {
      readonly state: 'up';
      readonly sheet: FactSheet;
      /** Whether it is another process than in the last round: its counters have begun at 0. */
      readonly restarted: boolean;
      /** What was wrong with answers that could not be read, by request. */
      readonly problems: ReadonlyMap<Request, string>;
    }
  /** It was started anew between two answers, which do not belong together. */
  | { readonly state: 'restarting' }
  /**
   * It does not answer in time; nobody listens; or nothing can be said of it, because this process may not ask it or
   * for another reason.
   */
  | { readonly state: 'unresponsive' | 'down' | 'unknown'; readonly error: unknown };

export class Daemon {
  readonly #options: DaemonOptions;
  /** When each request that was answered with nothing is asked again. */
  readonly #again = new Map<Request, number>();
  #identity: Identity;
  #uptime = 0;

  constructor(options: DaemonOptions) {
    this.#options = options;
  }

  /**
   * Asks everything.
   *
   * @param at monotonic time in microseconds.
   */
  async ask(at: number): Promise<Round> {
    const { identify, path } = this.#options;
    const identity = identify(path);
    if (identity !== this.#identity) this.#again.clear();
    const sheet = new FactSheet();
    const problems = new Map<Request, string>();
    try {
      for (const request of ROUND) {
        if (this.#isDue(request, at)) await this.#askOne(request, at, sheet, problems);
      }
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      return { state: stateOf(error), error };
    }
    if (identify(path) !== identity) return { state: 'restarting' };
    const uptime = sheet.of(DAEMON).gauges.get('uptime');
    const restarted = identity !== this.#identity || (uptime !== undefined && uptime < this.#uptime);
    this.#identity = identity;
    this.#uptime = uptime ?? (restarted ? 0 : this.#uptime);
    return { state: 'up', sheet, restarted, problems };
  }

  /** The length of the one queue that `rsqueue` tells is worth its price only where `queue` tells nothing. */
  #isDue(request: Request, at: number): boolean {
    if (request === 'rsqueue' && !this.#again.has('queue')) return false;
    return at >= (this.#again.get(request) ?? Number.NEGATIVE_INFINITY);
  }

  async #askOne(request: Request, at: number, sheet: FactSheet, problems: Map<Request, string>): Promise<void> {
    const { client, path } = this.#options;
    const text = await client.ask(path, request);
    if (text === '' && request === 'runtime') {
      throw new OperationError('ask', `${path} for ${request}`, new Error('it ended instead of an answer'));
    }
    if (text === '' && request !== 'process') {
      this.#again.set(request, at + AGAIN);
      return;
    }
    this.#again.delete(request);
    sheet.at = this.#options.now();
    try {
      readAnswer(request, text, sheet);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      problems.set(request, error.message);
    }
  }
}

function stateOf(error: unknown): 'unresponsive' | 'down' | 'unknown' {
  switch (errorCode(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ECONNREFUSED':
    // It ended while it was asked.
    case 'ECONNRESET':
    case 'EPIPE':
      return 'down';
    case 'ETIMEDOUT':
    case 'EAGAIN':
      return 'unresponsive';
    default:
      return 'unknown';
  }
}
