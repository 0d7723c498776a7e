/** Prints events as lines, in bounded memory however slowly they are read. */

import type { Writable } from 'node:stream';
import { ByteBuffer } from '../base/byte_buffer.ts';
import { inWhole } from '../base/numbers.ts';
import { type Clock, Interruption } from '../base/scheduler.ts';
import { escaped } from '../base/text.ts';
import type { Column } from '../functions/answer.ts';
import { addEventLine, LINE_PARTS } from '../functions/event_line.ts';
import type { EventKind } from '../functions/event_stream.ts';
import { EVENT_COLUMNS } from '../functions/events.ts';
import { FLOW_PARTS, flowCells } from '../functions/flow_cells.ts';
import type { EventSink } from '../functions/follow.ts';
import type { Flow } from '../netlink/flow.ts';
import type { FlowPart } from '../netlink/flow_parts.ts';
import { jsonLine } from '../terminal/answer_table.ts';
import { NETNS_COLUMN } from '../terminal/netns.ts';

/** Bytes that may wait to be read; beyond, events are dropped and counted. */
const MOST_WAITING = 1024 * 1024;
/** Milliseconds to wait for a reader before reading on; meanwhile the kernel keeps the events. */
const PATIENCE = 100;
/** Microseconds between two reports of dropped events. */
const REPORT = 1e6;

export interface EventPrinterOptions {
  /** Standard output. */
  readonly stream: Pick<Writable, 'write' | 'writableLength'>;
  readonly clock: Clock;
  /** Whether to print JSON. */
  readonly json: boolean;
  /** Name of the network namespace, if it is not the host's own. */
  readonly netns?: string | undefined;
  /** Prints a message to standard error. */
  readonly report: (message: string) => void;
}

export class EventPrinter implements EventSink {
  readonly parts: readonly FlowPart[];
  readonly #options: EventPrinterOptions;
  /** What follows each line of text, and begins each row of JSON. */
  readonly #suffix: string;
  readonly #columns: readonly Column[];
  readonly #place: readonly string[];
  readonly #text = new ByteBuffer();
  /** When the last batch was read, in milliseconds since the epoch, and as text. */
  #now = 0;
  #stamp = '';
  #isBlocked = false;
  /** Called when something that was written has been read. */
  #written: () => void = () => undefined;
  /** Events that were dropped here, and how many times the kernel dropped some, since the last report. */
  #dropped = 0;
  #overruns = 0;
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(options: EventPrinterOptions) {
    this.#options = options;
    const { json, netns } = options;
    this.parts = json ? FLOW_PARTS : LINE_PARTS;
    this.#place = netns === undefined ? [] : [netns];
    this.#columns = netns === undefined ? EVENT_COLUMNS : [NETNS_COLUMN, ...EVENT_COLUMNS];
    this.#suffix = netns === undefined ? '\n' : ` netns ${escaped(netns)}\n`;
  }

  readonly event = (kind: EventKind, flow: Flow, bytes: Uint8Array): void => {
    if (this.#isBlocked) {
      this.#dropped++;
      return;
    }
    if (this.#text.length === 0) this.#readClock();
    if (this.#options.json) {
      this.#text.addText(this.#json(kind, flow, bytes));
    } else {
      addEventLine(this.#text, this.#stamp, kind, flow, bytes, this.#now);
      this.#text.addAscii(this.#suffix);
    }
  };

  async flush(): Promise<void> {
    const { clock, stream } = this.#options;
    const interruption = new Interruption();
    this.#written = () => interruption.come();
    // A copy, since the stream keeps it until it is read.
    if (this.#text.length > 0) stream.write(Buffer.from(this.#text.take()), () => this.#written());
    // A pipe takes 64 KiB at once; a reader that is only busy must not cost events.
    if (stream.writableLength > 0) await clock.sleep(PATIENCE, interruption);
    this.#isBlocked = stream.writableLength > MOST_WAITING;
    this.#report();
  }

  lost(times: number): void {
    this.#overruns += times;
  }

  #json(kind: EventKind, flow: Flow, bytes: Uint8Array): string {
    const cells = [...this.#place, this.#now, kind, ...flowCells(flow, bytes, this.#now)];
    return jsonLine(this.#columns, { cells });
  }

  /** Once for all events of a batch. */
  #readClock(): void {
    this.#now = this.#options.clock.wall();
    this.#stamp = timeOfDay(this.#now);
  }

  #report(): void {
    if (this.#dropped === 0 && this.#overruns === 0) return;
    const { clock, report } = this.#options;
    if (clock.monotonic() - this.#reportedAt < REPORT) return;
    this.#reportedAt = clock.monotonic();
    if (this.#dropped > 0) {
      report(`${inWhole(this.#dropped)} events dropped: standard output is read too slowly`);
    }
    if (this.#overruns > 0) {
      report(`the kernel dropped events ${inWhole(this.#overruns)} times: they come faster than they can be printed`);
    }
    this.#dropped = 0;
    this.#overruns = 0;
  }
}

/** Local time with milliseconds: `20:53:46.123`. */
function timeOfDay(milliseconds: number): string {
  const time = new Date(milliseconds);
  const two = (part: number): string => String(part).padStart(2, '0');
  const seconds = `${two(time.getSeconds())}.${String(time.getMilliseconds()).padStart(3, '0')}`;
  return `${two(time.getHours())}:${two(time.getMinutes())}:${seconds}`;
}
