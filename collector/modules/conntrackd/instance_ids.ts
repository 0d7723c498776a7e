/** Chart ids from names that others choose, such as a daemon: chart ids allow fewer characters. */

/** Replaces characters that are invalid in a chart id. */
export function clean(name: string): string {
  return name.replace(/[^A-Za-z0-9-]+/g, '_');
}

/** A chart id as the agent stores it: ids that differ only in other characters are the same chart. */
function stored(id: string): string {
  return id.replace(/[^A-Za-z0-9]/g, '_');
}

/**
 * Gives every key of a scope a unique id, also after the agent has cleaned it: `eth0.1` and `eth0_1` become `eth0_1` and
 * `eth0_1_2`. A key keeps its id until it is forgotten.
 */
export class InstanceIds {
  readonly #ids = new Map<string, string>();
  readonly #taken = new Set<string>();

  /**
   * The id of a key.
   *
   * @param scope of the charts; ids of different scopes may be equal.
   * @param name becomes the id, followed by a number if another key has that id.
   */
  of(scope: string, key: string, name: string): string {
    const known = this.#ids.get(`${scope} ${key}`);
    if (known !== undefined) return known;
    const wanted = clean(name);
    let id = wanted;
    for (let number = 2; this.#taken.has(`${scope} ${stored(id)}`); number++) id = `${wanted}_${number}`;
    this.#taken.add(`${scope} ${stored(id)}`);
    this.#ids.set(`${scope} ${key}`, id);
    return id;
  }

  /** Frees the id of a key. */
  forget(scope: string, key: string): void {
    const id = this.#ids.get(`${scope} ${key}`);
    if (id === undefined) return;
    this.#ids.delete(`${scope} ${key}`);
    this.#taken.delete(`${scope} ${stored(id)}`);
  }
}
