import { describe, expect, it } from 'vitest';

import { Condition, createLog, LEVELS, type Level, logfmt } from '../../collector/base/log.ts';
import { RecordingLog } from '../helpers/recording_log.ts';

const NOW = Date.UTC(2031, 4, 17, 21, 43, 5, 678);

function logAt(level: Level): { log: ReturnType<typeof createLog>; lines: string[] } {
  const lines: string[] = [];
  const log = createLog({ level, now: () => NOW, write: (line) => lines.push(line) });
  return { log, lines };
}

describe('a log line', () => {
  it('has the time in UTC, program, level, message and fields in logfmt', () => {
    const { log, lines } = logAt('info');
    log.warning('the agent does not read', { path: '/proc/net/stat', dropped: 17 });
    expect(lines).toEqual([
      'time=2031-05-17T21:43:05.678Z comm=conntrack.plugin source=collector level=warning msg="the agent does not read" ' +
        'path=/proc/net/stat dropped=17\n',
    ]);
  });

  it('is one line whatever its fields contain', () => {
    const { log, lines } = logAt('info');
    log.error('torn:\nline', { found: 'a\r\nb' });
    expect(lines).toEqual([
      'time=2031-05-17T21:43:05.678Z comm=conntrack.plugin source=collector level=error msg="torn:\\nline" found="a\\r\\nb"\n',
    ]);
  });

  it.each([
    ['error', ['error']],
    ['warning', ['error', 'warning']],
    ['notice', ['error', 'warning', 'notice']],
    ['info', ['error', 'warning', 'notice', 'info']],
    ['debug', ['error', 'warning', 'notice', 'info', 'debug']],
  ] as const)('is written at level %s when it is %j', (threshold, expected) => {
    const { log, lines } = logAt(threshold);
    for (const level of LEVELS) log[level]('x');
    expect(lines.map((line) => / level=(\w+) /.exec(line)?.[1])).toEqual(expected);
  });
});

describe('a log line for the journal', () => {
  it('begins with its priority and has no time', () => {
    const lines: string[] = [];
    const log = createLog({ level: 'debug', isJournal: true, now: () => NOW, write: (line) => lines.push(line) });
    for (const level of LEVELS) log[level]('two words', { count: 3 });
    const rest = (level: Level): string =>
      `comm=conntrack.plugin source=collector level=${level} msg="two words" count=3\n`;
    expect(lines).toEqual([
      `<3>${rest('error')}`,
      `<4>${rest('warning')}`,
      `<5>${rest('notice')}`,
      `<6>${rest('info')}`,
      `<7>${rest('debug')}`,
    ]);
  });
});

describe('logfmt', () => {
  it.each([
    ['a bare word', 'nf_conntrack', 'key=nf_conntrack'],
    ['a path', '/run/x-1.2,3:4;5', 'key=/run/x-1.2,3:4;5'],
    ['brackets and signs', '<a>[b]{c}~!#$%&()*+?@^|', 'key=<a>[b]{c}~!#$%&()*+?@^|'],
    ['an empty text', '', 'key=""'],
    ['a blank', 'two words', 'key="two words"'],
    ['an equals sign', 'a=b', 'key="a=b"'],
    ['a double quote', 'a"b', 'key="a\\"b"'],
    ['a single quote', "it's", "key=it's"],
    ['a backslash', 'a\\b', 'key="a\\\\b"'],
    ['a tab', 'a\tb', 'key="a\\tb"'],
    ['a letter beyond ASCII', 'größe', 'key="größe"'],
    ['a number', -12.5, 'key=-12.5'],
    ['zero', 0, 'key=0'],
  ])('writes %s', (_what, value, expected) => {
    expect(logfmt({ key: value })).toBe(expected);
  });

  it('leaves out undefined fields and keeps the order of the others', () => {
    expect(logfmt({ first: 1, absent: undefined, second: 'b' })).toBe('first=1 second=b');
    expect(logfmt({ absent: undefined })).toBe('');
  });
});

describe('a condition', () => {
  it('is logged when it begins and when it ends, not while it lasts', () => {
    const log = new RecordingLog();
    const condition = new Condition(log);
    condition.enter('missing', 'warning', 'the file is missing', { path: '/a' });
    condition.enter('missing', 'warning', 'the file is missing', { path: '/a' });
    condition.leave('the file is back', { path: '/a' });
    condition.leave('the file is back', { path: '/a' });
    expect(log.entries).toEqual([
      { level: 'warning', message: 'the file is missing', fields: { path: '/a' } },
      { level: 'info', message: 'the file is back', fields: { path: '/a' } },
    ]);
  });

  it('that changes into another one is logged again', () => {
    const log = new RecordingLog();
    const condition = new Condition(log);
    condition.enter('missing', 'info', 'not there');
    condition.enter('forbidden', 'error', 'not allowed');
    condition.enter('missing', 'info', 'not there');
    expect(log.entries.map(({ level, message }) => [level, message])).toEqual([
      ['info', 'not there'],
      ['error', 'not allowed'],
      ['info', 'not there'],
    ]);
  });

  it('that returns after its end is logged again', () => {
    const log = new RecordingLog();
    const condition = new Condition(log);
    condition.enter('missing', 'notice', 'gone');
    condition.leave('back');
    condition.enter('missing', 'notice', 'gone');
    expect(log.messages).toEqual(['gone', 'back', 'gone']);
  });

  it('that never began is not logged as ended', () => {
    const log = new RecordingLog();
    new Condition(log).leave('back');
    expect(log.entries).toEqual([]);
  });

  it('that ends because its subject works is logged with "again" only if that worked before', () => {
    const log = new RecordingLog();
    const condition = new Condition(log);
    condition.enter('broken', 'notice', 'it is broken');
    condition.works('it works', { path: '/run/it' });
    condition.works('it works', { path: '/run/it' });
    condition.enter('broken', 'notice', 'it is broken');
    condition.works('it works', { path: '/run/it' });
    expect(log.entries.map(({ fields, message }) => [message, fields?.['path']])).toEqual([
      ['it is broken', undefined],
      ['it works', '/run/it'],
      ['it is broken', undefined],
      ['it works again', '/run/it'],
    ]);
  });

  it('that begins after its subject worked is logged with "again" when it ends', () => {
    const log = new RecordingLog();
    const condition = new Condition(log);
    condition.works('it works');
    expect(log.entries).toEqual([]);
    condition.enter('broken', 'notice', 'it is broken');
    condition.works('it works');
    expect(log.messages).toEqual(['it is broken', 'it works again']);
  });
});
