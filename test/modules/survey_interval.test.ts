import { describe, expect, it } from 'vitest';

import { OFF, Surveying } from '../helpers/surveying.ts';

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
    expect(surveying.log.lines).toEqual(Array(3).fill('info changed the interval between surveys of wells'));
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
  ])('is not lengthened by the extra cost of the first survey: with %i us it is %i s', async (cost, seconds) => {
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
    // It takes 4 s: a run that begins at 510 ends after 514.
    await surveying.tick(510);
    expect(await surveying.tick(515)).toEqual({ value: 2, duration: 4_000_000, cpuTime: 4_000_000 });
    await surveying.tick(520);
    expect(await surveying.tick(525)).toMatchObject({ value: 3, cpuTime: 4_000_000 });
    expect([surveying.survey.every, surveying.log.lines]).toEqual([10, []]);
    surveying.cost = 1000;
    expect(await surveying.begunAt(526, 550)).toEqual([530, 540, 550]);
  });

  it('is not shortened by an exceptional survey', async () => {
    const surveying = new Surveying({ isExceptional: (value) => value === 2 });
    surveying.cost = 650_000;
    await surveying.tick(500);
    surveying.cost = 0;
    expect(await surveying.begunAt(501, 620)).toEqual([540, 580, 590, 600, 610, 620]);
    expect(surveying.log.lines).toHaveLength(2);
  });

  it.each([
    [[1], [500, 510, 520, 540]],
    [
      [1, 2],
      [500, 510, 520, 530, 550],
    ],
    [[], [500, 510, 530, 550]],
  ])(
    'allows the extra cost to the first survey that is not exceptional; exceptional are %j',
    async (exceptions, times) => {
      const surveying = new Surveying({ isExceptional: (value) => exceptions.includes(value) });
      surveying.cost = 350_000;
      expect(await surveying.begunAt(500, 550)).toEqual(times);
    },
  );

  it('is neither doubled nor halved by an exceptional survey', async () => {
    const surveying = new Surveying({
      isExceptional: (value) => value === 2 || value === 4,
      isSpared: (value) => value === 1 || value === 4,
    });
    expect(await surveying.begunAt(500, 580)).toEqual([500, 520, 540, 550, 560, 570, 580]);
  });

  it('counts from the start of a survey, and tolerates inexact updates', async () => {
    const surveying = new Surveying();
    const times = [500, 510.02, 519.8, 529.9, 539];
    for (const time of times) await surveying.tick(time);
    expect(surveying.begun).toEqual(times.slice(0, 4));
  });
});
