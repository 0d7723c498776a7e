import { describe, expect, it } from 'vitest';

import type { Level } from '../../collector/base/log.ts';
import { Attempts, type AttemptsOptions } from '../../collector/modules/attempts.ts';
import { messageWithFix, type ProblemCode, ProblemError } from '../../collector/modules/problem.ts';
import { failure } from '../helpers/netlink_channel.ts';
import { RecordingLog } from '../helpers/recording_log.ts';

/** Attempts at a source, at times in seconds. */
class Trying {
  readonly log = new RecordingLog();
  readonly #attempts: Attempts;

  constructor(options: Partial<AttemptsOptions> = {}) {
    this.#attempts = new Attempts({
      log: this.log,
      lost: 'nothing is counted',
      back: 'the source works',
      from: 'ctnetlink',
      required: false,
      ...options,
    });
  }

  /** Those of the seconds at which an attempt is due. */
  due(...seconds: readonly number[]): number[] {
    return seconds.filter((second) => this.#attempts.isDue(second * 1e6));
  }

  succeed(second: number): void {
    this.#attempts.succeeded(second * 1e6);
  }

  fail(second: number, error: unknown, level?: Level): void {
    this.#attempts.failed(second * 1e6, error, level);
  }

  get problems() {
    return this.#attempts.problems;
  }

  /** Every line that was logged: its level and its message. */
  get said(): string[] {
    return this.log.entries.map(({ level, message }) => `${level} ${message}`);
  }
}

const BLOCKED = new ProblemError('sock_diag_blocked', 'sock_diag');
const OFF = new ProblemError('events_off', 'ctnetlink');
const ORDINARY = new ProblemError('tracking_not_loaded', 'ctnetlink');

const said = ({ problem }: ProblemError): string => `nothing is counted: ${messageWithFix(problem)}`;

describe('an attempt', () => {
  it('is due at first, and while attempts succeed', () => {
    const trying = new Trying();
    expect(trying.due(0, 5000)).toEqual([0, 5000]);
    trying.succeed(7000);
    expect(trying.due(7000, 7001)).toEqual([7000, 7001]);
    expect(trying.said).toEqual([]);
  });

  it('is due half a minute after a failure, with the tolerance of a tick', () => {
    const trying = new Trying();
    trying.fail(700, BLOCKED);
    expect(trying.due(700, 701, 729, 729.49, 729.5, 730, 731, 900)).toEqual([729.5, 730, 731, 900]);
    trying.fail(730.2, BLOCKED);
    expect(trying.due(730.2, 759.6, 759.7)).toEqual([759.7]);
  });

  it('is due half a minute after a failure even if the previous one succeeded', () => {
    const trying = new Trying();
    trying.succeed(699);
    trying.fail(700, BLOCKED);
    expect(trying.due(701, 729, 730)).toEqual([730]);
  });
});

describe('the time until the next attempt', () => {
  it('is the configured one after each failure', () => {
    const trying = new Trying({ retry: 600 });
    trying.fail(700, BLOCKED);
    expect(trying.due(701, 730, 1299, 1299.5, 1300)).toEqual([1299.5, 1300]);
    trying.fail(1300, OFF);
    expect(trying.due(1330, 1899, 1900)).toEqual([1900]);
  });

  it.each([
    [undefined, '30s'],
    [45, '45s'],
    [600, '600s'],
  ])('of %s seconds is the field retry=%s, beside the code and the errno', (retry, field) => {
    const trying = new Trying(retry === undefined ? {} : { retry });
    trying.fail(700, failure('EPERM', 'join'));
    trying.fail(800, BLOCKED);
    expect(trying.log.entries.map(({ fields }) => fields)).toEqual([
      { code: 'no_capability', errno: 'EPERM', retry: field },
      { code: 'sock_diag_blocked', errno: undefined, retry: field },
    ]);
  });

  it('applies once patience has ended', () => {
    const trying = new Trying({ retry: 120, patience: 12e6 });
    trying.succeed(700);
    trying.fail(711, BLOCKED);
    expect(trying.due(711)).toEqual([711]);
    trying.fail(713, BLOCKED);
    expect(trying.due(714, 743, 832, 833)).toEqual([833]);
  });
});

describe('patience', () => {
  it('makes the next attempt due at once, until the last success is too long ago', () => {
    const trying = new Trying({ patience: 12e6 });
    trying.succeed(700);
    for (const second of [701, 705, 711.9]) {
      trying.fail(second, BLOCKED);
      expect(trying.due(second, second + 1)).toEqual([second, second + 1]);
    }
    trying.fail(712, BLOCKED);
    expect(trying.due(713, 741, 742)).toEqual([742]);
    trying.succeed(742);
    trying.fail(743, BLOCKED);
    expect(trying.due(744)).toEqual([744]);
  });

  it('does not apply to a source that never worked', () => {
    const trying = new Trying({ patience: 12e6 });
    trying.fail(3, BLOCKED);
    expect(trying.due(4, 32, 33)).toEqual([33]);
  });

  it('does not delay the log line', () => {
    const trying = new Trying({ patience: 12e6 });
    trying.succeed(700);
    trying.fail(701, BLOCKED);
    expect(trying.said).toEqual([`notice ${said(BLOCKED)}`]);
  });
});

describe('a problem', () => {
  it('is logged once, and so are its change and its end', () => {
    const trying = new Trying();
    trying.succeed(100);
    for (const error of [BLOCKED, BLOCKED, new ProblemError('sock_diag_blocked', 'sock_diag'), OFF, OFF, BLOCKED])
      trying.fail(200, error);
    trying.succeed(300);
    trying.succeed(301);
    trying.fail(302, BLOCKED);
    expect(trying.said).toEqual([
      `notice ${said(BLOCKED)}`,
      `notice ${said(OFF)}`,
      `notice ${said(BLOCKED)}`,
      'info the source works again',
      `notice ${said(BLOCKED)}`,
    ]);
  });

  it.each<[AttemptsOptions['from'], ProblemCode]>([
    ['ctnetlink', 'no_ctnetlink'],
    ['sock_diag', 'no_sock_diag'],
  ])('of ENOENT from %s is %s', (from, code) => {
    const trying = new Trying({ from, target: '/proc/source', loses: 'part' });
    trying.fail(130, failure('ENOENT', 'open', 'the source'));
    expect(trying.problems).toMatchObject([{ code, target: '/proc/source', loses: 'part' }]);
    trying.succeed(160);
    expect(trying.problems).toEqual([]);
  });

  it('is logged again when the errno changes, even if the code does not', () => {
    const trying = new Trying();
    for (const errno of ['EMFILE', 'EMFILE', 'ENOMEM'] as const) trying.fail(130, failure(errno, 'open', 'a source'));
    expect(trying.said).toEqual([
      'notice nothing is counted: open a source: EMFILE: too many open files',
      'notice nothing is counted: open a source: ENOMEM: not enough memory',
    ]);
  });

  it('that is ordinary is not logged, but delays the next attempt', () => {
    const trying = new Trying({ level: 'warning' });
    trying.fail(700, ORDINARY);
    expect(trying.due(701, 729, 730)).toEqual([730]);
    trying.succeed(730);
    expect(trying.said).toEqual([]);
  });

  it('is an error if the source is required, even if ordinary', () => {
    const trying = new Trying({ required: true, level: 'notice' });
    trying.fail(700, ORDINARY);
    trying.fail(730, BLOCKED, 'warning');
    trying.succeed(760);
    expect(trying.said).toEqual([`error ${said(ORDINARY)}`, `error ${said(BLOCKED)}`, 'info the source works']);
  });

  it.each([
    [undefined, undefined, 'notice'],
    ['warning', undefined, 'warning'],
    [undefined, 'warning', 'warning'],
    ['error', 'debug', 'debug'],
  ] as const)('with the default level %s and its own level %s is logged as %s', (ofSource, own, level) => {
    const trying = new Trying(ofSource === undefined ? {} : { level: ofSource });
    trying.fail(700, BLOCKED, own);
    expect(trying.said).toEqual([`${level} ${said(BLOCKED)}`]);
  });

  it.each([
    ['an error', new TypeError('rope is not a function')],
    ['nothing that can be thrown', 'a bucket'],
  ])('that is a defect, %s, is thrown, not logged, and delays nothing', (_what, defect) => {
    const trying = new Trying({ required: true });
    let thrown: unknown;
    try {
      trying.fail(700, defect);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBe(defect);
    expect(trying.said).toEqual([]);
    expect(trying.due(700)).toEqual([700]);
  });

  it('log a namespace that is gone as information, even if required', () => {
    const trying = new Trying({ required: true });
    trying.fail(0, new ProblemError('namespace_gone', 'blue'));
    expect(trying.log.lines).toEqual(['info nothing is counted: the network namespace is gone']);
  });
});
