/** The lines of one screen. */

import { escaped, wrap } from '../base/text.ts';
import type { Board } from './board.ts';
import { body, type Size } from './columns.ts';
import { estimateLines } from './estimate.ts';
import type { Message, Messages } from './messages.ts';
import { namespacesBlock } from './namespaces.ts';
import { pointer } from './pointer.ts';
import { type Block, blocksOf } from './sections.ts';
import { tableOf } from './table.ts';
import { cut, type Line, pad, span, widthOf } from './text.ts';

/** Height from which there is an empty line above the sections, and one below. */
const AIRY = 20;
/** The share of the screen for messages, and how many it shows at most. */
const MESSAGES = 1 / 6;
const MOST_MESSAGES = 3;

export interface View {
  readonly host: string;
  /** Name of the network namespace, if it is not the host's own. */
  readonly netns?: string | undefined;
  /** Such as `Linux 6.18.0`. */
  readonly kernel: string;
  /** Seconds between two updates. */
  readonly every: number;
  readonly board: Board;
  /** When the values were read, in milliseconds since the epoch. */
  readonly time: number;
  readonly messages: Pick<Messages, 'isTroubled' | 'recent'>;
}

/** As many lines as the terminal has, none wider than it. */
export function screenOf(view: View, { columns, rows }: Size): readonly Line[] {
  const { board, messages } = view;
  const [first, ...others] = blocksOf(board);
  const blocks = [first, namespacesBlock(board), ...others].filter((block) => block !== undefined);
  const air: Line[] = rows < AIRY ? [] : [[]];
  const head = [headOf(view, columns), ...tableOf(board, columns), ...air];
  const foot = [
    ...air,
    ...estimateLines(board, columns),
    ...messageLines(messages.recent, { columns, rows }),
    lastLine(columns, messages.isTroubled, blocks, pointer(board)),
  ];
  const room = Math.max(0, rows - head.length - foot.length);
  const sections = body(blocks, { columns, rows: room });
  const empty = Array.from({ length: room - sections.length }, (): Line => []);
  return [...head, ...sections, ...empty, ...foot].slice(0, rows).map((line) => cut(line, columns));
}

function headOf({ every, host, kernel, netns, time }: View, columns: number): Line {
  const clock = timeOf(time);
  const room = columns - clock.length - 1;
  const place = netns === undefined ? [] : [span('  netns '), span(escaped(netns), 'strong')];
  const line = fitting([span(escaped(host), 'strong'), ...place], [`  every ${every} s`, `  ${escaped(kernel)}`], room);
  return [...pad(line, room), span(` ${clock}`)];
}

/** The newest messages that fit their share of the screen, oldest first. */
function messageLines(messages: readonly Message[], { columns, rows }: Size): readonly Line[] {
  const most = Math.max(1, Math.floor(rows * MESSAGES));
  const shown = messages.slice(-Math.min(most, MOST_MESSAGES));
  const each = Math.floor(most / shown.length);
  return shown.flatMap(({ level, text, time }) => {
    const style = level === 'error' ? 'critical' : level === 'info' ? 'dim' : 'warning';
    const clock = `${timeOf(time)} `;
    const lines = wrap(text, Math.max(1, columns - clock.length));
    return lines.slice(0, each).map((line, at) => {
      const isCut = at === each - 1 && lines.length > each;
      return [span(at === 0 ? clock : ' '.repeat(clock.length), 'dim'), span(isCut ? `${line}…` : line, style)];
    });
  });
}

/** How to end, the legend of the marks on the screen, and the commands to run, as far as they fit. */
function lastLine(columns: number, isTroubled: boolean, blocks: readonly Block[], command: string | undefined): Line {
  const marks = new Set(blocks.flatMap(({ rows }) => rows.map(({ mark }) => mark)));
  const parts = [
    marks.has('!') ? '   ! trouble' : '',
    marks.has('?') ? '   ? old' : '',
    isTroubled ? '   run conntrack.plugin check' : '',
    command === undefined ? '' : `   run conntrack.plugin ${command}`,
  ];
  return fitting([span('Ctrl-C ends', 'dim')], parts, columns);
}

/** The line, followed by each part that fits in `width` columns. */
function fitting(line: Line, parts: readonly string[], width: number): Line {
  const extended = [...line];
  for (const part of parts) {
    if (widthOf(extended) + part.length <= width) extended.push(span(part, 'dim'));
  }
  return extended;
}

/** Local time of day, such as `17:30:05`. */
export function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toTimeString().slice(0, 8);
}
