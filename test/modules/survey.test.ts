import { describe, expect, it } from 'vitest';

import { SystemError } from '../../collector/base/errors.ts';
import { failure } from '../helpers/netlink_channel.ts';
import { logLine, OFF, ORDINARY, Surveying } from '../helpers/surveying.ts';

describe('a survey', () => {
  it('starts at once and then at every interval; the next update returns the result, once', async () => {
    const surveying = new Surveying();
    expect(await surveying.tick(500)).toBeUndefined();
    expect(await surveying.tick(501)).toEqual({ value: 1, duration: 0, cpuTime: 0 });
    expect(await surveying.tick(502)).toBeUndefined();
    expect(await surveying.begunAt(503, 530)).toEqual([510, 520, 530]);
    expect(await surveying.tick(531)).toMatchObject({ value: 4 });
    expect([surveying.log.lines, surveying.released]).toEqual([[], 0]);
  });

  it('starts its work after the update', async () => {
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
    expect(surveying.log.lines).toEqual([`notice ${logLine(OFF)}`]);
  });
});

describe('a survey that fails', () => {
  it('is over when the next one succeeds, even an exceptional one', async () => {
    const surveying = new Surveying({ isExceptional: () => true });
    surveying.failures = (number) => (number === 1 ? OFF : undefined);
    expect(await surveying.begunAt(500, 541)).toEqual([500, 531, 541]);
    expect(surveying.log.lines.slice(1)).toEqual(['info wells can be surveyed again']);
  });

  it('is logged by the next update, releases its resources, and is repeated half a minute later', async () => {
    const surveying = new Surveying();
    surveying.failures = (number) => (number <= 3 ? OFF : undefined);
    await surveying.tick(500);
    expect([surveying.log.lines, surveying.released]).toEqual([[], 0]);
    expect(await surveying.begunAt(501, 592)).toEqual([531, 562]);
    expect(surveying.log.lines).toEqual([`notice ${logLine(OFF)}`]);
    expect(surveying.released).toBe(3);
    expect(await surveying.begunAt(593, 604)).toEqual([593, 603]);
    expect(surveying.log.lines.slice(1)).toEqual(['info wells can be surveyed again']);
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
    expect(surveying.log.lines).toHaveLength(2);
  });

  it.each([
    ['ctnetlink', 'no_ctnetlink'],
    ['sock_diag', 'no_sock_diag'],
    ['procfs', 'file_missing'],
  ] as const)('with ENOENT from %s has the problem %s', async (from, code) => {
    const surveying = new Surveying({ from });
    surveying.failures = () => failure('ENOENT', 'open', 'wells');
    await surveying.begunAt(500, 501);
    expect(surveying.log.entries).toMatchObject([{ level: 'notice', fields: { code, errno: 'ENOENT' } }]);
  });

  it.each([
    [false, OFF, [`notice ${logLine(OFF)}`]],
    [true, OFF, [`error ${logLine(OFF)}`]],
    [false, ORDINARY, []],
    [true, ORDINARY, [`error ${logLine(ORDINARY)}`]],
  ])('is logged at the level for a module that is required: %s', async (required, problem, lines) => {
    const surveying = new Surveying({ required });
    surveying.failures = () => problem;
    await surveying.begunAt(500, 502);
    expect(surveying.log.lines).toEqual(lines);
  });

  it.each([
    ['in its work', {}],
    [
      'at its start',
      {
        begin: (): never => {
          throw new TypeError('not a function');
        },
      },
    ],
    [
      'in isSpared',
      {
        isSpared: (): never => {
          throw new TypeError('not a function');
        },
      },
    ],
    [
      'in isExceptional',
      {
        isExceptional: (): never => {
          throw new TypeError('not a function');
        },
      },
    ],
  ])(
    'because of a defect of the program %s fails the next update, without an unhandled rejection',
    async (_, options) => {
      const surveying = new Surveying(options);
      surveying.failures = (number) => (number === 1 ? new TypeError('not a function') : undefined);
      await surveying.tick(500);
      await expect(surveying.tick(501)).rejects.toThrow(new TypeError('not a function'));
      expect([surveying.log.lines, surveying.released]).toEqual([[], 1]);
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
    expect([surveying.log.lines, surveying.released]).toEqual([[], 1]);
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

describe('a hastened survey', () => {
  it('runs at a quarter of its interval, for one interval', async () => {
    const surveying = new Surveying();
    await surveying.begunAt(500, 501);
    surveying.survey.hasten(501e6);
    expect(await surveying.begunAt(501, 530)).toEqual([502, 504, 506, 508, 510, 520, 530]);
  });

  it('runs at once if its last run was longer ago', async () => {
    const surveying = new Surveying();
    await surveying.begunAt(500, 508);
    surveying.survey.hasten(508e6);
    expect(await surveying.begunAt(508, 511)).toEqual([508, 510]);
  });
});
