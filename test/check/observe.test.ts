import { describe, expect, it } from 'vitest';

import { observe } from '../../collector/check/observe.ts';
import type { Module, Sample, Status } from '../../collector/modules/module.ts';
import { type Problem, problemAt } from '../../collector/modules/problem.ts';
import { FakeClock } from '../helpers/fake_clock.ts';

const SAMPLE: Sample = { scope: 'host', instance: '', labels: {}, values: { a: 1 } };
const problem = (loses: Problem['loses']): Problem => problemAt('system_error', 't', 'm', loses);

/** A module that returns a sample, or reports a problem, from its Nth call on. */
class Slow implements Module {
  readonly every = 1;
  calls = 0;
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
    this.calls++;
    if (this.name === 'defective') throw new Error('a defect');
    return this.calls >= this.#samplesAt ? [SAMPLE] : [];
  }

  status(): Status {
    const hasProblem = this.#problem !== undefined && this.calls >= this.#problemAt;
    return { reads: [this.name], problems: hasProblem && this.#problem !== undefined ? [this.#problem] : [] };
  }

  close(): void {
    this.closed++;
  }
}

const NEVER = Number.POSITIVE_INFINITY;

async function calls(...modules: readonly Slow[]): Promise<readonly number[]> {
  await observe(modules, new FakeClock(0), 3);
  return modules.map((module) => module.calls);
}

describe('observe', () => {
  it('calls modules until each has returned data', async () => {
    expect(await calls(new Slow('one', 1), new Slow('two', 4))).toEqual([4, 4]);
  });

  it.each(['all', 'nothing'] as const)('calls modules until each has returned data or loses %s', async (loses) => {
    expect(await calls(new Slow('one', 2), new Slow('two', NEVER, 5, problem(loses)))).toEqual([5, 5]);
  });

  it('keeps calling a module that loses only a part, since the rest may still come', async () => {
    expect(await calls(new Slow('one', 7, 1, problem('part')))).toEqual([7]);
  });

  it('calls a module that returns nothing for the given time at most', async () => {
    expect(await calls(new Slow('one', NEVER))).toEqual([31]);
  });

  it('closes each module once at the end', async () => {
    const modules = [new Slow('one', 1), new Slow('defective', 1)];
    await observe(modules, new FakeClock(0), 3);
    expect(modules.map(({ closed }) => closed)).toEqual([1, 1]);
  });
});

describe('the observation of a module', () => {
  it('says whether it returned data, and has its last status', async () => {
    const found = problem('part');
    expect(await observe([new Slow('one', 2, 1, found), new Slow('two', NEVER)], new FakeClock(0), 3)).toEqual([
      { name: 'one', hasSamples: true, status: { reads: ['one'], problems: [found] } },
      { name: 'two', hasSamples: false, status: { reads: ['two'], problems: [] } },
    ]);
  });

  it('has the problem of an exception, after which the module is not called again', async () => {
    const defective = new Slow('defective', 1);
    const [observed] = await observe([defective, new Slow('two', 9)], new FakeClock(0), 3);
    expect(observed?.status.problems).toEqual([
      { code: 'defect', target: 'defective', message: 'the module failed: a defect', loses: 'all' },
    ]);
    expect(defective.calls).toBe(1);
  });
});
