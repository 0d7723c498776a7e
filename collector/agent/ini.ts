/** The agent's `netdata.conf`: sections, keys and values. */

/** What the agent passes over around words. JavaScript's `\s` is more: a byte order mark, which hides a first `[plugins]`. */
const BLANK = '[ \\t\\v\\f\\r]';
const SECTION = new RegExp(`^${BLANK}*\\[(.*)\\]${BLANK}*$`);
const VALUE = new RegExp(`^${BLANK}*([^#[= \\t\\v\\f\\r][^=]*?)${BLANK}*=${BLANK}*(.*?)${BLANK}*$`);

export class Ini {
  readonly #values = new Map<string, string>();

  /** Of a key that is there more than once, the last value holds. What is no line of such a file is passed over. */
  constructor(text: string) {
    let section = '';
    for (const line of text.split('\n')) {
      // The agent takes the name as it stands: `[ plugins ]` is another section, `[plugins] # text` is none.
      const [, name] = SECTION.exec(line) ?? [];
      if (name !== undefined) section = name;
      const [, key, value] = VALUE.exec(line) ?? [];
      if (key !== undefined && value !== undefined) this.#values.set(`[${section}]${key}`, value);
    }
  }

  get(section: string, key: string): string | undefined {
    return this.#values.get(`[${section}]${key}`);
  }

  /** Whether the agent takes a setting for yes, or what holds if it is not there. */
  isOn(section: string, key: string, otherwise = true): boolean {
    const value = this.get(section, key);
    if (value === undefined) return otherwise;
    return ['yes', 'true', 'on', 'auto', 'on demand'].includes(value.toLowerCase());
  }

  /** A list of words, quoted or not, as the agent writes its plugin directories. */
  words(section: string, key: string): string[] {
    const words = (this.get(section, key) ?? '').matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g);
    return [...words].map(([, double, single, bare]) => double ?? single ?? bare ?? '').filter((word) => word !== '');
  }
}
