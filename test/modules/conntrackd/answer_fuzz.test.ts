import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyCharacter } from '../../helpers/any_character.ts';
import {
  answers,
  formats,
  type Numbers,
  namedAnswers,
  numbersIn,
  numbersOrRefused,
  REQUEST_NAMES,
} from '../../helpers/conntrackd_replies.ts';
import { distinct, fill, holesIn, recordings } from '../../helpers/conntrackd_text.ts';

const RUNS = { numRuns: 300 };

const namedFormats = formats.filter(({ request }) => request !== 'link');

describe('a damaged reply', () => {
  it('that is truncated is refused, or has only numbers of the whole reply', () => {
    fc.assert(
      fc.property(answers, fc.nat(), ({ request, text, whole }, at) => {
        const part = text.slice(0, at % text.length);
        const found = numbersOrRefused(request, part);
        if (!part.endsWith('\n') && part !== '') expect(found).toBeUndefined();
        expectNoMore(found, whole);
      }),
      RUNS,
    );
  });

  it.each(recordings().filter(({ request, text }) => request !== 'process' && text !== ''))(
    '$name, truncated anywhere, has no wrong number',
    ({ request, text }) => {
      const whole = numbersIn(request, text);
      const wrong = Array.from({ length: text.length }, (_, length) => {
        const found = numbersOrRefused(request, text.slice(0, length)) ?? {};
        return Object.entries(found).filter(([metric, value]) => whole[metric] !== value);
      });
      expect(wrong.flatMap((metrics, length) => (metrics.length === 0 ? [] : [{ length, metrics }]))).toEqual([]);
    },
  );

  it('with a missing line has no wrong number', () => {
    fc.assert(
      fc.property(answers, fc.nat(), ({ request, text, whole }, which) => {
        const lines = text.split('\n');
        lines.splice(which % (lines.length - 1), 1);
        expectNoMore(numbersOrRefused(request, lines.join('\n')), whole);
      }),
      RUNS,
    );
  });

  it('with a doubled line is refused, or has the same numbers', () => {
    fc.assert(
      fc.property(namedAnswers, fc.nat(), ({ request, text, whole }, which) => {
        const lines = text.split('\n');
        const place = which % (lines.length - 1);
        lines.splice(place, 0, lines[place] ?? '');
        expectNoMore(numbersOrRefused(request, lines.join('\n')), whole);
      }),
      RUNS,
    );
  });

  it('with missing or reordered blocks has no wrong number', () => {
    const shuffled = namedAnswers.chain((answer) => {
      const blocks = answer.text.slice(0, -2).split('\n\n');
      return fc.shuffledSubarray(blocks).map((some) => ({ ...answer, changed: `${some.join('\n\n')}\n\n` }));
    });
    fc.assert(
      fc.property(shuffled, ({ changed, request, whole }) => {
        expectNoMore(numbersOrRefused(request, changed), whole);
      }),
      RUNS,
    );
  });

  it.each(namedFormats)('to $name with a block twice, with different numbers, is refused', ({ format, request }) => {
    const block = format.split('\n\n').findLast((one) => /\{[^{}:]+:/.test(one)) ?? '';
    const text = fill(`${format}${block}\n\n`, distinct(`${format}${block}`));
    expect(() => numbersIn(request, text)).toThrow(/is printed twice$/);
  });

  it('with a character in place of a digit is refused, or lacks that number', () => {
    const strange = fc.constantFrom('-', '.', 'x', ':', ',', '+', '\0', '\x7f', '\xff', '%', '/', '(');
    fc.assert(
      fc.property(answers, fc.nat(), strange, ({ request, text, whole }, which, character) => {
        const digits = [...text.matchAll(/(?<= )\d+/g)].flatMap(({ 0: digitsOf, index }) =>
          Array.from(digitsOf, (_digit, offset) => index + offset),
        );
        const at = digits[which % digits.length] ?? 0;
        const changed = text.slice(0, at) + character + text.slice(at + 1);
        expectNoMore(numbersOrRefused(request, changed), whole);
      }),
      RUNS,
    );
  });

  it('with any digits is refused, or has only possible numbers', () => {
    const digits = fc.stringMatching(/^\d{1,25}$/);
    const any = fc.constantFrom(...formats).chain(({ format, request }) =>
      fc.tuple(...holesIn(format).map(() => digits)).map((numbers) => {
        let at = 0;
        return { request, text: format.replaceAll(/\{[^{}]*\}/g, () => `   ${numbers[at++]}`) };
      }),
    );
    fc.assert(
      fc.property(any, ({ request, text }) => {
        expectPossible(numbersOrRefused(request, text));
      }),
      RUNS,
    );
  });

  it('of any text is refused, or has no numbers', () => {
    const anything = fc.oneof(fc.string({ unit: anyCharacter }), fc.string());
    const requests = fc.constantFrom(...REQUEST_NAMES);
    fc.assert(
      fc.property(requests, anything, fc.boolean(), (request, text, isWhole) => {
        const found = numbersOrRefused(request, isWhole ? `${text}\n` : text);
        // Without a line, there are 0 child processes.
        const known = Object.keys(found ?? {}).filter((metric) => !metric.startsWith('daemon.children_'));
        expect(known).toEqual([]);
      }),
      RUNS,
    );
  });

  it('of lines from all replies is refused, or has only possible numbers', () => {
    const all = formats.flatMap(({ format }) => fill(format, distinct(format)).split('\n'));
    const odd = ['daemon uptime: 3 days 4 min', 'PID=3 type=any', 'resent queue (len=7)', ':', ' :', '\t', 'cache :'];
    const lines = fc.array(fc.oneof(fc.constantFrom(...all), fc.constantFrom(...odd)), { maxLength: 60 });
    const names = fc.constantFrom(...REQUEST_NAMES);
    fc.assert(
      fc.property(names, lines, (request, some) => {
        expectPossible(numbersOrRefused(request, `${some.join('\n')}\n`));
      }),
      RUNS,
    );
  });

  // Half a megabyte each: quadratic running time would exceed the timeout of a test.
  it('of half a megabyte has only possible numbers', () => {
    const long = 'a'.repeat(500_000);
    const texts = [
      `${' '.repeat(500_000)}Bytes\n`,
      `daemon uptime: ${'1'.repeat(500_000)} min\n`,
      `TCP traffic (active device=${')'.repeat(250_000)} server=${long}:\n`,
      `cache ${long}:\n`,
      `${'\t'.repeat(500_000)}x:\n`,
      `current active connections:${' \t'.repeat(250_000)}x\n`,
      ':\n'.repeat(250_000),
      'PID=1 type=any\n'.repeat(30_000),
    ];
    const found = REQUEST_NAMES.flatMap((request) => texts.map((text) => numbersOrRefused(request, text)));
    for (const one of found) expectPossible(one);
    expect(found).toHaveLength(72);
  });
});

/** Expects only numbers of the whole reply. */
function expectNoMore(found: Numbers | undefined, whole: Numbers): void {
  for (const [metric, value] of Object.entries(found ?? {})) expect([metric, value]).toEqual([metric, whole[metric]]);
}

function expectPossible(found: Numbers | undefined): void {
  for (const [metric, value] of Object.entries(found ?? {})) {
    const [, digits = '', kind = ''] = /^(\d+) (gauge|u32|u64)$/.exec(value) ?? [];
    expect([metric, digits]).not.toEqual([metric, '']);
    expect(BigInt(digits) < (kind === 'u64' ? 2n ** 64n : 2n ** 32n)).toBe(true);
  }
}
