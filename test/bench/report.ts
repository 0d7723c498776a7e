/** What the benchmark prints, and keeps for a record. */

import { type Figure, written } from '../../docs/generate/cost.ts';

const NAME = 66;
const FIGURE = 12;

/** What a figure should be. */
export interface Aim {
  readonly most: number;
  /** Whether exactly that much is still enough. */
  readonly inclusive: boolean;
}

const figures: Figure[] = [];

/** The figures since the last call. */
export function takeFigures(): readonly Figure[] {
  return figures.splice(0);
}

/** A line that begins a group of figures. */
export function heading(text: string): void {
  process.stdout.write(`\n${text}\n`);
}

/** One figure, and whether its aim is met. */
export function figure(name: string, value: number, unit: string, aim?: Aim): void {
  figures.push({ name, value, unit });
  const measured = `  ${name.padEnd(NAME)}${written(value).padStart(FIGURE)} ${unit}`;
  process.stdout.write(
    aim === undefined ? `${measured}\n` : `${measured.padEnd(NAME + FIGURE + 8)}${verdict(value, unit, aim)}\n`,
  );
}

/** A line of explanation. */
export function note(text: string): void {
  process.stdout.write(`  ${text}\n`);
}

function verdict(value: number, unit: string, { most, inclusive }: Aim): string {
  const isMet = inclusive ? value <= most : value < most;
  const aim = `${inclusive ? 'at most' : 'under'} ${Number(most.toFixed(3))} ${unit}`.trimEnd();
  return `aim: ${aim.padEnd(14)} ${isMet ? 'met' : 'not met'}`;
}
