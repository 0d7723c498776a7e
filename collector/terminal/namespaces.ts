/** The section of the screen that ranks the other network namespaces: the fullest first. */

import { inPercent, inRate, inWhole } from '../base/numbers.ts';
import { escaped } from '../base/text.ts';
import type { Board, Shown } from './board.ts';
import { bar } from './drawing.ts';
import { ENTRIES, NAMESPACES, WARNING_ABOVE } from './layout.ts';
import type { Block, Mark, Row } from './sections.ts';
import { styleOf } from './table.ts';
import { type Line, span } from './text.ts';

/** Columns of a number of entries, and of their share of the limit; those before a rate, and those that a bar needs. */
const COUNT = 9;
const SHARE = 8;
const GAP = 2;
const NARROWEST = 4;

/** A network namespace that is not the one that the screen is about. */
interface Neighbour {
  readonly name: string;
  readonly entries: number;
  /** Percentage of the limit; `undefined` if that is unknown. */
  readonly used: number | undefined;
  readonly mark: Mark;
  /** Such as `drop 3.0/s`; empty without any that is known. */
  readonly rate: string;
}

/** The section; `undefined` while nothing is known of any other namespace. */
export function namespacesBlock(board: Board): Block | undefined {
  const neighbours = neighboursOf(board).sort((one, other) => other.entries - one.entries);
  const longest = Math.max(...neighbours.map(({ rate }) => rate.length));
  const rows = neighbours.map((neighbour) => rowOf(neighbour, longest === 0 ? 0 : longest + GAP));
  return rows.length === 0 ? undefined : { ...NAMESPACES.section, rows };
}

/** The name of the fullest namespace, if it is nearly full. */
export function nearlyFull(board: Board): string | undefined {
  const full = neighboursOf(board).filter(({ mark, used = 0 }) => mark !== '?' && used > WARNING_ABOVE);
  return full.sort((one, other) => other.entries - one.entries)[0]?.name;
}

function neighboursOf(board: Board): Neighbour[] {
  return [...board.namespaces].flatMap(([name, all]) => {
    const table = all.find(({ chart }) => chart.context === ENTRIES.context);
    const entries = table?.values.get(ENTRIES.dimension);
    if (table === undefined || entries === undefined) return [];
    const limit = table.variables.get(ENTRIES.limit);
    const used = limit === undefined ? undefined : (100 * entries) / limit;
    const errors = largest(all, NAMESPACES.errors);
    const isTrouble = errors !== undefined || (used ?? 0) > WARNING_ABOVE;
    const mark = table.age === 'old' ? '?' : isTrouble ? '!' : ' ';
    return [{ name, entries, used, mark, rate: errors ?? largest(all, NAMESPACES.creations) ?? '' }];
  });
}

interface Rates {
  readonly context: string;
  readonly dimensions: readonly string[];
}

/** The largest of these rates and its name; `undefined` if none is above 0. */
function largest(all: readonly Shown[], { context, dimensions }: Rates): string | undefined {
  const shown = all.find(({ age, chart }) => chart.context === context && age !== 'old');
  const rates = dimensions.map((dimension) => [dimension, shown?.values.get(dimension) ?? 0] as const);
  const [first] = rates.filter(([, rate]) => rate > 0).sort(([, one], [, other]) => other - one);
  return first === undefined ? undefined : `${first[0]} ${inRate(first[1])}/s`;
}

/** @param rates columns of the rate. */
function rowOf({ entries, mark, name, rate, used }: Neighbour, rates: number): Row {
  const style = mark === '?' ? 'dim' : mark === '!' ? 'critical' : undefined;
  const numbers = inWhole(entries).padStart(COUNT) + (used === undefined ? '' : inPercent(used)).padStart(SHARE) + mark;
  const draw = (width: number): Line => {
    const text = width < numbers.length + rates ? numbers : numbers + rate.padStart(rates);
    const left = width - text.length - 1;
    const filled = left < NARROWEST || used === undefined ? '' : ` ${bar(used / 100, left)}`;
    return [span(text, style), span(filled, style ?? styleOf(used ?? 0))];
  };
  return { label: escaped(name), mark, draw };
}
