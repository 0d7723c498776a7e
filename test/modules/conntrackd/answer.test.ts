import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { FormatError } from '../../../collector/base/errors.ts';
import type { Request } from '../../../collector/modules/conntrackd/request.ts';
import { formats, numbersFor, numbersIn, of, REQUEST_NAMES } from '../../helpers/conntrackd_replies.ts';
import { distinct, fill, holesIn, numbersOf, recordings } from '../../helpers/conntrackd_text.ts';

const RUNS = { numRuns: 300 };

describe('a reply to', () => {
  it.each(formats)('$name is read completely, whatever its numbers are', ({ format, request }) => {
    fc.assert(
      fc.property(numbersFor(holesIn(format)), (values) => {
        expect(numbersIn(request, fill(format, values))).toEqual(numbersOf(format, values));
      }),
      RUNS,
    );
  });

  it.each(formats)('$name is read without mixing up its numbers', ({ format, request }) => {
    const values = distinct(format);
    expect(numbersIn(request, fill(format, values))).toEqual(numbersOf(format, values));
  });

  it.each(REQUEST_NAMES)('%s has no numbers if empty, except 0 children', (request) => {
    const none = {
      'daemon.children_any': '0 gauge',
      'daemon.children_flush': '0 gauge',
      'daemon.children_commit': '0 gauge',
      'daemon.children_unknown': '0 gauge',
    };
    expect(numbersIn(request, '')).toEqual(request === 'process' ? none : {});
  });
});

describe('a recorded reply', () => {
  it('exists for every mode and every request', () => {
    const all = recordings();
    expect(new Set(all.map(({ request }) => request))).toEqual(new Set(REQUEST_NAMES));
    const modes = ['alarm', 'ftfw-udp', 'ftfw-multicast', 'ftfw-expectations', 'notrack', 'notrack-no-caches', 'stats'];
    const recorded = new Set(all.map(({ name }) => name.split('/')[0]));
    expect(modes.filter((mode) => !recorded.has(mode))).toEqual([]);
  });

  it.each(recordings())('$name is read completely: no known line of numbers is skipped', ({ request, text }) => {
    const found = numbersIn(request, text);
    // The lines with numbers that are charted.
    const lines: Readonly<Record<Request, RegExp>> = {
      ct: /^(?:current active|connections|.*\d (?:Bytes +\d+ Pckts|Malformed|Pckts mfrm)|.* server=)/gm,
      expect: /^(?:current active|connections)/gm,
      network: /^\t\t[MWBTP]/gm,
      cache: /^\t(?:active|\t\w)/gm,
      runtime: /^\t|^daemon/gm,
      link: /^.* device=\S+ status=/gm,
      queue: /^(?:allocated|current|maximum|not)/gm,
      rsqueue: /^resent/gm,
      process: /^PID/gm,
    };
    const count = [...text.matchAll(lines[request])].length;
    const metrics = Object.keys(found).length;
    if (request === 'link') expect(metrics).toBe(11 * count);
    else if (request === 'process') expect(metrics).toBe(4);
    else expect(metrics).toBe(count + pairsIn(request, text));
  });
});

describe('the uptime', () => {
  it.each([
    ['0 min', 0],
    ['59 min', 3540],
    ['1 h 0 min', 3600],
    ['23 h 59 min', 86_340],
    ['1 day 0 min', 86_400],
    ['1 day 7 min', 86_820],
    ['1 day 2 h 3 min', 93_780],
    ['2 days 3 h 4 min', 183_840],
    ['499 days 23 h 5 min', 43_196_700],
  ])('of %s', (text, seconds) => {
    expect(numbersIn('runtime', `daemon uptime: ${text}\n\n`)).toEqual({ 'daemon.uptime': `${seconds} gauge` });
  });

  it.each(['', '-3 min', '-1 days 3 h 4 min', '3 h', '2 days', 'x min', '1.5 min', '3 min 2 h', '9999999 days 1 min'])(
    'of %j is unknown',
    (text) => {
      expect(numbersIn('runtime', `daemon uptime: ${text}\n`)).toEqual({});
    },
  );

  it('that is printed twice is refused', () => {
    const text = 'daemon uptime: 3 min\ndaemon uptime: 4 min\n';
    expect(() => numbersIn('runtime', text)).toThrow(new FormatError('uptime is printed twice'));
  });
});

describe('child processes', () => {
  it('are counted by their type', () => {
    const text = 'PID=7 type=flush\nPID=8 type=commit\nPID=9 type=commit\nPID=10 type=unknown\nPID=11 type=any\n';
    expect(of('daemon', numbersIn('process', text))).toEqual({
      children_any: '1 gauge',
      children_flush: '1 gauge',
      children_commit: '2 gauge',
      children_unknown: '1 gauge',
    });
  });

  it.each(['PID=7 type=commit', 'PID=x type=any\n', 'PID=-7 type=any\n', 'type=any\n', 'PID=7 type=any\n\n', '\n'])(
    'are malformed in %j',
    (text) => {
      expect(() => numbersIn('process', text)).toThrow(FormatError);
    },
  );
});

/** The second numbers of lines with two, or with two states. */
function pairsIn(request: Request, text: string): number {
  if (request !== 'ct' && request !== 'expect') return 0;
  const outcomes = [...text.matchAll(/\tfailed:/g)].length;
  if (request === 'expect') return outcomes;
  return outcomes + [...text.matchAll(/\d Bytes +\d+ Pckts$|Lost msgs$|Pckts lost$| server=/gm)].length;
}
