import { describe, expect, it } from 'vitest';

import { charts } from '../../charts/index.ts';
import { CRITICAL_ABOVE, PLAIN, SECTIONS, TABLE, WARNING_ABOVE } from '../../collector/terminal/layout.ts';
import { alerts } from '../helpers/project.ts';

const contents = SECTIONS.flatMap((section) => section.contents);
const chartOf = (context: string) => charts.find((chart) => chart.context === context);
const dimensionsOf = (context: string): string[] => chartOf(context)?.dimensions.map(({ id }) => id) ?? [];

describe('the layout', () => {
  it('names only charts that there are', () => {
    const named = [...contents, ...Object.values(TABLE).filter((place) => typeof place !== 'string')];
    const contexts = [...named.map(({ context }) => context), ...PLAIN];
    expect(contexts.filter((context) => chartOf(context) === undefined)).toEqual([]);
  });

  it('names only dimensions and variables that they have', () => {
    const places = contents.flatMap((content) => {
      if (content.kind === 'values')
        return content.dimensions.map((dimension) => [content.context, dimension] as const);
      return content.kind === 'state' ? [[content.context, content.good] as const] : [];
    });
    const table = [TABLE.entries, TABLE.used].map(({ context, dimension }) => [context, dimension] as const);
    const unknown = [...places, ...table].filter(([context, dimension]) => !dimensionsOf(context).includes(dimension));
    expect(unknown).toEqual([]);
    expect(chartOf(TABLE.entries.context)?.variables?.map(({ name }) => name)).toContain(TABLE.maximum);
  });

  it('gives every section a rank of its own, and asks for no more than it can have', () => {
    expect(new Set(SECTIONS.map(({ rank }) => rank)).size).toBe(SECTIONS.length);
    for (const { least } of SECTIONS) expect(least).toBeGreaterThan(0);
  });

  it('titles by its chart only a section of one', () => {
    const untitled = SECTIONS.filter(({ title }) => title === undefined);
    expect(untitled.filter((section) => section.contents.length !== 1)).toEqual([]);
  });

  it('draws the table as the alert conntrack_full is raised', () => {
    const alert = alerts.find(({ template }) => template === 'conntrack_full');
    const above = (condition = ''): number => Number(/: \((\d+)\)\)$/.exec(condition)?.[1]);
    expect([above(alert?.['warn']), above(alert?.['crit'])]).toEqual([WARNING_ABOVE, CRITICAL_ABOVE]);
    expect(alert?.['on']).toBe(TABLE.used.context);
  });
});
