/** One conntrackd: queries it, and notices when it was restarted. */

import { FormatError, OperationError } from '../../base/errors.ts';
import { problemErrorOf } from '../problem.ts';
import { readAnswer } from './answer.ts';
import type { Client } from './client.ts';
import { DAEMON, FactSheet } from './facts.ts';
import type { Request } from './request.ts';

/** The requests of a round. Every mode replies to the first; the reply to `process` is often empty. */
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
/** A request with an empty reply is repeated after this many microseconds. */
const REPEAT = 60e6;

/** Identifies the socket that a daemon created at its start; `undefined` if it cannot be seen. */
export type Identity = string | undefined;

export interface DaemonOptions {
  readonly client: Client;
  readonly path: string;
  /** Monotonic time in microseconds. */
  readonly now: () => number;
  /**
   * Identifies the socket at a path.
   *
   * @throws {OperationError} of code `ENOENT` when there is none.
   */
  readonly identify: (path: string) => Identity;
}

/** The replies of a daemon in one round. */
export interface Round {
  readonly sheet: FactSheet;
  /** Whether it was restarted since the last round, so its counters started at 0. */
  readonly restarted: boolean;
  /** Why replies could not be parsed. */
  readonly malformed: ReadonlyMap<Request, string>;
}

export class Daemon {
  readonly #options: DaemonOptions;
  /** When to repeat each request that had an empty reply. */
  readonly #repeatAt = new Map<Request, number>();
  #identity: Identity;
  #uptime = 0;

  constructor(options: DaemonOptions) {
    this.#options = options;
  }

  /**
   * Makes every request that is due.
   *
   * @param at monotonic time in microseconds.
   * @returns `undefined` when it was restarted between two replies, which then do not belong together.
   * @throws {ProblemError} when it does not answer.
   */
  async ask(at: number): Promise<Round | undefined> {
    const { identify, path } = this.#options;
    const sheet = new FactSheet();
    const malformed = new Map<Request, string>();
    let identity: Identity;
    try {
      identity = identify(path);
      if (identity !== this.#identity) this.#repeatAt.clear();
      for (const request of ROUND) {
        if (this.#isDue(request, at)) await this.#askOne(request, at, sheet, malformed);
      }
      if (identify(path) !== identity) return undefined;
    } catch (error) {
      throw problemErrorOf(error, 'conntrackd', path);
    }
    const uptime = sheet.of(DAEMON).gauges.get('uptime');
    const restarted = identity !== this.#identity || (uptime !== undefined && uptime < this.#uptime);
    this.#identity = identity;
    this.#uptime = uptime ?? (restarted ? 0 : this.#uptime);
    return { sheet, restarted, malformed };
  }

  /** `rsqueue` is expensive and reports one queue: it is only worth it where `queue` reports nothing. */
  #isDue(request: Request, at: number): boolean {
    if (request === 'rsqueue' && !this.#repeatAt.has('queue')) return false;
    return at >= (this.#repeatAt.get(request) ?? Number.NEGATIVE_INFINITY);
  }

  async #askOne(request: Request, at: number, sheet: FactSheet, malformed: Map<Request, string>): Promise<void> {
    const { client, path } = this.#options;
    const text = await client.ask(path, request);
    if (text === '' && request === 'runtime') {
      throw new OperationError('request', `${request} from ${path}`, new Error('connection closed without a reply'));
    }
    if (text === '' && request !== 'process') {
      this.#repeatAt.set(request, at + REPEAT);
      return;
    }
    this.#repeatAt.delete(request);
    sheet.at = this.#options.now();
    try {
      readAnswer(request, text, sheet);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      malformed.set(request, error.message);
    }
  }
}
