/** The agent's `netdata.conf`: sections, keys and values. */

export class Ini {
  readonly #values = new Map<string, string>();

  /** The last value of a repeated key wins. Malformed lines are ignored. */
  constructor(text: string) {
    let section = '';
    for (const line of text.split('\n')) {
      // The agent does not trim the name: `[ plugins ]` is another section, and `[plugins] # text` is not a section.
      const [, name] = /^\s*\[(.*)\]\s*$/.exec(line) ?? [];
      if (name !== undefined) section = name;
      const [, key, value] = /^\s*([^#[=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
      if (key !== undefined && value !== undefined) this.#values.set(`[${section}]${key}`, value);
    }
  }

  get(section: string, key: string): string | undefined {
    return this.#values.get(`[${section}]${key}`);
  }

  /** Whether the agent reads a setting as yes; `otherwise` if it is missing. */
  isOn(section: string, key: string, otherwise = true): boolean {
    const value = this.get(section, key);
    if (value === undefined) return otherwise;
    return ['yes', 'true', 'on', 'auto', 'on demand'].includes(value.toLowerCase());
  }

  /** A list of words, quoted or not, such as the plugin directories. */
  words(section: string, key: string): string[] {
    const words = (this.get(section, key) ?? '').matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g);
    return [...words].map(([, double, single, bare]) => double ?? single ?? bare ?? '').filter((word) => word !== '');
  }
}
