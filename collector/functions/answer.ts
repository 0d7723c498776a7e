/** The common format of live answers: a table, for the dashboard and for the terminal. */

/** What the values of a column are, which decides how they are shown. `null` is unknown. */
export type ColumnType =
  /** A string. */
  | 'text'
  /** A whole number of things. */
  | 'count'
  /** A whole number that is a name, such as a port, a zone or a mark: its sum means nothing. */
  | 'number'
  /** A percentage. */
  | 'percent'
  /** Per second. */
  | 'rate'
  | 'bytes'
  /** Seconds. */
  | 'duration'
  /** Milliseconds since the epoch. */
  | 'time';

export interface Column {
  /** Permanent, and unique in the answer; also the name of the field in JSON. */
  readonly id: string;
  /** The heading. */
  readonly name: string;
  readonly type: ColumnType;
  /** Whether it identifies the row. */
  readonly isKey?: true;
  /** Whether it is shown only on request. */
  readonly isHidden?: true;
}

export type Cell = string | number | null;

export interface Row {
  /** One for each column. */
  readonly cells: readonly Cell[];
  /** Whether the row is a problem. */
  readonly severity?: 'warning' | 'error';
}

export interface Answer {
  readonly columns: readonly Column[];
  /** Sorted. */
  readonly rows: readonly Row[];
  /** Id of the column that the rows are sorted by, largest first. */
  readonly sortedBy: string;
  /**
   * What a reader must know, as sentences: that numbers are estimates, with their standard error; rows that were left
   * out; a missing source.
   */
  readonly notes: readonly string[];
}

/** The answer without columns in which every row is unknown, except keys and the one that it is sorted by. */
export function withoutUnknown(answer: Answer): Answer {
  const { columns, rows, sortedBy } = answer;
  const isKept = columns.map(
    ({ id, isKey }, place) =>
      isKey === true || id === sortedBy || rows.some(({ cells }) => (cells[place] ?? null) !== null),
  );
  if (rows.length === 0 || isKept.every(Boolean)) return answer;
  const kept = <T>(list: readonly T[]): T[] => list.filter((_, place) => isKept[place]);
  return { ...answer, columns: kept(columns), rows: rows.map((row) => ({ ...row, cells: kept(row.cells) })) };
}
