/** The columns of a live answer as dashboards draw them. Source: `buffer_rrdf_table_add_field` of Netdata. */

import type { Column, ColumnType, Row } from '../functions/answer.ts';

/** How dashboards show, sort, filter and sum up the values of a type. */
interface ColumnLook {
  readonly type: 'string' | 'integer' | 'float' | 'bar-with-integer' | 'duration' | 'timestamp';
  readonly visualization: 'value' | 'bar';
  readonly transform: 'none' | 'number' | 'duration' | 'datetime';
  readonly decimals: number;
  readonly units?: string;
  readonly sort: 'ascending' | 'descending';
  readonly summary: 'count' | 'sum' | 'max';
  readonly filter: 'multiselect' | 'range';
  /** The end of a bar; for durations it is the largest value. */
  readonly max?: number;
}

const NUMBER = {
  visualization: 'value',
  transform: 'number',
  decimals: 0,
  sort: 'descending',
  summary: 'sum',
  filter: 'range',
} as const;

const NAME = {
  visualization: 'value',
  transform: 'none',
  decimals: 0,
  sort: 'ascending',
  summary: 'count',
  filter: 'multiselect',
} as const;

const LOOKS: Readonly<Record<ColumnType, ColumnLook>> = {
  text: { ...NAME, type: 'string' },
  number: { ...NAME, type: 'integer' },
  count: { ...NUMBER, type: 'integer' },
  percent: {
    ...NUMBER,
    type: 'bar-with-integer',
    visualization: 'bar',
    decimals: 2,
    units: '%',
    summary: 'max',
    max: 100,
  },
  rate: { ...NUMBER, type: 'float', decimals: 1, units: '/s' },
  bytes: { ...NUMBER, type: 'integer', units: 'bytes' },
  duration: { ...NUMBER, type: 'duration', transform: 'duration', units: 's', summary: 'max' },
  time: { ...NUMBER, type: 'timestamp', transform: 'datetime', summary: 'max' },
};

/** The name of the column that colours rows. */
const ROW_OPTIONS = 'rowOptions';

/** The descriptions of the columns by id; the last one colours the rows. */
export function describeColumns(columns: readonly Column[], rows: readonly Row[]): [id: string, about: object][] {
  const firstKey = columns.find(({ isKey }) => isKey === true);
  const described = columns.map((column, index): [string, object] => [
    column.id,
    describeColumn(column, { index, max: largest(column, index, rows), sticky: column === firstKey }),
  ]);
  const options = {
    index: columns.length,
    name: ROW_OPTIONS,
    type: 'none',
    visualization: ROW_OPTIONS,
    visible: false,
    sortable: false,
    filter: 'none',
    dummy: true,
  };
  return [...described, [ROW_OPTIONS, options]];
}

/** @param place what depends on the other columns and on the rows; `max` is the end of bars. */
function describeColumn(
  column: Column,
  place: { readonly index: number; readonly max: number | undefined; readonly sticky: boolean },
): object {
  const { name, isHidden, isKey, type } = column;
  const { decimals, transform, units, ...look } = LOOKS[type];
  return {
    name,
    ...(units === undefined ? {} : { units }),
    ...place,
    ...look,
    value_options: { units: units ?? null, transform, decimal_points: decimals, default_value: null },
    visible: isHidden !== true,
    unique_key: isKey === true,
    sortable: true,
    full_width: false,
    wrap: false,
  };
}

/** The largest duration in a column, which is the end of its bars. */
function largest({ type }: Column, index: number, rows: readonly Row[]): number | undefined {
  if (type !== 'duration') return undefined;
  return rows.reduce((most, { cells }) => Math.max(most, Number(cells[index] ?? 0)), 0);
}

/** The part of an answer that groups and charts its rows. */
export function describeGroups(columns: readonly Column[], sortedBy: string): object {
  const shown = columns.filter(({ isHidden }) => isHidden !== true);
  const texts = shown.filter(({ type }) => type === 'text');
  const names = shown.filter(({ type }) => type === 'text' || type === 'number');
  const groupBy = Object.fromEntries(names.map(({ id, name }) => [id, { name, columns: [id] }]));
  const group = texts.find(({ isKey }) => isKey !== true) ?? texts[0];
  if (group === undefined) return { group_by: groupBy };
  const summed = shown.find(({ id, type }) => id === sortedBy && LOOKS[type].transform === 'number');
  const chart =
    summed === undefined
      ? { name: 'Rows', columns: [group.id], aggregation: 'count' }
      : { name: summed.name, columns: [summed.id], aggregation: LOOKS[summed.type].summary };
  const id = summed?.id ?? 'rows';
  return {
    group_by: groupBy,
    charts: { [id]: { ...chart, type: 'bar', groupBy: 'column' } },
    default_charts: [[id, group.id]],
  };
}
