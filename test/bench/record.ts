/** Keeps figures in docs/cost.json, from which `npm run docs` writes docs/cost.md. */

import fs from 'node:fs';
import os from 'node:os';
import { isDeepStrictEqual } from 'node:util';

import type { Costs, Machine, Section } from '../../docs/generate/cost.ts';

const FILE = 'docs/cost.json';

/** Replaces the section in the file, or adds it. */
export function recordSection(section: Section): void {
  const costs = withSection(readCosts(), thisMachine(), section);
  fs.writeFileSync(FILE, `${JSON.stringify(costs, undefined, 2)}\n`);
}

/** What is recorded after a section was measured. Sections that were measured on another machine are dropped. */
export function withSection(before: Costs | undefined, machine: Machine, section: Section): Costs {
  const kept = before !== undefined && isDeepStrictEqual(before.machine, machine) ? before.sections : [];
  const at = kept.findIndex(({ title }) => title === section.title);
  const sections = at < 0 ? [...kept, rounded(section)] : kept.with(at, rounded(section));
  return { machine, sections };
}

function thisMachine(): Machine {
  const [cpu] = os.cpus();
  return {
    processor: cpu?.model ?? 'unknown',
    cpus: os.availableParallelism(),
    kernel: os.release(),
    node: process.version.slice(1),
  };
}

function readCosts(): Costs | undefined {
  return fs.existsSync(FILE) ? JSON.parse(fs.readFileSync(FILE, 'utf8')) : undefined;
}

/** Four digits are more than can be measured. */
function rounded({ figures, load, ...section }: Section): Section {
  const round = (value: number): number => Number(value.toPrecision(4));
  return {
    ...section,
    load: round(load),
    figures: figures.map(({ value, ...figure }) => ({ ...figure, value: round(value) })),
  };
}
