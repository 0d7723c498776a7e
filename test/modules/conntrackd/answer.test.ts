import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { FormatError } from '../../../collector/base/errors.ts';
import { readAnswer } from '../../../collector/modules/conntrackd/answer.ts';
import { DAEMON, FactSheet } from '../../../collector/modules/conntrackd/facts.ts';
import { REQUESTS, type Request } from '../../../collector/modules/conntrackd/request.ts';
import {
  distinct,
  FORMATS,
  fill,
  flat,
  type Hole,
  holesIn,
  isRequest,
  recording,
  recordings,
  toldBy,
} from '../../helpers/conntrackd_text.ts';

const RUNS = { numRuns: 300 };
const REQUEST_NAMES = Object.keys(REQUESTS).filter(isRequest);
const formats = Object.entries(FORMATS).map(([name, [request, format]]) => ({ name, request, format }));

type Told = Record<string, string>;

/** What an answer tells. */
function told(request: Request, text: string): Told {
  const sheet = new FactSheet();
  readAnswer(request, text, sheet);
  return flat(sheet);
}

/** What a spoilt answer tells; `undefined` when it is refused in the one way in which it may be. */
function toldOrRefused(request: Request, text: string): Told | undefined {
  try {
    return told(request, text);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

/** Nothing but what the whole answer tells. */
function expectNoMore(found: Told | undefined, whole: Told): void {
  for (const [metric, value] of Object.entries(found ?? {})) expect([metric, value]).toEqual([metric, whole[metric]]);
}

/** What one subject is told. */
function of(subject: string, all: Told): Told {
  const start = `${subject}.`;
  const own = Object.entries(all).filter(([name]) => name.startsWith(start));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(start.length), value]));
}

/** Any numbers for the holes of a format, the largest and the smallest often. */
function numbersFor(holes: readonly Hole[]): fc.Arbitrary<bigint[]> {
  return fc.tuple(
    ...holes.map(({ kind }) => {
      const max = kind === 'C' ? 2n ** 64n - 1n : 2n ** 32n - 1n;
      return fc.oneof(fc.bigInt({ min: 0n, max }), fc.constantFrom(0n, max, max / 2n, 2n ** 32n - 1n));
    }),
  );
}

/** An answer in one of the formats, and what it tells. */
const answers = fc.constantFrom(...formats).chain(({ format, request }) =>
  numbersFor(holesIn(format)).map((values) => ({
    request,
    text: fill(format, values),
    whole: toldBy(format, values),
  })),
);

describe('an answer to', () => {
  it.each(formats)('$name is read to the last number, whatever they are', ({ format, request }) => {
    fc.assert(
      fc.property(numbersFor(holesIn(format)), (values) => {
        expect(told(request, fill(format, values))).toEqual(toldBy(format, values));
      }),
      RUNS,
    );
  });

  it.each(formats)('$name has numbers that are not mixed up', ({ format, request }) => {
    const values = distinct(format);
    expect(told(request, fill(format, values))).toEqual(toldBy(format, values));
  });

  it.each(REQUEST_NAMES)('%s that is empty tells nothing but that there are no children', (request) => {
    const none = {
      'daemon.children_any': '0 gauge',
      'daemon.children_flush': '0 gauge',
      'daemon.children_commit': '0 gauge',
      'daemon.children_unknown': '0 gauge',
    };
    expect(told(request, '')).toEqual(request === 'process' ? none : {});
  });
});

describe('a recorded answer', () => {
  it('is there for every mode, and for every request', () => {
    const all = recordings();
    expect(new Set(all.map(({ request }) => request))).toEqual(new Set(REQUEST_NAMES));
    const modes = ['alarm', 'ftfw-udp', 'ftfw-multicast', 'ftfw-expectations', 'notrack', 'notrack-no-caches', 'stats'];
    const recorded = new Set(all.map(({ name }) => name.split('/')[0]));
    expect(modes.filter((mode) => !recorded.has(mode))).toEqual([]);
  });

  it.each(recordings())('$name is understood: no line of numbers is left out that is known', ({ request, text }) => {
    const found = told(request, text);
    // Each line that tells something that is drawn, counted by its words.
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

  it('of a pair tells its caches, and the lost messages of the one that did not get them', () => {
    const active = told('ct', recording('ftfw-udp/active/ct'));
    const backup = told('ct', recording('ftfw-udp/backup/ct'));
    expect(of('cache/external', backup)).toEqual(of('cache/internal', active));
    const lost = backup['daemon.lost'];
    expect(lost).toMatch(/^[1-9]\d* u64$/);
    expect(told('network', recording('ftfw-udp/backup/network'))['daemon.lost']).toBe(lost);
  });

  it('of a cut link tells at which end it is down', () => {
    const state = (node: string): Told => of('link/0', told('link', recording(`ftfw-udp/${node}/link_cut`)));
    const known = { active: '1 gauge', backup: '0 gauge', running: '0 gauge' };
    expect(state('active')).toMatchObject({ ...known, down: '1 gauge', no_carrier: '0 gauge' });
    expect(state('backup')).toMatchObject({ ...known, down: '0 gauge', no_carrier: '1 gauge' });
  });

  it('of two links tells which of them is the active one, and keeps their numbers apart', () => {
    const found = told('link', recording('ftfw-two-links/active/link_cut'));
    expect(of('link/0', found)).toMatchObject({ active: '0 gauge', backup: '1 gauge', down: '1 gauge' });
    expect(of('link/1', found)).toMatchObject({ active: '1 gauge', backup: '0 gauge', running: '1 gauge' });
    expect(of('link/0', found)['bytes_sent']).not.toBe(of('link/1', found)['bytes_sent']);
  });

  it('of a daemon without caches has what stands in, without a number of entries', () => {
    const found = told('ct', recording('notrack-no-caches/active/ct'));
    expect(Object.keys(of('cache/bypass', found))).toEqual(['created', 'updated', 'destroyed']);
    expect(Object.keys(of('cache/inject', found))).toHaveLength(6);
    expect(told('cache', recording('notrack-no-caches/active/cache'))).toEqual({});
  });

  it('of expectations is told apart from that of connections, and tells nothing of the daemon', () => {
    const found = told('expect', recording('ftfw-expectations/active/expect'));
    expect(of('cache/internal_expectations', found)).toHaveProperty('active');
    expect(of('daemon', found)).toEqual({});
  });

  it('of a child that writes a dump counts it', () => {
    expect(told('process', recording('ftfw-udp/active/process_dump'))['daemon.children_any']).toBe('1 gauge');
  });

  it('of rsqueue tells only how many there are', () => {
    const text = recording('ftfw-udp/active/rsqueue_cut');
    expect(told('rsqueue', text)).toEqual({ 'queue/rsqueue.elements': `${text.split('\n').length - 2} gauge` });
  });
});

describe('a fact', () => {
  it('has labels that say what it is of', () => {
    const sheet = new FactSheet();
    readAnswer('ct', recording('ftfw-udp/active/ct'), sheet);
    readAnswer('expect', recording('ftfw-expectations/active/expect'), sheet);
    readAnswer('link', recording('ftfw-multicast/active/link'), sheet);
    readAnswer('queue', recording('ftfw-udp/active/queue'), sheet);
    const labels = Object.fromEntries([...sheet.all()].map(({ subject }) => [subject.name, subject.labels]));
    expect(labels).toEqual({
      0: { device: 'sync0', protocol: 'multicast' },
      '': {},
      internal: { cache: 'internal', objects: 'connections' },
      external: { cache: 'external', objects: 'connections' },
      internal_expectations: { cache: 'internal', objects: 'expectations' },
      external_expectations: { cache: 'external', objects: 'expectations' },
      txqueue: { queue: 'txqueue' },
      errorq: { queue: 'errorq' },
      rsqueue: { queue: 'rsqueue' },
    });
  });
});

describe('a TCP channel', () => {
  const [, format = ''] = FORMATS['ct of a pair over UDP'] ?? [];

  it.each([
    ['connected', 'connected', 1, 1],
    ['connected', 'disconnected', 1, 0],
    ['disconnected', 'connected', 0, 1],
    ['disconnected', 'disconnected', 0, 0],
  ])('whose server is %s and whose client is %s', (server, client, one, other) => {
    const heading = `TCP traffic (active device=eth3) server=${server} client=${client}:`;
    const text = format.replace('UDP traffic (active device=eth3):', heading);
    const values = distinct(text);
    expect(told('ct', fill(text, values))).toEqual({
      ...toldBy(text, values),
      'daemon.server_connected': `${one} gauge`,
      'daemon.client_connected': `${other} gauge`,
    });
  });
});

it('the state of a TCP channel whose interface is removed is read whatever is printed for its name', () => {
  for (const device of ['', '\x03', 'a\nb', 'a:\n', ' x) ']) {
    const text = `TCP traffic (active device=${device}) server=connected client=disconnected:\n`;
    expect(told('ct', text)).toEqual({ 'daemon.server_connected': '1 gauge', 'daemon.client_connected': '0 gauge' });
  }
});

describe('a link', () => {
  it.each(['multicast', 'UDP', 'TCP'])('over %s has its protocol as a label', (protocol) => {
    const sheet = new FactSheet();
    readAnswer('link', `${protocol} traffic device=wan.100 status=RUNNING role=ACTIVE:\n`, sheet);
    const subjects = [...sheet.all()].map(({ subject }) => subject);
    const labels = { device: 'wan.100', protocol: protocol.toLowerCase() };
    expect(subjects).toEqual([{ scope: 'link', name: '0', labels }]);
  });

  it.each([
    ['RUNNING', 'running'],
    ['NO-CARRIER', 'no_carrier'],
    ['DOWN', 'down'],
  ])('of status %s', (status, metric) => {
    const found = told('link', `UDP traffic device=eth3 status=${status} role=BACKUP:\n`);
    const states = { running: '0 gauge', no_carrier: '0 gauge', down: '0 gauge', active: '0 gauge', backup: '1 gauge' };
    expect(of('link/0', found)).toEqual({ ...states, [metric]: '1 gauge' });
  });

  it.each([
    ['status=UP role=ACTIVE', 'UP'],
    ['status=RUNNING role=MASTER', 'MASTER'],
  ])('in a state that nobody knows is refused: %s', (states, unknown) => {
    const text = `UDP traffic device=eth3 ${states}:\n`;
    expect(() => readAnswer('link', text, new FactSheet())).toThrow(new FormatError(`unknown state: ${unknown}`));
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
    expect(told('runtime', `daemon uptime: ${text}\n\n`)).toEqual({ 'daemon.uptime': `${seconds} gauge` });
  });

  it.each(['', '-3 min', '-1 days 3 h 4 min', '3 h', '2 days', 'x min', '1.5 min', '3 min 2 h', '9999999 days 1 min'])(
    'of %j is not known',
    (text) => {
      expect(told('runtime', `daemon uptime: ${text}\n`)).toEqual({});
    },
  );

  it('that is printed twice is refused', () => {
    const text = 'daemon uptime: 3 min\ndaemon uptime: 4 min\n';
    expect(() => told('runtime', text)).toThrow(new FormatError('uptime is printed twice'));
  });
});

describe('child processes', () => {
  it('are counted by their type', () => {
    const text = 'PID=7 type=flush\nPID=8 type=commit\nPID=9 type=commit\nPID=10 type=unknown\nPID=11 type=any\n';
    expect(of('daemon', told('process', text))).toEqual({
      children_any: '1 gauge',
      children_flush: '1 gauge',
      children_commit: '2 gauge',
      children_unknown: '1 gauge',
    });
  });

  it.each(['PID=7 type=commit', 'PID=x type=any\n', 'PID=-7 type=any\n', 'type=any\n', 'PID=7 type=any\n\n', '\n'])(
    'cannot be those of %j',
    (text) => {
      expect(() => told('process', text)).toThrow(FormatError);
    },
  );
});

describe('a number', () => {
  const CREATED = (digits: string): string =>
    `cache internal:\nconnections created:\t\t${digits}\tfailed:\t           0\n`;

  it.each([
    ['4294967295', '4294967295 u32'],
    ['0', '0 u32'],
  ])('of 32 bits can be %s', (digits, value) => {
    expect(told('ct', CREATED(digits))['cache/internal.created']).toBe(value);
  });

  it.each(['4294967296', '18446744073709551615', '99999999999999999999'])('of 32 bits cannot be %s', (digits) => {
    expect(() => told('ct', CREATED(digits))).toThrow(new FormatError(`${digits} exceeds 32 bits`));
  });

  it('of 64 bits is exact to its end', () => {
    const lost = (digits: string): Told =>
      told('network', `sequence tracking statistics:\n\trecv:\n\t\tPackets lost:\t\t${digits}\n`);
    for (const digits of ['9007199254740993', '18446744073709551615']) {
      expect(lost(digits)).toEqual({ 'daemon.lost': `${digits} u64` });
    }
    expect(() => lost('18446744073709551616')).toThrow(new FormatError('18446744073709551616 exceeds 64 bits'));
  });

  it('of a million digits is refused without being repeated', () => {
    expect(() => told('ct', CREATED('1'.repeat(1_000_000)))).toThrow(new FormatError('a number of 1000000 digits'));
  });

  it.each(['-5', '0x1f', '12.5', '1e3', '1,024', '', 'nan', '५', '7 8', '7-'])('cannot be %j', (digits) => {
    expect(told('ct', CREATED(digits))).toEqual({});
  });
});

/** Answers whose blocks have names; links are identified by their order. */
const namedAnswers = answers.filter(({ request }) => request !== 'link');
const namedFormats = formats.filter(({ request }) => request !== 'link');

describe('an answer that is spoilt', () => {
  it('because it is cut off is refused, or told as far as it goes', () => {
    fc.assert(
      fc.property(answers, fc.nat(), ({ request, text, whole }, at) => {
        const part = text.slice(0, at % text.length);
        const found = toldOrRefused(request, part);
        if (!part.endsWith('\n') && part !== '') expect(found).toBeUndefined();
        expectNoMore(found, whole);
      }),
      RUNS,
    );
  });

  it.each(recordings().filter(({ request, text }) => request !== 'process' && text !== ''))(
    'because $name was cut off anywhere has no other number',
    ({ request, text }) => {
      const whole = told(request, text);
      const wrong = Array.from({ length: text.length }, (_, length) => {
        const found = toldOrRefused(request, text.slice(0, length)) ?? {};
        return Object.entries(found).filter(([metric, value]) => whole[metric] !== value);
      });
      expect(wrong.flatMap((metrics, length) => (metrics.length === 0 ? [] : [{ length, metrics }]))).toEqual([]);
    },
  );

  it('because a line is missing has no other number', () => {
    fc.assert(
      fc.property(answers, fc.nat(), ({ request, text, whole }, which) => {
        const lines = text.split('\n');
        lines.splice(which % (lines.length - 1), 1);
        expectNoMore(toldOrRefused(request, lines.join('\n')), whole);
      }),
      RUNS,
    );
  });

  it('because a line is doubled is refused, or has the same numbers', () => {
    fc.assert(
      fc.property(namedAnswers, fc.nat(), ({ request, text, whole }, which) => {
        const lines = text.split('\n');
        const place = which % (lines.length - 1);
        lines.splice(place, 0, lines[place] ?? '');
        expectNoMore(toldOrRefused(request, lines.join('\n')), whole);
      }),
      RUNS,
    );
  });

  it('because blocks are in another order, or missing, has no other number', () => {
    const shuffled = namedAnswers.chain((answer) => {
      const blocks = answer.text.slice(0, -2).split('\n\n');
      return fc.shuffledSubarray(blocks).map((some) => ({ ...answer, changed: `${some.join('\n\n')}\n\n` }));
    });
    fc.assert(
      fc.property(shuffled, ({ changed, request, whole }) => {
        expectNoMore(toldOrRefused(request, changed), whole);
      }),
      RUNS,
    );
  });

  it.each(namedFormats)(
    'because a block of $name is there twice, with other numbers, is refused',
    ({ format, request }) => {
      const block = format.split('\n\n').findLast((one) => /\{[^{}:]+:/.test(one)) ?? '';
      const text = fill(`${format}${block}\n\n`, distinct(`${format}${block}`));
      expect(() => told(request, text)).toThrow(/is printed twice$/);
    },
  );

  it('because a digit became something else is refused, or lacks that number', () => {
    const strange = fc.constantFrom('-', '.', 'x', ':', ',', '+', '\0', '\x7f', '\xff', '%', '/', '(');
    fc.assert(
      fc.property(answers, fc.nat(), strange, ({ request, text, whole }, which, character) => {
        const digits = [...text.matchAll(/(?<= )\d+/g)].flatMap(({ 0: digitsOf, index }) =>
          Array.from(digitsOf, (_digit, offset) => index + offset),
        );
        const at = digits[which % digits.length] ?? 0;
        const changed = text.slice(0, at) + character + text.slice(at + 1);
        expectNoMore(toldOrRefused(request, changed), whole);
      }),
      RUNS,
    );
  });

  it('because its numbers have any digits is refused, or has only numbers that can be', () => {
    const digits = fc.stringMatching(/^\d{1,25}$/);
    const any = fc.constantFrom(...formats).chain(({ format, request }) =>
      fc.tuple(...holesIn(format).map(() => digits)).map((numbers) => {
        let at = 0;
        return { request, text: format.replaceAll(/\{[^{}]*\}/g, () => `   ${numbers[at++]}`) };
      }),
    );
    fc.assert(
      fc.property(any, ({ request, text }) => {
        expectPossible(toldOrRefused(request, text));
      }),
      RUNS,
    );
  });

  it('because it is anything at all is refused, or tells nothing', () => {
    const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.string());
    const requests = fc.constantFrom(...REQUEST_NAMES);
    fc.assert(
      fc.property(requests, anything, fc.boolean(), (request, text, isWhole) => {
        const found = toldOrRefused(request, isWhole ? `${text}\n` : text);
        // Of no child process it tells, that there is none.
        const known = Object.keys(found ?? {}).filter((metric) => !metric.startsWith('daemon.children_'));
        expect(known).toEqual([]);
      }),
      RUNS,
    );
  });

  it('because it is made of lines of all answers is refused, or has only numbers that can be', () => {
    const all = formats.flatMap(({ format }) => fill(format, distinct(format)).split('\n'));
    const odd = ['daemon uptime: 3 days 4 min', 'PID=3 type=any', 'resent queue (len=7)', ':', ' :', '\t', 'cache :'];
    const lines = fc.array(fc.oneof(fc.constantFrom(...all), fc.constantFrom(...odd)), { maxLength: 60 });
    const names = fc.constantFrom(...REQUEST_NAMES);
    fc.assert(
      fc.property(names, lines, (request, some) => {
        expectPossible(toldOrRefused(request, `${some.join('\n')}\n`));
      }),
      RUNS,
    );
  });

  // Half a megabyte each: quadratic running time would exceed the timeout of a test.
  it('because it is long has only possible numbers', () => {
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
    const found = REQUEST_NAMES.flatMap((request) => texts.map((text) => toldOrRefused(request, text)));
    for (const one of found) expectPossible(one);
    expect(found).toHaveLength(72);
  });
});

describe('a sheet', () => {
  it('is as it was when an answer is refused', () => {
    fc.assert(
      fc.property(answers, namedAnswers, (first, second) => {
        const sheet = new FactSheet();
        readAnswer(first.request, first.text, sheet);
        const [before, subjects] = [flat(sheet), [...sheet.all()].length];
        expect(() => readAnswer(second.request, second.text + second.text, sheet)).toThrow(FormatError);
        expect([flat(sheet), [...sheet.all()].length]).toEqual([before, subjects]);
      }),
      RUNS,
    );
  });

  it('brings together what several answers tell of one subject', () => {
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

/** Lines of two numbers that are both told count once more; so does a line of what has two states. */
function pairsIn(request: Request, text: string): number {
  if (request !== 'ct' && request !== 'expect') return 0;
  const outcomes = [...text.matchAll(/\tfailed:/g)].length;
  if (request === 'expect') return outcomes;
  return outcomes + [...text.matchAll(/\d Bytes +\d+ Pckts$|Lost msgs$|Pckts lost$| server=/gm)].length;
}

function expectPossible(found: Told | undefined): void {
  for (const [metric, value] of Object.entries(found ?? {})) {
    const [, digits = '', kind = ''] = /^(\d+) (gauge|u32|u64)$/.exec(value) ?? [];
    expect([metric, digits]).not.toEqual([metric, '']);
    expect(BigInt(digits) < (kind === 'u64' ? 2n ** 64n : 2n ** 32n)).toBe(true);
  }
}
