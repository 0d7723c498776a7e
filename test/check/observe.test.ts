import { describe, expect, it } from 'vitest';

import { observe } from '../../collector/check/observe.ts';
import type { Hindrance, Module, Sample, Standing } from '../../collector/modules/module.ts';
import { FakeClock } from '../helpers/fake_clock.ts';

const SAMPLE: Sample = { scope: 'host', instance: '', labels: {}, values: { a: 1 } };
const hindrance = (loses: Hindrance['loses']): Hindrance => ({ code: 'c', target: 't', message: 'm', loses });

/** A module that returns a sample, or reports a hindrance, from its Nth call on. */
class Slow implements Module {
  readonly every = 1;
  asked = 0;
  closed = 0;
  readonly name: string;
  readonly #samplesAt: number;
  readonly #hindrance: Hindrance | undefined;
  readonly #hindranceAt: number;

  constructor(name: string, samplesAt: number, hindranceAt = 0, found?: Hindrance) {
    this.name = name;
    this.#samplesAt = samplesAt;
    this.#hindranceAt = hindranceAt;
    this.#hindrance = found;
  }

  collect(): readonly Sample[] {
    this.asked++;
    if (this.name === 'defective') throw new Error('a defect');
    return this.asked >= this.#samplesAt ? [SAMPLE] : [];
  }

  standing(): Standing {
    const isHindered = this.#hindrance !== undefined && this.asked >= this.#hindranceAt;
    return { reads: [this.name], hindrances: isHindered && this.#hindrance !== undefined ? [this.#hindrance] : [] };
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

describe('modules are called', () => {
  it('until each has returned data', async () => {
    expect(await asked(new Slow('one', 1), new Slow('two', 4))).toEqual([4, 4]);
  });

  it.each(['all', 'nothing'] as const)('until each has returned data or loses %s', async (loses) => {
    expect(await asked(new Slow('one', 2), new Slow('two', NEVER, 5, hindrance(loses)))).toEqual([5, 5]);
  });

  it('on while only a part is lost, since the rest may still come', async () => {
    expect(await asked(new Slow('one', 7, 1, hindrance('part')))).toEqual([7]);
  });

  it('for the given time at most', async () => {
    expect(await asked(new Slow('one', NEVER))).toEqual([31]);
  });

  it('and each is closed once at the end', async () => {
    const modules = [new Slow('one', 1), new Slow('defective', 1)];
    await observe(modules, new FakeClock(0), 3);
    expect(modules.map(({ closed }) => closed)).toEqual([1, 1]);
  });
});

describe('the observation of a module', () => {
  it('contains whether it returned data, and its last status', async () => {
    const found = hindrance('part');
    expect(await observe([new Slow('one', 2, 1, found), new Slow('two', NEVER)], new FakeClock(0), 3)).toEqual([
      { name: 'one', hasSamples: true, standing: { reads: ['one'], hindrances: [found] } },
      { name: 'two', hasSamples: false, standing: { reads: ['two'], hindrances: [] } },
    ]);
  });

  it('contains an exception, after which it is not called again', async () => {
    const defective = new Slow('defective', 1);
    const [observed] = await observe([defective, new Slow('two', 9)], new FakeClock(0), 3);
    expect(observed?.standing.hindrances).toEqual([
      { code: 'defect', target: 'defective', message: 'a defect', loses: 'all' },
    ]);
    expect(defective.asked).toBe(1);
  });
});
