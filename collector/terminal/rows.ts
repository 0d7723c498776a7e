/** The lines of a section, by what they show. */

import { inPercent, inWhole } from '../base/numbers.ts';
import { bar } from './bar.ts';
import type { Shown } from './board.ts';
import type { Content } from './layout.ts';
import { inUnits } from './numbers.ts';
import type { Signs } from './signs.ts';
import { sparkline } from './sparkline.ts';
import { type Line, printable, type Span, type Style, span } from './text.ts';

/** Columns of a value with its unit, and of a count and its share. */
const VALUE = 11;
const COUNT = 10;
const SHARE = 7;
/** A bar or a line of fewer columns says nothing. */
const NARROWEST = 4;
/** Behind a value, to be seen without colours too: that it is trouble, or that it is not from the present. */
export const TROUBLE = '!';
export const OLD = '?';

/** One line of a section. */
export interface Row {
  readonly label: string;
  /** Whether it is shown before others that are not. */
  readonly isUrgent: boolean;
  /** Whether what it shows should have been read anew long since. */
  readonly isOld: boolean;
  /** What stands behind the label, in at most so many columns. */
  readonly draw: (width: number) => Line;
}

type Of<Kind extends Content['kind']> = Extract<Content, { kind: Kind }>;

/** The lines of one part of a section for the instances of its chart; none for what is not known. */
export function rowsOf(content: Content, instances: readonly Shown[], signs: Signs): readonly Row[] {
  switch (content.kind) {
    case 'values':
      return instances.flatMap((shown) => valueRows(content, shown, signs));
    case 'shares':
      return instances.flatMap((shown) => shareRows(content, shown, signs));
    case 'largest':
      return instances.flatMap((shown) => largestRows(content, shown));
    case 'state':
      return instances.flatMap((shown) => stateRows(content, shown));
  }
}

function valueRows({ dimensions, isTrouble }: Of<'values'>, shown: Shown, signs: Signs): Row[] {
  const isOld = shown.age === 'old';
  return dimensions.flatMap((dimension) => {
    const series = shown.series(dimension);
    if (series === undefined) return [];
    const value = shown.values.get(dimension);
    const isUrgent = isTrouble === true && value !== undefined && value > 0 && !isOld;
    const text = value === undefined ? '' : inUnits(value, shown.chart.units);
    const mark = isUrgent ? TROUBLE : isOld && value !== undefined ? OLD : ' ';
    const draw = (width: number): Line => {
      const styleOr = (usual?: Style): Style | undefined => (isUrgent ? 'critical' : isOld ? 'dim' : usual);
      const left = width - VALUE - 2;
      const line = left < NARROWEST ? '' : ` ${sparkline(series, left, signs).padStart(left)}`;
      return [
        span(text.padStart(VALUE) + mark, styleOr(value === 0 ? 'dim' : undefined)),
        span(line, styleOr('accent')),
      ];
    };
    return [{ label: dimension, isUrgent, isOld, draw }];
  });
}

function shareRows({ most }: Of<'shares'>, { age, chart, values }: Shown, signs: Signs): Row[] {
  const isOld = age === 'old';
  const known = chart.dimensions.flatMap(({ id }): [string, number][] => {
    const value = values.get(id);
    return value === undefined ? [] : [[id, value]];
  });
  const total = known.reduce((sum, [, value]) => sum + value, 0);
  const drawn = most === undefined ? known : largestFirst(known).slice(0, most);
  return drawn.map(([label, value]) => {
    const share = total === 0 ? 0 : value / total;
    const draw = (width: number): Line => {
      const text = inWhole(value).padStart(COUNT) + inPercent(share * 100).padStart(SHARE + 1);
      const numbers = isOld ? span(text + OLD, 'dim') : span(`${text} `);
      const left = width - COUNT - SHARE - 2;
      return left < NARROWEST ? [numbers] : [numbers, span(bar(share, left, signs).filled, isOld ? 'dim' : 'accent')];
    };
    return { label, isUrgent: false, isOld, draw };
  });
}

function largestRows({ label }: Of<'largest'>, { age, chart, instance, labels, values }: Shown): Row[] {
  const isOld = age === 'old';
  if (values.size === 0) return [];
  const parts = largestFirst([...values]).map(([id, value]) => `${id} ${inWhole(value)}`);
  const end = isOld ? ` ${OLD}` : '';
  const draw = (width: number): Line => {
    let text = parts[0] ?? `0 ${chart.units}`;
    for (const part of parts.slice(1)) {
      if (text.length + part.length + 2 + end.length > width) break;
      text += `  ${part}`;
    }
    return [isOld ? span(text + end, 'dim') : span(text)];
  };
  return [{ label: printable(labels[label] ?? instance), isUrgent: false, isOld, draw }];
}

/** The one dimension that is 1. */
export function stateOf({ values }: Shown): string | undefined {
  const [state] = [...values].find(([, value]) => value === 1) ?? [];
  return state;
}

function stateRows({ good, label }: Of<'state'>, shown: Shown): Row[] {
  const { chart, instance, labels } = shown;
  const state = stateOf(shown);
  if (state === undefined) return [];
  const name = label === undefined ? chart.units : (labels[label] ?? instance);
  const isOld = shown.age === 'old';
  const isUrgent = state !== good && !isOld;
  const known: Span = isUrgent ? span(`${state} ${TROUBLE}`, 'critical') : span(state, 'good');
  const text = isOld ? span(`${state} ${OLD}`, 'dim') : known;
  return [{ label: printable(name), isUrgent, isOld, draw: () => [text] }];
}

function largestFirst(values: readonly [string, number][]): [string, number][] {
  return values.filter(([, value]) => value > 0).sort(([, one], [, other]) => other - one);
}
