/** Composes conntrackd's replies from their formats, reads the recorded ones, and flattens what was read. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { FactSheet } from '../../collector/modules/conntrackd/facts.ts';
import { REQUESTS, type Request } from '../../collector/modules/conntrackd/request.ts';
import { STATES } from './conntrackd_formats.ts';

export interface Hole {
  /** Subject and metric; undefined where nobody reads the number. */
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

/** What is to be read where a format has these numbers. */
export function numbersOf(format: string, values: readonly bigint[]): Record<string, string> {
  const told: Record<string, string> = {};
  for (const [heading, known] of Object.entries(STATES)) if (format.includes(heading)) Object.assign(told, known);
  for (const [place, { kind, name }] of holesIn(format).entries()) {
    if (name !== undefined) told[name] = `${values[place]} ${kind === 'g' ? 'gauge' : kind === 'C' ? 'u64' : 'u32'}`;
  }
  return told;
}

/** Every number of a sheet, with what it is, by subject and metric. */
export function flat(sheet: FactSheet): Record<string, string> {
  const told: Record<string, string> = {};
  for (const { counters, gauges, subject } of sheet.all()) {
    const name = subject.name === '' ? subject.scope : `${subject.scope}/${subject.name}`;
    for (const [metric, value] of gauges) told[`${name}.${metric}`] = `${value} gauge`;
    for (const [metric, { bits, value }] of counters) told[`${name}.${metric}`] = `${value} u${bits}`;
  }
  return told;
}

/** A number for each hole of a format, all of them different. */
export function distinct(format: string, first = 1001n): bigint[] {
  return holesIn(format).map((_hole, place) => first + 7n * BigInt(place));
}

/** A recorded or composed answer. */
export interface Recording {
  /** Where it is, below the folder of all of them. */
  readonly name: string;
  readonly request: Request;
  readonly text: string;
}

/** All recorded and composed answers. */
export function recordings(): Recording[] {
  const folder = fileURLToPath(new URL('../../fixtures/conntrackd', import.meta.url));
  const names = readdirSync(folder, { encoding: 'utf8', recursive: true }).filter((name) => name.endsWith('.txt'));
  return names.sort().flatMap((name) => {
    const [, word = ''] = /\/([a-z]+)(?:_[a-z]+)*\.txt$/.exec(name) ?? [];
    return isRequest(word) ? [{ name, request: word, text: readFileSync(join(folder, name), 'latin1') }] : [];
  });
}

/** The text of one of them. */
export function recording(name: string): string {
  const found = recordings().find((one) => one.name === `${name}.txt`);
  if (found === undefined) throw new Error(`no recording ${name}`);
  return found.text;
}

export function isRequest(word: string): word is Request {
  return Object.hasOwn(REQUESTS, word);
}
