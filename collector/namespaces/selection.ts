/**
 * Which network namespaces are watched: pure, so that every rule can be read and tested here.
 *
 * An operator wants the namespaces that fill up, and charts without gaps. So the fullest are watched, and a watched one
 * stays unless another is much fuller, or it has been idle for minutes.
 */

/** Settings of `namespaces`. */
export interface SelectionSettings {
  /** `auto`: those whose connection tracking is active; `true`: the idle ones too. */
  readonly enabled: 'auto' | true;
  /** Patterns of names that are watched in any case. */
  readonly include: readonly string[];
  /** Patterns of names that are never watched. */
  readonly exclude: readonly string[];
  /** Most namespaces to watch, but for those of {@link include}. */
  readonly max: number;
}

/** What the selection needs to know of a namespace. */
export interface Candidate {
  readonly name: string;
  /** Connections in its table; `undefined` if that cannot be read. */
  readonly entries: number | undefined;
  /** Monotonic time in microseconds when its connection tracking was last seen active; `undefined` if never. */
  readonly activeAt: number | undefined;
  readonly isWatched: boolean;
}

/** Every namespace is in one of these groups. */
export interface Selection<T> {
  /** Those that `include` names first, then the fullest first. */
  readonly watched: readonly T[];
  /** Number of those without active connection tracking. */
  readonly idle: number;
  /** Number of those that `exclude` names, or that are too many. */
  readonly leftOut: number;
  /** Number of those that cannot be read. */
  readonly unreadable: number;
}

/** A watched namespace is kept this many microseconds after it was last active. */
const KEPT_IDLE = 300e6;
/** A watched namespace counts as this many times as full… */
const KEPT_FACTOR = 2;
/** …and this many connections fuller than it is, so that two that fluctuate do not take turns. */
const KEPT_ENTRIES = 100;

/** Tests names against patterns, in which `*` matches any characters. */
export class Patterns {
  /** The texts between the stars of each pattern. */
  readonly #patterns: readonly (readonly string[])[];

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns.map((pattern) => pattern.split('*'));
  }

  match(name: string): boolean {
    return this.#patterns.some((parts) => fits(parts, name));
  }
}

export class Selector {
  readonly #settings: SelectionSettings;
  readonly #include: Patterns;
  readonly #exclude: Patterns;

  constructor(settings: SelectionSettings) {
    this.#settings = settings;
    this.#include = new Patterns(settings.include);
    this.#exclude = new Patterns(settings.exclude);
  }

  /** Whether a namespace is watched in any case, and with all modules. */
  isIncluded(name: string): boolean {
    return this.#include.match(name) && !this.isExcluded(name);
  }

  /** Whether a namespace is never watched. */
  isExcluded(name: string): boolean {
    return this.#exclude.match(name);
  }

  /** The patterns of `include` that match none of these names: they can be misspelt. */
  unmatched(names: readonly string[]): readonly string[] {
    return this.#settings.include.filter((text) => {
      const pattern = new Patterns([text]);
      return !names.some((name) => pattern.match(name));
    });
  }

  /** @param at monotonic time in microseconds. */
  select<T extends Candidate>(at: number, candidates: readonly T[]): Selection<T> {
    const allowed = candidates.filter(({ name }) => !this.isExcluded(name));
    const readable = allowed.filter(({ entries }) => entries !== undefined);
    const included = readable.filter(({ name }) => this.isIncluded(name));
    const others = readable.filter(({ name }) => !this.isIncluded(name));
    const eligible = others.filter((one) => this.#settings.enabled === true || isActive(at, one)).sort(byRank);
    const room = Math.max(0, this.#settings.max - included.length);
    const watched = [...included, ...eligible.slice(0, room)];
    return {
      watched,
      idle: others.length - eligible.length,
      leftOut: candidates.length - allowed.length + Math.max(0, eligible.length - room),
      unreadable: allowed.length - readable.length,
    };
  }
}

/** Whether a namespace is active now, or is watched and was active a while ago. */
function isActive(at: number, { activeAt, isWatched }: Candidate): boolean {
  return activeAt !== undefined && (activeAt === at || (isWatched && at - activeAt < KEPT_IDLE));
}

/** The fullest first, with an advantage for those that are watched; equal ones by name, so that their order is stable. */
function byRank(a: Candidate, b: Candidate): number {
  return rank(b) - rank(a) || (a.name < b.name ? -1 : 1);
}

function rank({ entries = 0, isWatched }: Candidate): number {
  return isWatched ? KEPT_FACTOR * entries + KEPT_ENTRIES : entries;
}

/** Whether a name has these parts in this order, from its start to its end. Unlike a regular expression, in linear time. */
function fits(parts: readonly string[], name: string): boolean {
  const [first = '', ...others] = parts;
  const last = others.pop();
  if (last === undefined) return name === first;
  const end = name.length - last.length;
  if (!name.startsWith(first) || !name.endsWith(last) || end < first.length) return false;
  let at = first.length;
  for (const part of others) {
    const found = name.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
