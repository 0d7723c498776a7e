/**
 * Module `conntrackd`: the daemons that keep a pair of firewalls in step. Needs the right to connect to their sockets.
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
import { findPlaces, type Place, withoutLink } from './discovery.ts';
import { InstanceIds } from './instance_ids.ts';
import { Report } from './report.ts';

/** How often daemons are looked for, in microseconds. */
const LOOK = 60e6;
/** The flags in `/proc/net/unix` of a socket that accepts connections. Source: `__SO_ACCEPTCON` in linux/net.h. */
const LISTENING = '00010000';

/** The state that the charts of a daemon show; of any other problem its state is not known. */
const STATES: Readonly<Partial<Record<ProblemCode, 'unresponsive' | 'down'>>> = {
  conntrackd_unresponsive: 'unresponsive',
  conntrackd_down: 'down',
};

/** Settings of `modules.conntrackd`. */
export interface ConntrackdSettings extends ModuleSettings {
  /** Seconds between two rounds of questions, rounded up to a multiple of `every`. */
  readonly update_every: number;
  /** Seconds that an answer may take. */
  readonly timeout: number;
  /** Paths of sockets; empty to look for one. */
  readonly sockets: readonly string[];
}

/** A daemon that is watched. */
interface Watched {
  readonly place: Place;
  readonly daemon: Daemon;
  readonly report: Report;
  readonly condition: Condition;
  readonly answers: Condition;
  /** Whether it has ever answered, and whether it did when it was asked last. */
  wasUp: boolean;
  isUp: boolean;
  /** Whether it lives in the network namespace of the host. */
  isHere: boolean;
  /** Whether it is being asked. */
  isBusy: boolean;
  /** As of the last round. */
  problems: readonly Problem[];
  /** Its samples since they were drawn last. */
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
  #nextLook = Number.NEGATIVE_INFINITY;
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

  /** Returns what daemons told since the last call, and begins to ask them when that is due. */
  collect(at: number, isDrawn: boolean): readonly Sample[] {
    this.#failure.rethrow();
    const samples = this.#watched.flatMap((watched) => watched.samples);
    if (isDrawn) for (const watched of this.#watched) watched.samples = [];
    if (isDue(at, this.#next)) {
      this.#next = at + this.every * 1e6;
      // Nothing is thrown: a defect is kept for the next call.
      void this.#round(at);
    }
    return samples;
  }

  /** A daemon that nobody expects may be down: that loses nothing. */
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

  /** Asks every daemon but those that are still busy with the round before. */
  async #round(at: number): Promise<void> {
    try {
      // The update that asked for it goes first.
      await this.#context.runtime.yield();
      if (this.#isClosed) return;
      if (isDue(at, this.#nextLook)) this.#look(at);
      await Promise.all(this.#watched.filter(({ isBusy }) => !isBusy).map((watched) => this.#ask(watched)));
    } catch (error) {
      this.#failure.keep(error);
    }
  }

  /**
   * Looks where daemons are; those that are known already stay as they are. One that listens no longer where it did is
   * down, unless another has its name. Nothing is looked for while all answer: what could be read of their configuration
   * once need not be readable now.
   */
  #look(at: number): void {
    const { fs, host } = this.#context;
    const { sockets } = this.#settings;
    this.#nextLook = at + LOOK;
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
    const { answers, condition, place, report } = watched;
    const { path } = place;
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
    if (round.restarted) watched.isHere = this.#isHere(place);
    watched.samples = report.up(round, watched.isHere ? this.#connections() : undefined);
  }

  #failed(watched: Watched, { errno, problem }: ProblemError): void {
    const { condition, place, report, wasUp } = watched;
    const { code } = problem;
    // One that is gone may have moved.
    if (watched.isUp) this.#nextLook = Number.NEGATIVE_INFINITY;
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

  /** Entries of the kernel's table, of which a daemon in the same namespace keeps a copy. */
  #connections(): number | undefined {
    if (!this.#context.host.isHere) return undefined;
    try {
      return parseDecimal(this.#count.read());
    } catch {
      // Connection tracking is not loaded, or the daemon watches nothing.
      return undefined;
    }
  }

  /** A daemon's socket is among those of the namespace that it lives in. */
  #isHere({ path }: Place): boolean {
    const { fs, host } = this.#context;
    const file = new KernelFile(fs, () => host.net('unix'));
    const own = withoutLink(path.startsWith(host.path('/')) ? path.slice(host.path('').length) : path);
    try {
      const rows = file.read().toString('latin1').split('\n');
      return rows.some((row) => {
        // Num, RefCount, Protocol, Flags, Type, St, Inode, Path; a client has the path of its daemon too.
        const [, , , flags, , , , bound = ''] = row.split(/ +/);
        return flags === LISTENING && withoutLink(bound) === own;
      });
    } catch {
      return false;
    } finally {
      file.close();
    }
  }
}
