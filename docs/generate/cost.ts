/** Writes the tables of docs/cost.md from the figures of a benchmark. */

import { table } from './markdown.ts';

/** The content of docs/cost.json. */
export interface Costs {
  readonly machine: Machine;
  readonly sections: readonly Section[];
}

/** What was measured on. */
export interface Machine {
  readonly processor: string;
  readonly cpus: number;
  readonly kernel: string;
  /** The version of Node.js that runs the script. */
  readonly node: string;
}

/** A part of the benchmark. */
export interface Section {
  readonly title: string;
  /** When it began, such as `2026-11-21`. */
  readonly date: string;
  /** The load average of the last minute when it began, from other programs and from earlier parts. */
  readonly load: number;
  readonly figures: readonly Figure[];
}

export interface Figure {
  readonly name: string;
  readonly value: number;
  /** Empty for a ratio. */
  readonly unit: string;
}

/** A line about the machine, then a table for each section. */
export function costTables({ machine, sections }: Costs): string {
  const { cpus, kernel, node, processor } = machine;
  const tables = sections.map(({ date, figures, load, title }) =>
    [
      `### ${title}\n`,
      `${date}, load average ${load.toFixed(1)} at the start.\n`,
      table(
        ['What', 'Figure'],
        figures.map(({ name, unit, value }) => [name, `${written(value)} ${unit}`.trimEnd()]),
      ),
    ].join('\n'),
  );
  return [`${cpus} CPUs (${processor}), Linux ${kernel}, Node.js ${node}.\n`, ...tables].join('\n');
}

/** A number with as many digits as matter. */
export function written(value: number): string {
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
