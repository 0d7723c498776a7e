/**
 * Unique names for namespaces.
 *
 * A namespace keeps its name while it exists. The name of one that is gone stays reserved for a successor of the same
 * origin, such as a namespace that is bound to the same path again, for longer than its charts stay: charts never
 * continue with the numbers of something else.
 */

/** A namespace that wants a name. */
export interface Claim {
  /** What identifies the namespace; it stays the same while the namespace exists. */
  readonly key: object | string;
  readonly name: string;
  /** What the name comes from, such as a path: another namespace with the same origin is a successor. */
  readonly origin: string;
  /** Follows the name if that is taken. */
  readonly suffix: number;
}

/** Scans in which the name of a namespace that is gone stays reserved: two minutes even if one starts every two seconds. */
const RESERVED = 60;

interface Given {
  readonly name: string;
  readonly origin: string;
}

export class Names {
  #given = new Map<Claim['key'], Given>();
  /** The origin and the last scan of each name of a namespace that is gone. */
  readonly #reserved = new Map<string, { readonly origin: string; readonly scan: number }>();
  #scan = 0;

  /**
   * Names all namespaces that exist now, in the same order. Where two new ones want the same name, the first gets it, and
   * the other one gets its suffix as well.
   */
  assign(claims: readonly Claim[]): readonly string[] {
    this.#scan += 1;
    const given = new Map<Claim['key'], Given>();
    for (const { key, origin } of claims) {
      const before = this.#given.get(key);
      if (before?.origin === origin) given.set(key, before);
    }
    const taken = new Set([...given.values()].map(({ name }) => name));
    this.#reserve(given);
    const origins = new Set([...given.values()].map(({ origin }) => origin));
    for (const claim of claims) {
      if (given.has(claim.key)) continue;
      const name = this.#choose(claim, taken, origins.has(claim.origin));
      taken.add(name);
      origins.add(claim.origin);
      given.set(claim.key, { name, origin: claim.origin });
    }
    for (const name of taken) this.#reserved.delete(name);
    this.#given = given;
    return claims.map(({ key, name }) => given.get(key)?.name ?? name);
  }

  /** Reserves the names that are not in use any more, and forgets old reservations. */
  #reserve(given: ReadonlyMap<Claim['key'], Given>): void {
    for (const [key, { name, origin }] of this.#given) {
      if (given.get(key)?.name !== name) this.#reserved.set(name, { origin, scan: this.#scan });
    }
    for (const [name, { scan }] of this.#reserved) {
      if (this.#scan - scan >= RESERVED) this.#reserved.delete(name);
    }
  }

  /** @param isShared whether another namespace has the same origin, so that this one may not be a successor. */
  #choose({ name, origin, suffix }: Claim, taken: ReadonlySet<string>, isShared: boolean): string {
    const reserved = this.#reserved.get(name);
    if (!taken.has(name) && (reserved === undefined || (reserved.origin === origin && !isShared))) return name;
    let chosen = `${name}-${suffix}`;
    for (let number = 2; taken.has(chosen) || this.#reserved.has(chosen); number++)
      chosen = `${name}-${suffix}-${number}`;
    return chosen;
  }
}
