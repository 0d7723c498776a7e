/** Chart ids from names that others choose, such as those of daemons and network namespaces: ids allow fewer characters. */

/**
 * Most characters of a name in an id. Netdata 1.37 cuts the ids of charts after 199 characters: two could become the same
 * chart, and an update of an id that was cut ends the plugin for good. This leaves room for the rest of the id.
 */
const LONGEST = 120;

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
   * @param name becomes the id: shortened if it is long, and followed by a number if another key has that id.
   */
  of(scope: string, key: string, name: string): string {
    const known = this.#ids.get(`${scope} ${key}`);
    if (known !== undefined) return known;
    const wanted = clean(name).slice(0, LONGEST);
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
