/**
 * What functions answer: the JSON of Netdata's Functions protocol, version 3.
 *
 * Source: FUNCTION_UI_REFERENCE.md and FUNCTION_UI_SCHEMA.json of Netdata.
 */

import { inWhole } from '../base/numbers.ts';
import { type Answer, type Cell, type Row, withoutUnknown } from '../functions/answer.ts';
import type { LiveFunction } from '../functions/function.ts';
import type { Work } from '../modules/slices.ts';
import { describeColumns, describeGroups } from './function_columns.ts';

/** The version of the protocol: arguments come as a JSON payload, too. */
export const PROTOCOL_VERSION = 3;
/** Seconds until a dashboard that shows an answer asks again. */
const UPDATE_EVERY = 10;
/** Bytes of an answer. */
const MOST_BYTES = 2 * 1024 * 1024;
/** Bytes of an answer that are kept for what is not rows. */
const RESERVED = 128 * 1024;
/** Characters of a text in a cell. Agents cut lines at 15 kB. */
const MOST_TEXT = 1000;
/** Characters of a row on one line. */
const MOST_LINE = 8000;
/** How dashboards call a severity. Source: `facets_severity_to_string` of Netdata. */
const SEVERITIES = { warning: 'warning', error: 'critical' } as const;

/** An answer: an HTTP status and a body of lines, none longer than agents accept. */
export interface Reply {
  readonly status: number;
  readonly body: string;
}

export function errorReply(status: number, message: string): Reply {
  return { status, body: JSON.stringify({ status, errorMessage: message }) };
}

/** What a dashboard asks before it calls a function: which arguments there are. `now` in milliseconds since the epoch. */
export function infoReply({ help, parameters }: LiveFunction, now: number): Reply {
  const required = parameters.flatMap(({ name, help: about, choices = [], isSelector }) =>
    isSelector === true && choices.length > 0
      ? [
          {
            id: name,
            name: capitalized(name),
            help: about,
            type: 'select',
            unique_view: true,
            options: options(choices),
          },
        ]
      : [],
  );
  const members = {
    v: PROTOCOL_VERSION,
    ...common(help, now),
    accepted_params: parameters.map(({ name }) => name),
    required_params: required,
  };
  return { status: 200, body: lines(members) };
}

/**
 * The answer as a table, without columns that no row knows. Rows that do not fit into 2 MiB are left out, and a note says so.
 *
 * @param now milliseconds since the epoch.
 */
export function* tableReply({ help }: LiveFunction, answer: Answer, now: number): Work<Reply> {
  const { columns, rows, sortedBy } = withoutUnknown(answer);
  const data: string[] = [];
  let bytes = RESERVED;
  for (const row of rows) {
    const line = rowLine(row);
    bytes += Buffer.byteLength(line) + 2;
    if (bytes > MOST_BYTES) break;
    data.push(line);
    yield;
  }
  const left = rows.length - data.length;
  const size = `an answer is at most ${MOST_BYTES / 1024 / 1024} MiB`;
  const cut = `${inWhole(data.length)} of ${inWhole(rows.length)} rows are shown: ${size}.`;
  const notes = left === 0 ? answer.notes : [...answer.notes, cut];
  const members = {
    ...common([...notes, help].join(' '), now),
    ...(notes.length === 0 ? {} : { message: messageOf(notes) }),
    default_sort_column: sortedBy,
    ...describeGroups(columns, sortedBy),
  };
  const about = describeColumns(columns, rows).map(([id, column]) => `${JSON.stringify(id)}:${JSON.stringify(column)}`);
  const table = `"columns":{\n${about.join(',\n')}\n},\n"data":[\n${data.join(',\n')}\n]`;
  return { status: 200, body: lines(members, table) };
}

/** What every good answer has. `expires` in seconds since the epoch. */
function common(help: string, now: number): object {
  const expires = Math.floor(now / 1000) + UPDATE_EVERY;
  return { status: 200, type: 'table', has_history: false, update_every: UPDATE_EVERY, expires, help };
}

/** The message of an answer; Netdata's journal uses it to label estimates. */
function messageOf(notes: readonly string[]): object {
  const text = notes.join(' ');
  return { title: text, description: text, status: 'notice' };
}

function options(choices: readonly { readonly id: string; readonly name: string }[]): object[] {
  return choices.map(({ id, name }, place) => (place === 0 ? { id, name, defaultSelected: true } : { id, name }));
}

/** An object with a line for each member. */
function lines(members: object, more?: string): string {
  const each = Object.entries(members).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return `{\n${[...each, ...(more === undefined ? [] : [more])].join(',\n')}\n}`;
}

function rowLine({ cells, severity }: Row): string {
  const rowOptions = { severity: severity === undefined ? 'normal' : SEVERITIES[severity] };
  const parts = [...cells.map((cell) => JSON.stringify(shortened(cell))), JSON.stringify(rowOptions)];
  const line = `[${parts.join(',')}]`;
  return line.length <= MOST_LINE ? line : `[${parts.join(',\n')}]`;
}

/** A cell with a text that fits. (`JSON.stringify` writes a number that is not finite as `null`, which is unknown.) */
function shortened(cell: Cell): Cell {
  return typeof cell === 'string' && cell.length > MOST_TEXT ? `${cell.slice(0, MOST_TEXT - 1)}…` : cell;
}

/** `nat-address` as a heading: `Nat address`. */
function capitalized(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1).replaceAll('-', ' ');
}
