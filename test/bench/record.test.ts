import { describe, expect, it } from 'vitest';

import type { Machine, Section } from '../../docs/generate/cost.ts';
import { withSection } from './record.ts';

const MACHINE: Machine = { processor: 'Well 7', cpus: 3, kernel: '6.18.5', node: '20.20.1' };

function section(title: string, value: number): Section {
  return { title, date: '2026-03-04', load: 1.5, figures: [{ name: 'depth', value, unit: 'm' }] };
}

describe('the record of costs', () => {
  it('gets a section of the same title in the place of the old one, and others at its end', () => {
    let costs = withSection(undefined, MACHINE, section('Digging', 7));
    for (const next of [section('Filling', 8), section('Digging', 9)]) costs = withSection(costs, { ...MACHINE }, next);
    expect(costs).toEqual({ machine: MACHINE, sections: [section('Digging', 9), section('Filling', 8)] });
  });

  it('drops the sections of another machine', () => {
    const other = withSection(undefined, { ...MACHINE, kernel: '6.12.1' }, section('Digging', 7));
    expect(withSection(other, MACHINE, section('Filling', 8)).sections).toEqual([section('Filling', 8)]);
  });

  it('has figures and loads of four digits', () => {
    const exact = { ...section('Digging', 1234567), load: 0.123456 };
    expect(withSection(undefined, MACHINE, exact).sections).toEqual([
      { ...section('Digging', 1_235_000), load: 0.1235 },
    ]);
  });
});
