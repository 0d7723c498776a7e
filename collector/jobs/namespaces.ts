/**
 * Module `namespaces`: finds the other network namespaces again and again, selects those to watch, and counts the others,
 * so that none is left out silently.
 */

import { Condition, type Log } from '../base/log.ts';
import type { Context } from '../modules/context.ts';
import type { Module, Sample, Status } from '../modules/module.ts';
import type { Work } from '../modules/slices.ts';
import { Survey } from '../modules/survey.ts';
import type { Counts } from '../namespaces/counts.ts';
import type { Namespace } from '../namespaces/namespace.ts';
import { Selector } from '../namespaces/selection.ts';
import { affordable } from './descriptors.ts';
import { type Settings, wantedModules } from './job.ts';
import { namespaceConfig } from './namespace_config.ts';
import type { Watched } from './watched.ts';

/** Seconds between two searches. */
const EVERY = 10;
/** Share of one CPU that searching may take. */
const SHARE = 0.02;
/**
 * The first searches, which do not count: they enter the namespaces, look at every process and read its control group twice,
 * and their program is not compiled yet.
 */
const FIRST = 2;

/** The namespaces that were found. */
export interface Found {
  /** All that can be distinguished, without the one that the host's charts show. */
  readonly namespaces: readonly Namespace[];
  /** Those that have a path that this process cannot see. Some can be the same as those of processes. */
  readonly hidden: readonly unknown[];
}

/** What lasts longer than a configuration. */
export interface Scenery {
  readonly find: () => Work<Found>;
  readonly counts: Pick<Counts, 'look'>;
  readonly watched: Watched;
  /** Open files that this process may have; `undefined` if unlimited or unknown. */
  readonly openFiles: number | undefined;
}

/** Numbers of namespaces, in the groups that `Selection` has. */
type Tally = Readonly<Record<'watched' | 'idle' | 'leftOut' | 'unreadable', number>>;

export class NamespacesModule implements Module {
  readonly name = 'namespaces';
  readonly #scenery: Scenery;
  readonly #settings: Settings;
  readonly #selector: Selector;
  readonly #survey: Survey<Tally>;
  readonly #log: Log;
  readonly #shortage: Condition;
  readonly #values: Record<string, number | undefined> = {};
  readonly #samples: readonly Sample[] = [{ scope: 'host', instance: '', labels: {}, values: this.#values }];
  #searches = 0;
  /** Whether there was ever one: a host without any needs no chart. */
  #isCharted: boolean;

  constructor({ budget, log, runtime }: Context, settings: Settings, scenery: Scenery) {
    const { enabled, ...selection } = settings.config.namespaces;
    this.#scenery = scenery;
    this.#settings = settings;
    this.#selector = new Selector({ ...selection, enabled: enabled === true ? true : 'auto' });
    this.#isCharted = enabled === true;
    this.#log = log;
    this.#shortage = new Condition(log);
    this.#survey = new Survey({
      log,
      runtime,
      tick: settings.every,
      every: EVERY,
      claim: budget.claim(this.name, SHARE),
      begin: (at) => this.#search(at),
      release: () => undefined,
      from: 'procfs',
      target: '/proc/self/mountinfo',
      lost: 'cannot search for network namespaces',
      back: 'searching for network namespaces works',
      required: enabled === true,
      isExceptional: () => this.#searches <= FIRST,
      repaced: 'changed the interval between searches for network namespaces',
      counted: ({ idle, leftOut, unreadable, watched }) => ({
        namespaces: watched + idle + leftOut + unreadable,
      }),
    });
  }

  get every(): number {
    return this.#survey.every;
  }

  /** Removes the namespaces that are gone; to be called before any module is asked. */
  verify(at: number): void {
    if (this.#scenery.watched.verify(at)) this.#survey.hasten(at);
  }

  collect(at: number, isTaken: boolean): readonly Sample[] {
    const latest = this.#survey.collect(at, isTaken);
    if (latest === undefined) return [];
    const { idle, leftOut, unreadable, watched } = latest.value;
    const values = this.#values;
    values['namespaces_watched'] = watched;
    values['namespaces_idle'] = idle;
    values['namespaces_left_out'] = leftOut;
    values['namespaces_unreadable'] = unreadable;
    this.#isCharted ||= watched + idle + leftOut + unreadable > 0;
    return this.#isCharted ? this.#samples : [];
  }

  status(): Status {
    return { reads: ['/proc/self/mountinfo', '/proc'], problems: this.#survey.problems };
  }

  close(): void {
    this.#survey.close();
  }

  *#search(at: number): Work<Tally> {
    const { counts, find, openFiles, watched } = this.#scenery;
    this.#searches += 1;
    const { hidden, namespaces } = yield* find();
    if (this.#searches === 1) this.#reportUnmatched(namespaces);
    const looks = yield* counts.look(at, namespaces);
    const { idle, leftOut, unreadable, ...selected } = this.#selector.select(
      at,
      looks.map(({ activeAt, entries, namespace }) => {
        const { name } = namespace;
        return { namespace, name, entries, activeAt, isWatched: watched.has(name) };
      }),
    );
    const isIncluded = ({ name }: { readonly name: string }): boolean => this.#selector.isIncluded(name);
    const wanted = affordable(openFiles, selected.watched, isIncluded);
    const tooMany = selected.watched.length - wanted.length;
    this.#report(tooMany);
    const chosen = new Set(wanted.map(({ name }) => name));
    for (const name of watched.names) if (!chosen.has(name)) watched.remove(at, name);
    let entered = 0;
    for (const one of wanted) {
      watched.set(at, one.namespace, this.#settings, isIncluded(one));
      if (watched.has(one.name)) entered += 1;
      yield;
    }
    const seen = namespaces.filter(({ bound }) => bound === undefined).length;
    return {
      watched: entered,
      idle,
      leftOut: leftOut + tooMany,
      unreadable: unreadable + wanted.length - entered + Math.max(0, hidden.length - seen),
    };
  }

  /** Logs once which patterns of `include` have no effect; a namespace that one matches can appear later. */
  #reportUnmatched(namespaces: readonly Namespace[]): void {
    const patterns = this.#selector.unmatched(namespaces.map(({ name }) => name));
    if (patterns.length === 0) return;
    const message = 'no network namespace matches these patterns of namespaces.include';
    this.#log.notice(message, { patterns: patterns.join(', ') });
  }

  /** Logs that there are too few file descriptors to watch all that are selected. */
  #report(tooMany: number): void {
    if (tooMany === 0) {
      this.#shortage.leave('the limit of open files suffices for the selected network namespaces');
      return;
    }
    const message =
      "the limit of open files is too low for the selected network namespaces; raise the service's LimitNOFILE";
    this.#shortage.enter('short', 'warning', message, { left_out: tooMany, open_files: this.#scenery.openFiles });
  }
}

/** The network namespaces besides the host's, as configured at present. */
export class Namespaces {
  readonly #context: Context;
  readonly #scenery: Scenery;
  #module: NamespacesModule | undefined;

  constructor(context: Context, scenery: Scenery) {
    this.#context = context;
    this.#scenery = scenery;
  }

  /**
   * Applies a configuration.
   *
   * @returns the module, to be asked with those of the host and to be closed with them; none if it is turned off, or all
   * that could be collected.
   */
  use(settings: Settings): readonly Module[] {
    const { watched } = this.#scenery;
    const { config } = settings;
    const isOn = config.namespaces.enabled !== false && wantedModules(namespaceConfig(config, true)).length > 0;
    this.#module = isOn ? new NamespacesModule(this.#context, settings, this.#scenery) : undefined;
    if (isOn) watched.use(settings);
    else watched.close();
    return this.#module === undefined ? [] : [this.#module];
  }

  /** Removes the namespaces that are gone; to be called before the jobs are asked at `at`. */
  verify(at: number): void {
    this.#module?.verify(at);
  }

  close(): void {
    this.#scenery.watched.close();
  }
}
