/** What the scripts in the guest saw, typed and read. */

/** One run of `check`, and what came of typing what it printed. */
export interface Round {
  readonly report: string;
  /** The exit code of `check`. */
  readonly code: string;
  readonly commands: string;
  /** The exit code of the commands; empty if none was typed. */
  readonly exit: string;
  readonly output: string;
}

/** The most runs of `check` in one part. */
const MOST_ROUNDS = 8;

export class Results {
  /** Reads a file that a script wrote; empty if it wrote none. */
  readonly read: (name: string) => string;

  constructor(read: (name: string) => string) {
    this.read = read;
  }

  /** A single run. */
  look(name: string): Round {
    const file = (ending: string): string => this.read(`${name}.${ending}`);
    const [code, exit] = [file('code').trim(), file('exit').trim()];
    return { report: file('report'), code, commands: file('commands'), exit, output: file('output') };
  }

  /** All runs in a part that repairs something. */
  rounds(part: string): readonly Round[] {
    const all = Array.from({ length: MOST_ROUNDS }, (_, at) => this.look(`${part}.${at + 1}`));
    return all.filter(({ code }) => code !== '');
  }

  /** The commands of such a part, unfolded. */
  typed(part: string): readonly string[] {
    return this.rounds(part).flatMap(commandsOf);
  }

  /** What the agent stored of a dimension, the newest first; without seconds that it has no value of. */
  stored(chart: string, dimension: string): readonly number[] {
    const json = JSON.parse(this.read(`${chart}.json`)) as { labels: string[]; data: (number | null)[][] };
    return json.data.map((row) => row[json.labels.indexOf(dimension)]).filter((value) => typeof value === 'number');
  }

  /** The sets of capabilities of the plugin, as one part saw them. */
  capabilities(part: string): Readonly<Record<string, bigint>> {
    const lines = this.lines(`${part}.capabilities`).map((line) => line.split(/:\s+/));
    return Object.fromEntries(lines.map(([name, set]) => [name, BigInt(`0x${set}`)]));
  }

  /** The lines of a file. */
  lines(name: string): readonly string[] {
    return this.read(name)
      .split('\n')
      .filter((line) => line !== '');
  }
}

/** The commands of one run, unfolded. */
export function commandsOf({ commands }: Round): readonly string[] {
  return commands
    .replace(/ \\\n */g, ' ')
    .split('\n')
    .filter((line) => line !== '');
}
