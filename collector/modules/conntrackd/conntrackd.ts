/**
 * Module `conntrackd`: the daemons that replicate connections between a pair of firewalls. Needs write permission on their
 * sockets.
 */

import { parseDecimal } from '../../procfs/decimal.ts';
import { KernelFile } from '../../procfs/file.ts';
import type { Context, ModuleSettings } from '../context.ts';
import { DeferredError } from '../deferred.ts';
import { isDue } from '../due.ts';
import { InstanceIds } from '../instance_ids.ts';
import type { Module, Sample, Status } from '../module.ts';
import { Client } from './client.ts';
import { findPlaces, type Place } from './discovery.ts';
import { WatchedDaemon } from './watched_daemon.ts';

/** Microseconds between two searches for daemons. */
const SEARCH = 60e6;

/** Settings of `modules.conntrackd`. */
export interface ConntrackdSettings extends ModuleSettings {
  /** Seconds between two rounds of requests, rounded up to a multiple of `every`. */
  readonly update_every: number;
  /** Seconds to wait for a reply. */
  readonly timeout: number;
  /** Paths of sockets; empty to search for one. */
  readonly sockets: readonly string[];
}

export class ConntrackdModule implements Module {
  readonly name = 'conntrackd';
  readonly every: number;
  readonly #context: Context;
  readonly #settings: ConntrackdSettings;
  readonly #client: Client;
  readonly #count: KernelFile;
  readonly #ids = new InstanceIds();
  #watched: WatchedDaemon[] = [];
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

  /** Returns the samples of rounds that ended since the last call, and starts the next round when it is due. */
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
    for (const watched of this.#watched) watched.close();
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

  /** Searches at the next round after a daemon has stopped answering: it may have moved. */
  async #ask(watched: WatchedDaemon): Promise<void> {
    if (await watched.ask()) this.#nextSearch = Number.NEGATIVE_INFINITY;
  }

  /**
   * Searches for daemons and keeps the known ones. One that no longer listens on its path is down, unless another has its
   * name. There is no search while all answer: conntrackd's configuration may have become unreadable.
   */
  #search(at: number): void {
    const { fs, host } = this.#context;
    this.#nextSearch = at + SEARCH;
    if (this.#watched.length > 0 && this.#watched.every(({ isUp }) => isUp)) return;
    const known = new Map(this.#watched.map((watched) => [watched.place.path, watched]));
    const places = findPlaces(fs, host, this.#settings.sockets);
    this.#watched = places.map((place) => known.get(place.path) ?? this.#watch(place));
    const names = new Set(this.#watched.map(({ place }) => place.name));
    for (const watched of known.values()) {
      if (watched.wasUp && !names.has(watched.place.name)) this.#watched.push(watched);
    }
  }

  #watch(place: Place): WatchedDaemon {
    const { enabled, sockets } = this.#settings;
    const isRequired = enabled === true;
    return new WatchedDaemon({
      place,
      context: this.#context,
      client: this.#client,
      ids: this.#ids,
      isRequired,
      isExpected: isRequired || sockets.length > 0,
      connections: () => this.#connections(),
    });
  }

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
