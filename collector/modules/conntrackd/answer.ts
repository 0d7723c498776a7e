/** Parses conntrackd's replies. What a release does not print is absent; nothing of a malformed reply is used. */

import { FormatError } from '../../base/errors.ts';
import { DAEMON, type FactSheet, type Subject, unsigned } from './facts.ts';
import { type Block, GRAMMAR, type Line } from './grammar.ts';
import { linkSections } from './links.ts';
import type { Request } from './request.ts';

/** Kinds of child processes. */
const CHILDREN = ['any', 'flush', 'commit', 'unknown'] as const;

/** A heading and the text below it. */
interface Section {
  /** The heading, preceded by its parent heading. */
  readonly heading: string;
  readonly text: string;
}

/** A number in a reply, and its meaning. */
interface Entry {
  readonly subject: Subject;
  readonly metric: string;
  readonly bits: 32 | 64 | undefined;
  readonly value: bigint;
}

/**
 * Adds the numbers of a reply to a sheet of facts.
 *
 * @param text the whole reply; of `rsqueue` the beginning is enough.
 * @throws {FormatError} when the reply is truncated or contradictory, or has an impossible number or state. The sheet is
 * then unchanged.
 */
export function readAnswer(request: Request, text: string, sheet: FactSheet): void {
  const whole = request === 'rsqueue' ? text.slice(0, text.lastIndexOf('\n') + 1) : text;
  if (!whole.endsWith('\n') && text !== '') throw new FormatError('truncated reply');
  const entries: Entry[] = [];
  const sections = request === 'link' ? linkSections(whole) : sectionsOf(whole);
  if (sections === undefined) throw new FormatError('the reply does not begin with a link');
  for (const [place, { heading, text: body }] of sections.entries()) {
    for (const block of GRAMMAR[request]) entries.push(...readBlock(block, heading, body, place));
  }
  if (request === 'runtime') entries.push(...readUptime(whole));
  if (request === 'process') entries.push(...readChildren(whole));
  requireUnique(entries);
  for (const { bits, metric, subject, value } of entries) {
    const facts = sheet.of(subject);
    if (bits === undefined) facts.gauges.set(metric, Number(value));
    else facts.counters.set(metric, { value, bits });
    facts.times.set(metric, sheet.at);
  }
}

/** Splits a reply at its headings: lines that end in a colon, and the first lines of detailed caches. */
function sectionsOf(text: string): Section[] {
  const sections: { heading: string; lines: string[] }[] = [{ heading: '', lines: [] }];
  let outer = '';
  for (const line of text.split('\n')) {
    const cache = /^(cache:\S+)\tactive objects:[ \t]+\d+$/.exec(line)?.[1];
    if (cache !== undefined) {
      outer = cache;
      sections.push({ heading: cache, lines: [] });
    } else if (line.endsWith(':')) {
      const isNested = /^\s/.test(line);
      if (!isNested) outer = line;
      sections.push({ heading: isNested ? `${outer} ${line.trim()}` : line, lines: [] });
    } else {
      sections.at(-1)?.lines.push(line);
    }
  }
  return sections.map(({ heading, lines }) => ({ heading, text: lines.join('\n') }));
}

function* readBlock(block: Block, heading: string, text: string, place: number): Iterable<Entry> {
  const match = block.heading.exec(heading);
  if (match === null) return;
  const captured = match.slice(1);
  const subject = block.subject(captured, place);
  for (const line of block.lines) yield* readLine(line, text, subject);
  for (const { captured: place, metrics } of block.states ?? []) {
    yield* readState(captured[place] ?? '', metrics, subject);
  }
}

function* readState(
  current: string,
  metrics: Readonly<Record<string, string | undefined>>,
  subject: Subject,
): Iterable<Entry> {
  if (!Object.hasOwn(metrics, current)) throw new FormatError(`unknown state: ${current.slice(0, 40)}`);
  for (const [word, metric] of Object.entries(metrics)) {
    if (metric !== undefined) yield { subject, metric, bits: undefined, value: word === current ? 1n : 0n };
  }
}

function* readLine({ fields, pattern }: Line, text: string, subject: Subject): Iterable<Entry> {
  for (const match of text.matchAll(pattern)) {
    for (const [place, { bits, metric }] of fields.entries()) {
      yield { subject, metric, bits, value: unsigned(match[place + 1] ?? '', bits ?? 32) };
    }
  }
}

/** `daemon uptime: 3 days 4 h 5 min`; parts that are 0 are omitted, except the last. */
function* readUptime(text: string): Iterable<Entry> {
  const pattern = /^daemon uptime: (?:(\d{1,6}) days? )?(?:(\d{1,2}) h )?(\d{1,2}) min$/gm;
  for (const [, days = '0', hours = '0', minutes = '0'] of text.matchAll(pattern)) {
    const value = BigInt(((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60);
    yield { subject: DAEMON, metric: 'uptime', bits: undefined, value };
  }
}

/** One line per child process. */
function* readChildren(text: string): Iterable<Entry> {
  const found = [...text.matchAll(/^PID=\d+ type=(\S+)$/gm)].map(([, type]) => type);
  if (found.length !== text.split('\n').length - 1) throw new FormatError('not a line of a child process');
  for (const type of CHILDREN) {
    const value = BigInt(found.filter((one) => one === type).length);
    yield { subject: DAEMON, metric: `children_${type}`, bits: undefined, value };
  }
}

function requireUnique(entries: readonly Entry[]): void {
  const seen = new Set<string>();
  for (const { metric, subject } of entries) {
    const key = `${subject.scope} ${subject.name} ${metric}`;
    if (seen.has(key)) throw new FormatError(`${subject.name} ${metric} is printed twice`.trim());
    seen.add(key);
  }
}
