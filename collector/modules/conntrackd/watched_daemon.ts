/** One daemon that the module queries: its problems, its log lines and its samples. */

import { errorCode, OperationError } from '../../base/errors.ts';
import { Condition } from '../../base/log.ts';
import type { Context } from '../context.ts';
import type { InstanceIds } from '../instance_ids.ts';
import type { Sample } from '../module.ts';
import { messageWithFix, type Problem, type ProblemCode, ProblemError, problemAt } from '../problem.ts';
import type { Client } from './client.ts';
import { Daemon, type Identity, type Round } from './daemon.ts';
import { isListening, type Place } from './discovery.ts';
import { Report } from './report.ts';

/** The state on the daemon's chart by its problem; unknown with any other problem. */
const STATES: Readonly<Partial<Record<ProblemCode, 'unresponsive' | 'down'>>> = {
  conntrackd_unresponsive: 'unresponsive',
  conntrackd_down: 'down',
};

export interface WatchedDaemonOptions {
  readonly place: Place;
  readonly context: Context;
  readonly client: Client;
  readonly ids: InstanceIds;
  /** Whether the operator requires the module: a missing daemon is then an error in the log. */
  readonly isRequired: boolean;
  /** Whether a daemon that has never answered is reported as down too. */
  readonly isExpected: boolean;
  /** Entries of the kernel's table in the network namespace of this process. */
  readonly connections: () => number | undefined;
}

export class WatchedDaemon {
  readonly place: Place;
  /** Whether it has ever answered. */
  wasUp = false;
  /** Whether it answered in the last round. */
  isUp = false;
  /** Whether a round is in progress. */
  isBusy = false;
  /** As of the last round. */
  problems: readonly Problem[] = [];
  /** Those that no update has used yet. */
  samples: readonly Sample[] = [];
  readonly #options: WatchedDaemonOptions;
  readonly #daemon: Daemon;
  readonly #report: Report;
  readonly #availability: Condition;
  readonly #replies: Condition;
  /** Whether it runs in the host's network namespace. */
  #isHere = false;
  #isClosed = false;

  constructor(options: WatchedDaemonOptions) {
    const { client, context, ids, place } = options;
    const { fs, log, runtime } = context;
    const identify = (path: string): Identity => {
      try {
        const { ino, mtimeMs } = fs.statSync(path);
        return `${ino} ${mtimeMs}`;
      } catch (error) {
        // Most hosts have no daemon: this costs less than a connection that fails.
        if (errorCode(error) === 'ENOENT') throw new OperationError('find', path, error);
        return undefined;
      }
    };
    this.place = place;
    this.#options = options;
    this.#daemon = new Daemon({ client, path: place.path, now: () => runtime.monotonic(), identify });
    this.#report = new Report(place.name, ids);
    this.#availability = new Condition(log);
    this.#replies = new Condition(log);
  }

  /**
   * Makes a round of requests.
   *
   * @returns whether it answered in the previous round and no longer does.
   */
  async ask(): Promise<boolean> {
    const wasUp = this.isUp;
    this.isBusy = true;
    try {
      const round = await this.#daemon.ask(this.#options.context.runtime.monotonic());
      if (!this.#isClosed && round !== undefined) this.#answered(round);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      if (!this.#isClosed) this.#failed(error);
    } finally {
      this.isBusy = false;
    }
    return wasUp && !this.isUp;
  }

  /** Ignores the rest of the round in progress. */
  close(): void {
    this.#isClosed = true;
  }

  #answered(round: Round): void {
    const { connections, context } = this.#options;
    const { path } = this.place;
    const malformed = [...round.malformed];
    this.isUp = true;
    this.wasUp = true;
    this.problems = malformed.map(([request, error]) =>
      problemAt('conntrackd_malformed', path, `${request}: ${error}`, 'part'),
    );
    this.#availability.works('conntrackd answers', { path });
    const [first] = this.problems;
    if (first === undefined) {
      this.#replies.works('the replies of conntrackd are well-formed', { path });
    } else {
      const requests = malformed.map(([request]) => request).join();
      this.#replies.enter(requests, 'warning', first.message, { code: first.code, path });
    }
    if (round.restarted) this.#isHere = isListening(context.fs, context.host, path);
    this.samples = this.#report.up(round, this.#isHere ? connections() : undefined);
  }

  #failed({ errno, problem }: ProblemError): void {
    const { isExpected, isRequired } = this.#options;
    const { code } = problem;
    const isKnown = this.wasUp || isExpected;
    const isMissed = isKnown || code !== 'conntrackd_down';
    this.isUp = false;
    this.problems = [{ ...problem, loses: isMissed ? 'all' : 'nothing' }];
    if (isMissed) {
      // By default, other users have no permission on the socket.
      const level = code === 'conntrackd_denied' && !isExpected ? 'notice' : isRequired ? 'error' : 'warning';
      this.#availability.enter(code, level, messageWithFix(problem), { code, errno, path: this.place.path });
    }
    const state = STATES[code];
    if (state !== undefined && isKnown) this.samples = this.#report.absent(state);
  }
}
