import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { FormatError } from '../../../collector/base/errors.ts';
import { readAnswer } from '../../../collector/modules/conntrackd/answer.ts';
import { DAEMON, FactSheet } from '../../../collector/modules/conntrackd/facts.ts';
import { answers, type Numbers, namedAnswers, numbersIn, of } from '../../helpers/conntrackd_replies.ts';
import { flat, recording } from '../../helpers/conntrackd_text.ts';

describe('a number', () => {
  const CREATED = (digits: string): string =>
    `cache internal:\nconnections created:\t\t${digits}\tfailed:\t           0\n`;

  it.each([
    ['4294967295', '4294967295 u32'],
    ['0', '0 u32'],
  ])('of 32 bits can be %s', (digits, value) => {
    expect(numbersIn('ct', CREATED(digits))['cache/internal.created']).toBe(value);
  });

  it.each(['4294967296', '18446744073709551615', '99999999999999999999'])('of 32 bits cannot be %s', (digits) => {
    expect(() => numbersIn('ct', CREATED(digits))).toThrow(new FormatError(`${digits} exceeds 32 bits`));
  });

  it('of 64 bits is exact up to the largest', () => {
    const lost = (digits: string): Numbers =>
      numbersIn('network', `sequence tracking statistics:\n\trecv:\n\t\tPackets lost:\t\t${digits}\n`);
    for (const digits of ['9007199254740993', '18446744073709551615']) {
      expect(lost(digits)).toEqual({ 'daemon.lost': `${digits} u64` });
    }
    expect(() => lost('18446744073709551616')).toThrow(new FormatError('18446744073709551616 exceeds 64 bits'));
  });

  it('of a million digits is refused, and not repeated in the error', () => {
    expect(() => numbersIn('ct', CREATED('1'.repeat(1_000_000)))).toThrow(
      new FormatError('a number of 1000000 digits'),
    );
  });

  it.each(['-5', '0x1f', '12.5', '1e3', '1,024', '', 'nan', '५', '7 8', '7-'])('cannot be %j', (digits) => {
    expect(numbersIn('ct', CREATED(digits))).toEqual({});
  });
});

describe('a sheet of facts', () => {
  it('is unchanged when a reply is refused', () => {
    fc.assert(
      fc.property(answers, namedAnswers, (first, second) => {
        const sheet = new FactSheet();
        readAnswer(first.request, first.text, sheet);
        const [before, subjects] = [flat(sheet), [...sheet.all()].length];
        expect(() => readAnswer(second.request, second.text + second.text, sheet)).toThrow(FormatError);
        expect([flat(sheet), [...sheet.all()].length]).toEqual([before, subjects]);
      }),
      { numRuns: 300 },
    );
  });

  it('joins the numbers of one subject from several replies', () => {
    const sheet = new FactSheet();
    readAnswer('ct', recording('composed/large/ct'), sheet);
    readAnswer('cache', recording('composed/large/cache'), sheet);
    readAnswer('runtime', recording('composed/large/runtime'), sheet);
    const found = flat(sheet);
    expect([...sheet.all()].map(({ subject }) => subject.name)).toEqual(['internal', 'external', '']);
    expect(Object.keys(of('cache/internal', found))).toHaveLength(7 + 5);
    expect(found).toMatchObject({ 'daemon.uptime': '183840 gauge', 'daemon.lost': '9007199254750002 u64' });
    expect(sheet.of(DAEMON).counters.get('processed_bytes')).toEqual({ value: 9_007_199_254_740_993n, bits: 64 });
  });
});
