import { describe, expect, it } from 'vitest';

import { fault, hasFault, hint, note, parseReport } from '../../collector/check/report.ts';
import { checked } from '../helpers/check_scene.ts';

describe('the report as JSON', () => {
  it('is read as it was written', async () => {
    const { report } = await checked({ texts: { '/etc/netdata/netdata.conf': '' }, options: { uid: 1000 } });
    expect(hasFault(report.program.findings)).toBe(false);
    expect(parseReport(JSON.stringify(report))).toEqual(report);
  });

  it.each<[string, (report: object) => unknown]>([
    ['an unknown key', (report) => ({ ...report, more: 1 })],
    ['no version', ({ ...report }) => ({ ...report, version: undefined })],
    ['another format', (report) => ({ ...report, format: 2 })],
    ['a finding without a text', (report) => ({ ...report, builtin: { findings: [{ severity: 'hint', code: 'c' }] } })],
    ['a key of another type', (report) => ({ ...report, works: 'yes' })],
  ])('is not a report with %s', async (_, change) => {
    const { report } = await checked();
    expect(parseReport(JSON.stringify(change(report)))).toBeUndefined();
  });

  it('is not a report if it is cut off', async () => {
    const { report } = await checked();
    expect(parseReport(JSON.stringify(report).slice(0, -1))).toBeUndefined();
  });
});

describe('findings', () => {
  it('have a fault only if one of them has that severity', () => {
    const others = [hint('a', 'one'), note('b', 'two')];
    expect(hasFault(others)).toBe(false);
    expect(hasFault([...others, fault('c', 'three')])).toBe(true);
  });
});
