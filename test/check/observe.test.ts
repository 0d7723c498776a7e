import { describe, expect, it } from 'vitest';

import { observe } from '../../collector/check/observe.ts';
import type { Module, Sample, Status } from '../../collector/modules/module.ts';
import { type Problem, problemAt } from '../../collector/modules/problem.ts';
import { FakeClock } from '../helpers/fake_clock.ts';

const SAMPLE: Sample = { scope: 'host', instance: '', labels: {}, values: { a: 1 } };
const problem = (loses: Problem['loses']): Problem => problemAt('system_error', 't', 'm', loses);

/** A module that returns something, or has a problem, from its Nth reading on. */
class Slow implements Module {
  readonly every = 1;
  asked = 0;
  closed = 0;
  readonly name: string;
  readonly #samplesAt: number;
  readonly #problem: Problem | undefined;
  readonly #problemAt: number;

  constructor(name: string, samplesAt: number, problemAt = 0, found?: Problem) {
    this.name = name;
    this.#samplesAt = samplesAt;
    this.#problemAt = problemAt;
    this.#problem = found;
  }

  collect(): readonly Sample[] {
    this.asked++;
    if (this.name === 'defective') throw new Error('a defect');
    return this.asked >= this.#samplesAt ? [SAMPLE] : [];
  }

  status(): Status {
    const hasProblem = this.#problem !== undefined && this.asked >= this.#problemAt;
    return { reads: [this.name], problems: hasProblem && this.#problem !== undefined ? [this.#problem] : [] };
  }

  close(): void {
    this.closed++;
  }
}

const NEVER = Number.POSITIVE_INFINITY;

async function asked(...modules: readonly Slow[]): Promise<readonly number[]> {
  await observe(modules, new FakeClock(0), 3);
  return modules.map((module) => module.asked);
}

describe('modules are asked', () => {
  it('until each has returned something', async () => {
    expect(await asked(new Slow('one', 1), new Slow('two', 4))).toEqual([4, 4]);
  });

  it.each(['all', 'nothing'] as const)('until each returned something or loses %s', async (loses) => {
    expect(await asked(new Slow('one', 2), new Slow('two', NEVER, 5, problem(loses)))).toEqual([5, 5]);
  });

  it('while only a part is lost: the rest may come yet', async () => {
    expect(await asked(new Slow('one', 7, 1, problem('part')))).toEqual([7]);
  });

  it('no more than there is patience for', async () => {
    expect(await asked(new Slow('one', NEVER))).toEqual([31]);
  });

  it('and closed in the end, each once', async () => {
    const modules = [new Slow('one', 1), new Slow('defective', 1)];
    await observe(modules, new FakeClock(0), 3);
    expect(modules.map(({ closed }) => closed)).toEqual([1, 1]);
  });
});

describe('what is observed', () => {
  it('is whether there were samples, and how the module stands in the end', async () => {
    const found = problem('part');
    expect(await observe([new Slow('one', 2, 1, found), new Slow('two', NEVER)], new FakeClock(0), 3)).toEqual([
      { name: 'one', hasSamples: true, status: { reads: ['one'], problems: [found] } },
      { name: 'two', hasSamples: false, status: { reads: ['two'], problems: [] } },
    ]);
  });

  it('is a defect of a module, which is not asked again', async () => {
    const defective = new Slow('defective', 1);
    const [observed] = await observe([defective, new Slow('two', 9)], new FakeClock(0), 3);
    expect(observed?.status.problems).toEqual([
      { code: 'defect', target: 'defective', message: 'the module failed: a defect', loses: 'all' },
    ]);
    expect(defective.asked).toBe(1);
  });
});
