/** Composes conntrackd's replies from their formats, reads the recorded ones, and flattens what was read. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { FactSheet } from '../../collector/modules/conntrackd/facts.ts';
import { REQUESTS, type Request } from '../../collector/modules/conntrackd/request.ts';
import { STATES } from './conntrackd_formats.ts';

export interface Hole {
  /** Subject and metric; undefined for a number that is not read. */
  readonly name: string | undefined;
  readonly kind: 'g' | 'c' | 'n' | 'C';
}

/** The holes of a format, in order. */
export function holesIn(format: string): Hole[] {
  return [...format.matchAll(/\{(?:([^{}:]+):)?([gcnC])\}/g)].map(([, name, kind]) => ({
    name,
    kind: kind === 'g' || kind === 'c' || kind === 'n' ? kind : 'C',
  }));
}

/** A format with numbers in its holes. */
export function fill(format: string, values: readonly bigint[]): string {
  let at = 0;
  return format.replaceAll(/\{(?:[^{}:]+:)?([gcnC])\}/g, (_hole, kind: string) =>
    String(values[at++]).padStart(kind === 'g' || kind === 'c' ? 12 : 20),
  );
}

/** The numbers to be read from a format with these numbers. */
export function numbersOf(format: string, values: readonly bigint[]): Record<string, string> {
  const numbers: Record<string, string> = {};
  for (const [heading, known] of Object.entries(STATES)) if (format.includes(heading)) Object.assign(numbers, known);
  for (const [place, { kind, name }] of holesIn(format).entries()) {
    if (name !== undefined) numbers[name] = `${values[place]} ${kind === 'g' ? 'gauge' : kind === 'C' ? 'u64' : 'u32'}`;
  }
  return numbers;
}

/** Every number of a sheet with its kind, by subject and metric. */
export function flat(sheet: FactSheet): Record<string, string> {
  const numbers: Record<string, string> = {};
  for (const { counters, gauges, subject } of sheet.all()) {
    const name = subject.name === '' ? subject.scope : `${subject.scope}/${subject.name}`;
    for (const [metric, value] of gauges) numbers[`${name}.${metric}`] = `${value} gauge`;
    for (const [metric, { bits, value }] of counters) numbers[`${name}.${metric}`] = `${value} u${bits}`;
  }
  return numbers;
}

/** A distinct number for each hole of a format. */
export function distinct(format: string, first = 1001n): bigint[] {
  return holesIn(format).map((_hole, place) => first + 7n * BigInt(place));
}

/** A recorded or composed reply. */
export interface Recording {
  /** Its path below the folder of recordings. */
  readonly name: string;
  readonly request: Request;
  readonly text: string;
}

/** All recorded and composed replies. */
export function recordings(): Recording[] {
  const folder = fileURLToPath(new URL('../../fixtures/conntrackd', import.meta.url));
  const names = readdirSync(folder, { encoding: 'utf8', recursive: true }).filter((name) => name.endsWith('.txt'));
  return names.sort().flatMap((name) => {
    const [, word = ''] = /\/([a-z]+)(?:_[a-z]+)*\.txt$/.exec(name) ?? [];
    return isRequest(word) ? [{ name, request: word, text: readFileSync(join(folder, name), 'latin1') }] : [];
  });
}

/** The text of one. */
export function recording(name: string): string {
  const found = recordings().find((one) => one.name === `${name}.txt`);
  if (found === undefined) throw new Error(`no recording ${name}`);
  return found.text;
}

export function isRequest(word: string): word is Request {
  return Object.hasOwn(REQUESTS, word);
}
