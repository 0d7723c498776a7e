/** The sections of the layout, filled with current values. */

import { inPercent, inRate, inWhole } from '../base/numbers.ts';
import { escaped } from '../base/text.ts';
import type { Board, Shown } from './board.ts';
import { bar, sparkline } from './drawing.ts';
import { type Content, SECTIONS, type Section } from './layout.ts';
import { type Line, type Span, type Style, span } from './text.ts';

/** Columns of a value with its unit, of a count, and of its share. */
const VALUE = 11;
const COUNT = 10;
const SHARE = 8;
/** Columns that a bar or trend needs. */
const NARROWEST = 4;

/** After a value, to be seen without colours too: `!` trouble, `?` old. */
export type Mark = ' ' | '!' | '?';

const STYLES: Readonly<Record<Mark, Style | undefined>> = { ' ': undefined, '!': 'critical', '?': 'dim' };

export interface Row {
  readonly label: string;
  readonly mark: Mark;
  /** What follows the label, in at most `width` columns. */
  readonly draw: (width: number) => Line;
}

type Values = Extract<Content, { readonly kind: 'values' }>;

/** A section with at least one row. */
export interface Block extends Pick<Section, 'title' | 'column' | 'least'> {
  readonly rows: readonly Row[];
}

/** The sections of the layout that have any values. */
export function blocksOf(board: Board): readonly Block[] {
  return SECTIONS.flatMap((section) => {
    const { contents, each = '', title } = section;
    const titleOf = ({ labels: { [each]: name = title } }: Shown): string =>
      name === title ? title : `${title} ${escaped(name)}`;
    const titles = contents.flatMap(({ context }) => board.instances(context).map(titleOf));
    return [...new Set(titles)].map((own) => {
      const rows = rowsOf(contents, (context) => board.instances(context).filter((shown) => titleOf(shown) === own));
      return { ...section, title: own, rows };
    });
  }).filter(({ rows }) => rows.length > 0);
}

function rowsOf(contents: readonly Content[], instances: (context: string) => readonly Shown[]): readonly Row[] {
  const decisive = contents.filter((content) => hidesOthers(content, instances(content.context)));
  return (decisive.length > 0 ? decisive : contents).flatMap((content) =>
    instances(content.context).flatMap((shown) => rowsOfInstance(content, shown)),
  );
}

function hidesOthers(content: Content, instances: readonly Shown[]): boolean {
  if (content.kind !== 'state' || content.isDecisive !== true) return false;
  return instances.map(stateOf).some((state) => state !== undefined && state !== content.good);
}

function rowsOfInstance(content: Content, shown: Shown): readonly Row[] {
  switch (content.kind) {
    case 'values':
      return content.dimensions.flatMap((dimension) => valueRow(shown, dimension, content));
    case 'shares':
      return shareRows(shown, content.most);
    case 'largest':
      return [largestRow(shown, content.label)];
    case 'state':
      return stateRow(shown, content.good, content.label);
  }
}

function valueRow(shown: Shown, dimension: string, { prefix, troubleAbove }: Values): Row[] {
  const series = shown.series(dimension);
  if (series === undefined) return [];
  const value = shown.values.get(dimension);
  const mark = value === undefined ? ' ' : markOf(shown, troubleAbove !== undefined && value > troubleAbove);
  const text = value === undefined ? '' : inUnits(value, shown.chart.units);
  const draw = (width: number): Line => [
    span(text.padStart(VALUE) + mark, STYLES[mark] ?? (value === 0 ? 'dim' : undefined)),
    graph(width - VALUE - 2, mark, (left) => ` ${sparkline(series, left).padStart(left)}`),
  ];
  return [{ label: prefix === undefined ? dimension : `${prefix} ${dimension}`, mark, draw }];
}

function shareRows(shown: Shown, most: number | undefined): Row[] {
  const mark = markOf(shown, false);
  const known = [...shown.values];
  const total = known.reduce((sum, [, value]) => sum + value, 0);
  return (most === undefined ? known : largestFirst(known).slice(0, most)).map(([label, value]) => {
    const share = total === 0 ? 0 : value / total;
    const text = inWhole(value).padStart(COUNT) + inPercent(share * 100).padStart(SHARE);
    const draw = (width: number): Line => [
      span(text + mark, STYLES[mark]),
      graph(width - COUNT - SHARE - 1, mark, (left) => bar(share, left)),
    ];
    return { label, mark, draw };
  });
}

/** A bar or a trend, where there is room for one. */
function graph(width: number, mark: Mark, draw: (width: number) => string): Span {
  return span(width < NARROWEST ? '' : draw(width), STYLES[mark] ?? 'accent');
}

function largestRow(shown: Shown, label: string): Row {
  const mark = markOf(shown, false);
  const [first = `0 ${shown.chart.units}`, ...rest] = largestFirst([...shown.values]).map(
    ([id, value]) => `${id} ${inWhole(value)}`,
  );
  const end = ` ${mark}`.trimEnd();
  const draw = (width: number): Line => {
    let text = first;
    for (const part of rest) {
      if (text.length + part.length + 2 + end.length > width) break;
      text += `  ${part}`;
    }
    return [span(text + end, STYLES[mark])];
  };
  return { label: escaped(shown.labels[label] ?? shown.instance), mark, draw };
}

function stateRow(shown: Shown, good: string, label: string | undefined): Row[] {
  const state = stateOf(shown);
  if (state === undefined) return [];
  const mark = markOf(shown, state !== good);
  const name = label === undefined ? shown.chart.units : (shown.labels[label] ?? shown.instance);
  const line = [span(`${state} ${mark}`.trimEnd(), STYLES[mark] ?? 'good')];
  return [{ label: escaped(name), mark, draw: () => line }];
}

function stateOf({ values }: Shown): string | undefined {
  return [...values].find(([, value]) => value === 1)?.[0];
}

function markOf({ age }: Shown, isTrouble: boolean): Mark {
  if (age === 'old') return '?';
  return isTrouble ? '!' : ' ';
}

function largestFirst(values: readonly (readonly [string, number])[]): readonly (readonly [string, number])[] {
  return values.filter(([, value]) => value > 0).sort(([, one], [, other]) => other - one);
}

function inUnits(value: number, units: string): string {
  if (units === '%') return inPercent(value);
  return units.endsWith('/s') ? `${inRate(value)}/s` : inWhole(value);
}
