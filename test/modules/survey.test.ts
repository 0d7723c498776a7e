import { describe, expect, it } from 'vitest';

import { SystemError } from '../../collector/base/errors.ts';
import { Budget } from '../../collector/modules/budget.ts';
import { messageWithFix, ProblemError } from '../../collector/modules/problem.ts';
import type { Done, Work } from '../../collector/modules/slices.ts';
import { Survey, type SurveyOptions } from '../../collector/modules/survey.ts';
import { FakeRuntime } from '../helpers/fake_runtime.ts';
import { failure } from '../helpers/netlink_channel.ts';
import { RecordingLog } from '../helpers/recording_log.ts';

const OFF = new ProblemError('events_off', 'ctnetlink');
const ORDINARY = new ProblemError('tracking_not_loaded', 'ctnetlink');
const said = ({ problem }: ProblemError): string => `wells are not drawn: ${messageWithFix(problem)}`;

/** A survey of wells, which finds out the number of the survey, from 1. */
class Surveying {
  readonly runtime = new FakeRuntime(500e6);
  readonly log = new RecordingLog();
  readonly survey: Survey<number>;
  /** The times at which it was begun, in seconds. */
  readonly begun: number[] = [];
  /** How often what it uses was let go of. */
  released = 0;
  /** How many steps were taken. */
  steps = 0;
  /** What a step of it takes the process, in microseconds. */
  cost = 0;
  /** Steps of one survey. */
  length = 1;
  /** Thrown by a survey at its last step, by its number. */
  failures: (number: number) => unknown = () => undefined;

  constructor(options: Partial<SurveyOptions<number>> = {}) {
    this.survey = new Survey({
      log: this.log,
      runtime: this.runtime,
      tick: 1,
      every: 10,
      claim: new Budget().claim('wells', 0.02),
      begin: (at) => this.#work(at),
      release: () => this.released++,
      lost: 'wells are not drawn',
      back: 'wells can be surveyed again',
      repaced: 'changed the interval between surveys of wells',
      counted: (wells) => ({ wells: wells * 100 }),
      from: 'ctnetlink',
      required: false,
      ...options,
    });
  }

  *#work(at: number): Work<number> {
    this.begun.push(at / 1e6);
    const number = this.begun.length;
    for (let step = 1; step < this.length; step++) {
      this.#step();
      yield;
    }
    this.#step();
    const thrown = this.failures(number);
    if (thrown !== undefined) throw thrown;
    return number;
  }

  #step(): void {
    this.steps++;
    this.runtime.compute(this.cost);
  }

  /** Updates at that time, and lets a survey that begins come to its end. */
  async tick(second: number, isTaken = true): Promise<Done<number> | undefined> {
    this.runtime.advanceTo(second);
    const found = this.survey.collect(second * 1e6, isTaken);
    await this.runtime.settle();
    return found;
  }

  /** Updates every so many seconds; returns the times at which a survey began. */
  async begunAt(from: number, to: number, step = 1): Promise<number[]> {
    const before = this.begun.length;
    for (let second = from; second <= to; second += step) await this.tick(second);
    return this.begun.slice(before);
  }

  /** Every line that was logged: its level and its message. */
  get said(): string[] {
    return this.log.entries.map(({ level, message }) => `${level} ${message}`);
  }
}

describe('a survey', () => {
  it('starts at once and then at every interval; the next update returns the result, once', async () => {
    const surveying = new Surveying();
    expect(await surveying.tick(500)).toBeUndefined();
    expect(await surveying.tick(501)).toEqual({ value: 1, duration: 0, cpuTime: 0 });
    expect(await surveying.tick(502)).toBeUndefined();
    expect(await surveying.begunAt(503, 530)).toEqual([510, 520, 530]);
    expect(await surveying.tick(531)).toMatchObject({ value: 4 });
    expect([surveying.said, surveying.released]).toEqual([[], 0]);
  });

  it('does its work after the update, when everything else has had its turn', async () => {
    const surveying = new Surveying();
    surveying.survey.collect(500e6, true);
    expect([surveying.runtime.yields, surveying.begun]).toEqual([1, []]);
    await surveying.runtime.settle();
    expect(surveying.begun).toEqual([500]);
  });

  it('reports its duration and CPU time, and runs in slices of five milliseconds', async () => {
    const surveying = new Surveying();
    Object.assign(surveying, { length: 3, cost: 7250 });
    const release = surveying.runtime.hold(1);
    await surveying.tick(500);
    expect([surveying.steps, surveying.runtime.yields]).toEqual([1, 2]);
    surveying.runtime.compute(40_000);
    surveying.runtime.advanceTo(500.5);
    release();
    await surveying.runtime.settle();
    expect(await surveying.tick(501)).toEqual({ value: 1, duration: 514_500, cpuTime: 21_750 });
  });

  it('that takes longer than its interval is not started twice, and its result is not lost', async () => {
    const surveying = new Surveying();
    Object.assign(surveying, { length: 2, cost: 6000 });
    const release = surveying.runtime.hold(1);
    expect(await surveying.begunAt(500, 540)).toEqual([500]);
    release();
    await surveying.runtime.settle();
    expect(await surveying.tick(541)).toMatchObject({ value: 1 });
    expect(surveying.begun).toEqual([500, 541]);
  });
});

describe('the result of a survey', () => {
  it('is returned again until it is taken, then no more', async () => {
    const surveying = new Surveying();
    await surveying.tick(500, false);
    for (const second of [501, 502, 509]) expect(await surveying.tick(second, false)).toMatchObject({ value: 1 });
    expect(await surveying.tick(509.4)).toMatchObject({ value: 1 });
    expect(await surveying.tick(509.45)).toBeUndefined();
    expect(surveying.begun).toEqual([500]);
  });

  it('is replaced by a later result', async () => {
    const surveying = new Surveying();
    for (let second = 500; second < 525; second++) await surveying.tick(second, false);
    expect(await surveying.tick(525)).toMatchObject({ value: 3 });
    expect(await surveying.tick(526)).toBeUndefined();
  });

  it('that arrives while an older one is taken is kept for the next update', async () => {
    const surveying = new Surveying();
    await surveying.tick(500, false);
    expect(await surveying.tick(510)).toMatchObject({ value: 1 });
    expect(await surveying.tick(511)).toMatchObject({ value: 2 });
  });

  it('is kept until it is taken, even if the next survey fails', async () => {
    const surveying = new Surveying();
    surveying.failures = (number) => (number === 2 ? OFF : undefined);
    await surveying.tick(500, false);
    await surveying.tick(510, false);
    expect(await surveying.tick(511, false)).toMatchObject({ value: 1 });
    expect(await surveying.tick(512)).toMatchObject({ value: 1 });
    expect(await surveying.tick(513)).toBeUndefined();
    expect(surveying.said).toEqual([`notice ${said(OFF)}`]);
  });
});

describe('the interval of surveys', () => {
  it('is the configured one at first', () => {
    expect(new Surveying({ every: 25 }).survey.every).toBe(25);
  });

  it('grows with their cost, shrinks when they are clearly cheaper, and every change is logged', async () => {
    const surveying = new Surveying();
    surveying.cost = 650_000;
    await surveying.tick(500);
    expect(surveying.survey.every).toBe(40);
    surveying.cost = 350_000;
    expect(await surveying.begunAt(501, 600)).toEqual([540, 580]);
    expect(surveying.survey.every).toBe(40);
    surveying.cost = 300_000;
    expect(await surveying.begunAt(601, 645)).toEqual([620, 640]);
    surveying.cost = 1000;
    expect(await surveying.begunAt(646, 690)).toEqual([660, 670, 680, 690]);
    expect(surveying.said).toEqual(Array(3).fill('info changed the interval between surveys of wells'));
    expect(surveying.log.entries.map(({ fields }) => fields)).toEqual([
      { wells: 100, cpu_ms: 650, seconds: 40 },
      { wells: 400, cpu_ms: 300, seconds: 20 },
      { wells: 600, cpu_ms: 1, seconds: 10 },
    ]);
  });

  it.each([
    [90_000, 10],
    [350_000, 10],
    [351_000, 20],
  ])('is not lengthened by what only the first costs: with %i us it is %i s', async (cost, seconds) => {
    const surveying = new Surveying();
    surveying.cost = cost;
    await surveying.tick(500);
    expect(surveying.survey.every).toBe(seconds);
    expect(await surveying.tick(502)).toMatchObject({ cpuTime: cost });
  });

  it('is lengthened by the second survey whatever the first cost', async () => {
    const surveying = new Surveying();
    await surveying.tick(500);
    surveying.cost = 201_000;
    await surveying.tick(510);
    expect(surveying.survey.every).toBe(20);
  });

  it('treats the first success as the first survey', async () => {
    const surveying = new Surveying();
    surveying.failures = (number) => (number === 1 ? OFF : undefined);
    surveying.cost = 350_000;
    expect(await surveying.begunAt(500, 560)).toEqual([500, 531, 541]);
    expect(surveying.survey.every).toBe(20);
  });

  it('is doubled while the load on the source is to be reduced', async () => {
    const asked: number[] = [];
    const isSpared = (value: number): boolean => {
      asked.push(value);
      return value === 2 || value === 3;
    };
    const surveying = new Surveying({ isSpared });
    expect(await surveying.begunAt(500, 570)).toEqual([500, 510, 530, 550, 560, 570]);
    expect(asked).toEqual([1, 2, 3, 4, 5, 6]);
    expect(surveying.log.entries.map(({ fields }) => fields?.['seconds'])).toEqual([20, 10]);
  });

  it('ignores the cost of an exceptional survey, whose result is returned as usual', async () => {
    const surveying = new Surveying({ isExceptional: (value) => value === 2 || value === 3 });
    surveying.cost = 1000;
    await surveying.tick(500);
    surveying.cost = 4_000_000;
    // It takes as long as it costs: a survey that begins at 510 is found with the update after 514.
    await surveying.tick(510);
    expect(await surveying.tick(515)).toEqual({ value: 2, duration: 4_000_000, cpuTime: 4_000_000 });
    await surveying.tick(520);
    expect(await surveying.tick(525)).toMatchObject({ value: 3, cpuTime: 4_000_000 });
    expect([surveying.survey.every, surveying.said]).toEqual([10, []]);
    surveying.cost = 1000;
    expect(await surveying.begunAt(526, 550)).toEqual([530, 540, 550]);
  });

  it('is not shortened by an exceptional survey', async () => {
    const surveying = new Surveying({ isExceptional: (value) => value === 2 });
    surveying.cost = 650_000;
    await surveying.tick(500);
    surveying.cost = 0;
    expect(await surveying.begunAt(501, 620)).toEqual([540, 580, 590, 600, 610, 620]);
    expect(surveying.said).toHaveLength(2);
  });

  it.each([
    [[1], [500, 510, 520, 540]],
    [
      [1, 2],
      [500, 510, 520, 530, 550],
    ],
    [[], [500, 510, 530, 550]],
  ])('keeps what only the first costs for the first that is no exception: those are %j', async (exceptions, times) => {
    const surveying = new Surveying({ isExceptional: (value) => exceptions.includes(value) });
    surveying.cost = 350_000;
    expect(await surveying.begunAt(500, 550)).toEqual(times);
  });

  it('is neither doubled nor halved by an exceptional survey', async () => {
    const surveying = new Surveying({
      isExceptional: (value) => value === 2 || value === 4,
      isSpared: (value) => value === 1 || value === 4,
    });
    expect(await surveying.begunAt(500, 580)).toEqual([500, 520, 540, 550, 560, 570, 580]);
  });

  it.each([
    [1, 10, [500, 510, 520, 530]],
    [3, 10, [500, 512, 524]],
    [7, 10, [500, 514, 528]],
    [20, 20, [500, 520]],
    [5, 30, [500, 530]],
  ])('with updates every %i s is a multiple of that: for %i s', async (tick, every, times) => {
    const surveying = new Surveying({ tick, every });
    expect(await surveying.begunAt(500, 530, tick)).toEqual(times);
    expect(surveying.survey.every % tick).toBe(0);
  });

  it('counts from the start of a survey, and tolerates inexact updates', async () => {
    const surveying = new Surveying();
    const times = [500, 510.02, 519.8, 529.9, 539];
    for (const time of times) await surveying.tick(time);
    expect(surveying.begun).toEqual(times.slice(0, 4));
  });
});

describe('a survey that fails', () => {
  it('is over when the next one succeeds, even an exceptional one', async () => {
    const surveying = new Surveying({ isExceptional: () => true });
    surveying.failures = (number) => (number === 1 ? OFF : undefined);
    expect(await surveying.begunAt(500, 541)).toEqual([500, 531, 541]);
    expect(surveying.said.slice(1)).toEqual(['info wells can be surveyed again']);
  });

  it('is logged by the next update, releases its resources, and is repeated half a minute later', async () => {
    const surveying = new Surveying();
    surveying.failures = (number) => (number <= 3 ? OFF : undefined);
    await surveying.tick(500);
    expect([surveying.said, surveying.released]).toEqual([[], 0]);
    expect(await surveying.begunAt(501, 592)).toEqual([531, 562]);
    expect(surveying.said).toEqual([`notice ${said(OFF)}`]);
    expect(surveying.released).toBe(3);
    expect(await surveying.begunAt(593, 604)).toEqual([593, 603]);
    expect(surveying.said.slice(1)).toEqual(['info wells can be surveyed again']);
    expect(surveying.released).toBe(3);
  });

  it('is repeated half a minute later even if its interval is longer', async () => {
    const surveying = new Surveying({ every: 300 });
    surveying.failures = (number) => (number === 1 ? OFF : undefined);
    expect(await surveying.begunAt(500, 840)).toEqual([500, 531, 831]);
  });

  it('after a success is repeated half a minute later, too', async () => {
    const surveying = new Surveying();
    surveying.failures = (number) => (number === 2 ? OFF : undefined);
    expect(await surveying.begunAt(500, 551)).toEqual([500, 510, 541, 551]);
    expect(surveying.said).toHaveLength(2);
  });

  it.each([
    ['ctnetlink', 'no_ctnetlink'],
    ['sock_diag', 'no_sock_diag'],
    ['procfs', 'file_missing'],
  ] as const)('that fails with ENOENT of %s has the problem %s', async (from, code) => {
    const surveying = new Surveying({ from });
    surveying.failures = () => failure('ENOENT', 'open', 'wells');
    await surveying.begunAt(500, 501);
    expect(surveying.log.entries).toMatchObject([{ level: 'notice', fields: { code, errno: 'ENOENT' } }]);
  });

  it.each([
    [false, OFF, [`notice ${said(OFF)}`]],
    [true, OFF, [`error ${said(OFF)}`]],
    [false, ORDINARY, []],
    [true, ORDINARY, [`error ${said(ORDINARY)}`]],
  ])('is logged at the level that fits whether it is required (%s)', async (required, problem, lines) => {
    const surveying = new Surveying({ required });
    surveying.failures = () => problem;
    await surveying.begunAt(500, 502);
    expect(surveying.said).toEqual(lines);
  });

  it.each([
    ['while it is done', {}],
    [
      'when it is begun',
      {
        begin: (): never => {
          throw new TypeError('not a function');
        },
      },
    ],
    [
      'of those who judge what it found',
      {
        isSpared: (): never => {
          throw new TypeError('not a function');
        },
      },
    ],
    [
      'of those who judge what it cost',
      {
        isExceptional: (): never => {
          throw new TypeError('not a function');
        },
      },
    ],
  ])(
    'for a defect of the program, %s, is the failure of an update, not a rejection that nobody sees',
    async (_, options) => {
      const surveying = new Surveying(options);
      surveying.failures = (number) => (number === 1 ? new TypeError('not a function') : undefined);
      await surveying.tick(500);
      await expect(surveying.tick(501)).rejects.toThrow(new TypeError('not a function'));
      expect([surveying.said, surveying.released]).toEqual([[], 1]);
    },
  );

  it('because of a defect is repeated at the next interval', async () => {
    const surveying = new Surveying();
    surveying.failures = (number) => (number === 1 ? new SystemError(1) : undefined);
    await surveying.tick(500);
    await expect(surveying.tick(501)).rejects.toThrow(new SystemError(1));
    expect(await surveying.begunAt(502, 510)).toEqual([510]);
    expect(await surveying.tick(511)).toMatchObject({ value: 2 });
  });
});

describe('a survey that is closed', () => {
  it('while running stops, returns nothing and logs nothing', async () => {
    const surveying = new Surveying();
    Object.assign(surveying, { length: 5, cost: 6000 });
    const release = surveying.runtime.hold(1);
    await surveying.tick(500);
    surveying.survey.close();
    expect(surveying.released).toBe(1);
    release();
    await surveying.runtime.settle();
    expect(surveying.steps).toBe(1);
    expect(surveying.survey.collect(500.5e6, true)).toBeUndefined();
    expect([surveying.said, surveying.released]).toEqual([[], 1]);
  });

  it('before its work has started does not start it', async () => {
    const surveying = new Surveying();
    surveying.survey.collect(500e6, true);
    surveying.survey.close();
    await surveying.runtime.settle();
    expect(surveying.begun).toEqual([]);
  });

  it('is not started by later updates', async () => {
    const surveying = new Surveying();
    await surveying.tick(500);
    surveying.survey.close();
    expect(await surveying.begunAt(501, 600)).toEqual([]);
  });
});
