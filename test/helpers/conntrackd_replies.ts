/** conntrackd's replies, composed with any numbers, and the numbers that are read from them. */

import fc from 'fast-check';

import { FormatError } from '../../collector/base/errors.ts';
import { readAnswer } from '../../collector/modules/conntrackd/answer.ts';
import { FactSheet } from '../../collector/modules/conntrackd/facts.ts';
import { REQUESTS, type Request } from '../../collector/modules/conntrackd/request.ts';
import { FORMATS } from './conntrackd_formats.ts';
import { fill, flat, type Hole, holesIn, isRequest, numbersOf } from './conntrackd_text.ts';

export const REQUEST_NAMES = Object.keys(REQUESTS).filter(isRequest);

export const formats = Object.entries(FORMATS).map(([name, [request, format]]) => ({ name, request, format }));

export type Numbers = Record<string, string>;

/** The numbers in a reply. */
export function numbersIn(request: Request, text: string): Numbers {
  const sheet = new FactSheet();
  readAnswer(request, text, sheet);
  return flat(sheet);
}

/** The numbers in a damaged reply; `undefined` if it is refused. */
export function numbersOrRefused(request: Request, text: string): Numbers | undefined {
  try {
    return numbersIn(request, text);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

/** The numbers of one subject. */
export function of(subject: string, all: Numbers): Numbers {
  const start = `${subject}.`;
  const own = Object.entries(all).filter(([name]) => name.startsWith(start));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(start.length), value]));
}

/** Any numbers for the holes of a format, the largest and the smallest often. */
export function numbersFor(holes: readonly Hole[]): fc.Arbitrary<bigint[]> {
  return fc.tuple(
    ...holes.map(({ kind }) => {
      const max = kind === 'C' ? 2n ** 64n - 1n : 2n ** 32n - 1n;
      return fc.oneof(fc.bigInt({ min: 0n, max }), fc.constantFrom(0n, max, max / 2n, 2n ** 32n - 1n));
    }),
  );
}

/** A reply in one of the formats, and its numbers. */
export const answers = fc.constantFrom(...formats).chain(({ format, request }) =>
  numbersFor(holesIn(format)).map((values) => ({
    request,
    text: fill(format, values),
    whole: numbersOf(format, values),
  })),
);

/** Replies whose blocks have names; links are identified by their order. */
export const namedAnswers = answers.filter(({ request }) => request !== 'link');
