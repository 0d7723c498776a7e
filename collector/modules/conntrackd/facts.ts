/** The numbers in conntrackd's replies, before rates are computed. */

import { FormatError } from '../../base/errors.ts';

/** What a fact is about: the daemon, or one of its caches, links or queues. */
export interface Subject {
  readonly scope: 'daemon' | 'cache' | 'link' | 'queue';
  /** Unique within its scope: for a link its position, from 0; empty for the daemon. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The daemon itself. */
export const DAEMON: Subject = { scope: 'daemon', name: '', labels: {} };

/** A count that only grows, and wraps to 0 beyond so many bits. */
export interface Counter {
  readonly value: bigint;
  readonly bits: 32 | 64;
}

/** Numbers of one subject, by metric. */
export interface Facts {
  readonly subject: Subject;
  readonly gauges: Map<string, number>;
  readonly counters: Map<string, Counter>;
  /** When each was received: monotonic time in microseconds. */
  readonly times: Map<string, number>;
}

/** The numbers of one round of requests, by subject. */
export class FactSheet {
  /** When the next reply to be parsed was received: monotonic time in microseconds. */
  at = 0;
  readonly #facts = new Map<string, Facts>();

  /** The facts of a subject, to be read or added to. */
  of(subject: Subject): Facts {
    const key = `${subject.scope} ${subject.name}`;
    const known = this.#facts.get(key);
    if (known !== undefined) return known;
    const facts: Facts = { subject, gauges: new Map(), counters: new Map(), times: new Map() };
    this.#facts.set(key, facts);
    return facts;
  }

  all(): Iterable<Facts> {
    return this.#facts.values();
  }
}

/** Decimal digits of the largest number of 64 bits. */
const DIGITS = 20;

/**
 * An unsigned number of so many bits, from its decimal digits.
 *
 * @throws {FormatError} when it is larger.
 */
export function unsigned(digits: string, bits: 32 | 64): bigint {
  if (digits.length > DIGITS) throw new FormatError(`a number of ${digits.length} digits`);
  const value = BigInt(digits);
  if (BigInt.asUintN(bits, value) !== value) throw new FormatError(`${digits} exceeds ${bits} bits`);
  return value;
}
