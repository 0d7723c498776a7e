/**
 * Module `conntrackd`: the daemons that replicate connections between a pair of firewalls. Needs write permission on their
 * sockets.
 */

import { Condition } from '../../base/log.ts';
import { parseDecimal } from '../../procfs/decimal.ts';
import { KernelFile } from '../../procfs/file.ts';
import type { Context, ModuleSettings } from '../context.ts';
import { DeferredError } from '../deferred.ts';
import { isDue } from '../due.ts';
import type { Module, Sample, Status } from '../module.ts';
import { messageWithFix, type Problem, type ProblemCode, ProblemError, problemAt } from '../problem.ts';
import { Client } from './client.ts';
import { Daemon, type Identity, type Round } from './daemon.ts';
import { findPlaces, isListening, type Place } from './discovery.ts';
import { InstanceIds } from './instance_ids.ts';
import { Report } from './report.ts';

/** Microseconds between two searches for daemons. */
const SEARCH = 60e6;

/** The state that the charts of a daemon show; of any other problem its state is not known. */
const STATES: Readonly<Partial<Record<ProblemCode, 'unresponsive' | 'down'>>> = {
  conntrackd_unresponsive: 'unresponsive',
  conntrackd_down: 'down',
};

/** Settings of `modules.conntrackd`. */
export interface ConntrackdSettings extends ModuleSettings {
  /** Seconds between two rounds of requests, rounded up to a multiple of `every`. */
  readonly update_every: number;
  /** Seconds to wait for a reply. */
  readonly timeout: number;
  /** Paths of sockets; empty to search for one. */
  readonly sockets: readonly string[];
}

interface Watched {
  readonly place: Place;
  readonly daemon: Daemon;
  readonly report: Report;
  readonly condition: Condition;
  readonly answers: Condition;
  /** Whether it has ever answered, and whether it did in the last round. */
  wasUp: boolean;
  isUp: boolean;
  /** Whether it runs in the host's network namespace. */
  isHere: boolean;
  /** Whether a round is in progress. */
  isBusy: boolean;
  /** As of the last round. */
  problems: readonly Problem[];
  /** Not returned yet, or returned but not used. */
  samples: readonly Sample[];
}

export class ConntrackdModule implements Module {
  readonly name = 'conntrackd';
  readonly every: number;
  readonly #context: Context;
  readonly #settings: ConntrackdSettings;
  readonly #client: Client;
  readonly #count: KernelFile;
  readonly #ids = new InstanceIds();
  #watched: Watched[] = [];
  #isClosed = false;
  #next = Number.NEGATIVE_INFINITY;
  #nextSearch = Number.NEGATIVE_INFINITY;
  readonly #failure = new DeferredError();

  constructor(context: Context, settings: ConntrackdSettings) {
    const { connect, fs, host, runtime } = context;
    const { every, timeout, update_every } = settings;
    this.every = Math.ceil(update_every / every) * every;
    this.#context = context;
    this.#settings = settings;
    this.#client = new Client({ connect, runtime, timeout: timeout * 1000 });
    this.#count = new KernelFile(fs, () => host.netfilter('nf_conntrack_count'), 32);
  }

  /** Returns the replies since the last call, and starts the next round when it is due. */
  collect(at: number, isTaken: boolean): readonly Sample[] {
    this.#failure.rethrow();
    const samples = this.#watched.flatMap((watched) => watched.samples);
    if (isTaken) for (const watched of this.#watched) watched.samples = [];
    if (isDue(at, this.#next)) {
      this.#next = at + this.every * 1e6;
      // Never rejects: the next call throws a defect.
      void this.#round(at);
    }
    return samples;
  }

  /** A daemon that is neither configured nor required may be down: that loses nothing. */
  status(): Status {
    return {
      reads: this.#watched.map(({ place }) => place.path),
      problems: this.#watched.flatMap(({ problems }) => problems),
    };
  }

  close(): void {
    this.#isClosed = true;
    this.#client.close();
    this.#count.close();
  }

  /** Queries every daemon except those that are still busy with the previous round. */
  async #round(at: number): Promise<void> {
    try {
      // The current update goes first.
      await this.#context.runtime.yield();
      if (this.#isClosed) return;
      if (isDue(at, this.#nextSearch)) this.#search(at);
      await Promise.all(this.#watched.filter(({ isBusy }) => !isBusy).map((watched) => this.#ask(watched)));
    } catch (error) {
      this.#failure.keep(error);
    }
  }

  /**
   * Searches for daemons and keeps the known ones. One that no longer listens on its path is down, unless another has its
   * name. There is no search while all answer: conntrackd's configuration may have become unreadable.
   */
  #search(at: number): void {
    const { fs, host } = this.#context;
    const { sockets } = this.#settings;
    this.#nextSearch = at + SEARCH;
    if (this.#watched.length > 0 && this.#watched.every(({ isUp }) => isUp)) return;
    const known = new Map(this.#watched.map((watched) => [watched.place.path, watched]));
    this.#watched = findPlaces(fs, host, sockets).map((place) => known.get(place.path) ?? this.#watch(place));
    const names = new Set(this.#watched.map(({ place }) => place.name));
    for (const watched of known.values()) {
      if (watched.wasUp && !names.has(watched.place.name)) this.#watched.push(watched);
    }
  }

  #watch(place: Place): Watched {
    const { log, runtime } = this.#context;
    const identify = (path: string): Identity => this.#identify(path);
    return {
      place,
      daemon: new Daemon({ client: this.#client, path: place.path, now: () => runtime.monotonic(), identify }),
      report: new Report(place.name, this.#ids),
      condition: new Condition(log),
      answers: new Condition(log),
      wasUp: false,
      isUp: false,
      isHere: false,
      isBusy: false,
      problems: [],
      samples: [],
    };
  }

  #identify(path: string): Identity {
    try {
      const { ino, mtimeMs } = this.#context.fs.statSync(path);
      return `${ino} ${mtimeMs}`;
    } catch {
      return undefined;
    }
  }

  async #ask(watched: Watched): Promise<void> {
    watched.isBusy = true;
    try {
      const at = this.#context.runtime.monotonic();
      const round = await watched.daemon.ask(at);
      if (!this.#isClosed && round !== undefined) this.#answered(watched, round);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      if (!this.#isClosed) this.#failed(watched, error);
    } finally {
      watched.isBusy = false;
    }
  }

  #answered(watched: Watched, round: Round): void {
    const { answers, condition, report } = watched;
    const { fs, host } = this.#context;
    const { path } = watched.place;
    const malformed = [...round.malformed];
    watched.isUp = true;
    watched.wasUp = true;
    watched.problems = malformed.map(([request, error]) =>
      problemAt('conntrackd_malformed', path, `${request}: ${error}`, 'part'),
    );
    condition.works('conntrackd answers', { path });
    const [first] = watched.problems;
    if (first === undefined) answers.works('the replies of conntrackd are well-formed', { path });
    else
      answers.enter(malformed.map(([request]) => request).join(), 'warning', first.message, { code: first.code, path });
    if (round.restarted) watched.isHere = isListening(fs, host, path);
    watched.samples = report.up(round, watched.isHere ? this.#connections() : undefined);
  }

  #failed(watched: Watched, { errno, problem }: ProblemError): void {
    const { condition, place, report, wasUp } = watched;
    const { code } = problem;
    // One that is gone may have moved.
    if (watched.isUp) this.#nextSearch = Number.NEGATIVE_INFINITY;
    watched.isUp = false;
    const isExpected = wasUp || this.#isExpected;
    const isMissed = isExpected || code !== 'conntrackd_down';
    watched.problems = [{ ...problem, loses: isMissed ? 'all' : 'nothing' }];
    if (isMissed) {
      const level = this.#settings.enabled === true ? 'error' : 'warning';
      // The socket is closed to other users by default.
      const isNormal = code === 'conntrackd_denied' && !this.#isExpected;
      condition.enter(code, isNormal ? 'notice' : level, messageWithFix(problem), { code, errno, path: place.path });
    }
    const state = STATES[code];
    if (state !== undefined && isExpected) watched.samples = report.absent(state);
  }

  get #isExpected(): boolean {
    return this.#settings.enabled === true || this.#settings.sockets.length > 0;
  }

  /** Entries of the kernel's table, which a daemon in the same namespace copies. */
  #connections(): number | undefined {
    if (!this.#context.host.isHere) return undefined;
    try {
      return parseDecimal(this.#count.read());
    } catch {
      // Connection tracking is not loaded.
      return undefined;
    }
  }
}
