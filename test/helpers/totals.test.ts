/** The totals of a test run, on files as vitest writes them. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'totals-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Status = 'passed' | 'failed' | 'skipped' | 'todo';
/** Status of each test by name, or of tests of the same name in turn. */
type Tests = readonly (readonly [name: string, status: Status])[];

/** A file of a run; `failed` without a failed test if a hook failed. */
function file(path: string, tests: Tests, hook?: 'hook failed') {
  const failed = hook !== undefined || tests.some(([, status]) => status === 'failed');
  return {
    name: join(process.cwd(), path),
    status: failed ? 'failed' : 'passed',
    assertionResults: tests.map(([fullName, status]) => ({ fullName, status })),
  };
}

let written = 0;

/** Writes the results of a run and returns the path. */
function results(...testResults: readonly ReturnType<typeof file>[]): string {
  const path = join(folder, `${written++}.json`);
  writeFileSync(path, JSON.stringify({ testResults }));
  return path;
}

function totals(...words: readonly string[]): string {
  return spawnSync(process.execPath, ['test/helpers/totals.js', ...words], { encoding: 'utf8' }).stdout;
}

const FLOWS = 'test/e2e/flows.test.ts';
const EVENTS = 'test/e2e/events.test.ts';
const MISSING = join(folder, 'missing.json');

describe('the totals of a run', () => {
  it('count each test once, by its status', () => {
    const statuses: Tests = [
      ['a', 'passed'],
      ['same', 'passed'],
      ['same', 'failed'],
      ['b', 'skipped'],
      ['c', 'todo'],
    ];
    const run = results(file(FLOWS, statuses), file('test/cli.test.ts', [['a', 'passed']]));
    expect(totals('count', '1', run)).toBe('3 1 2\n');
    expect(totals('count', '0', results(file(FLOWS, [['a', 'passed']])))).toBe('1 0 0\n');
  });

  it('count one failed test if results are missing or cut', () => {
    expect(totals('count', '1', MISSING)).toBe('0 1 0\n');
    expect(totals('count', '0', MISSING)).toBe('0 1 0\n');
    const cut = join(folder, 'cut.json');
    writeFileSync(cut, '{"testResults":[{"name":"/a');
    expect(totals('count', '124', cut)).toBe('0 1 0\n');
    expect(totals('failed', cut)).toBe('');
  });

  it('count one failed test for a file that does not load, a hook that fails, and an error outside of every test', () => {
    expect(totals('count', '1', results(file(FLOWS, [], 'hook failed')))).toBe('0 1 0\n');
    expect(totals('count', '1', results(file(FLOWS, [['a', 'skipped']], 'hook failed')))).toBe('0 1 1\n');
    expect(totals('count', '1', results(file(FLOWS, [['a', 'passed']])))).toBe('1 1 0\n');
  });

  it('count a test as failed only if it did not pass when its file was run once more', () => {
    const first: Tests = [
      ['a', 'failed'],
      ['b', 'failed'],
      ['c', 'passed'],
      ['d', 'failed'],
    ];
    const again: Tests = [
      ['a', 'passed'],
      ['b', 'failed'],
      ['c', 'failed'],
      ['d', 'skipped'],
    ];
    const run = results(file(FLOWS, first), file(EVENTS, [['a', 'failed']]));
    expect(totals('count', '1', run)).toBe('1 4 0\n');
    expect(totals('count', '1', run, results(file(FLOWS, again)))).toBe('2 3 0\n');
    expect(totals('count', '1', run, results(file(FLOWS, again)), results(file(EVENTS, [['a', 'passed']])))).toBe(
      '3 2 0\n',
    );
    expect(totals('count', '1', run, MISSING)).toBe('1 4 0\n');
  });

  it('count the tests of a file that loads, or whose hook works, only when it is run once more', () => {
    const again = results(file(FLOWS, [['a', 'passed']]));
    expect(totals('count', '1', results(file(FLOWS, [], 'hook failed')), again)).toBe('1 0 0\n');
    const skipped = results(file(FLOWS, [['a', 'skipped']], 'hook failed'));
    expect(totals('count', '1', skipped, again)).toBe('1 0 0\n');
    expect(totals('count', '1', skipped, skipped)).toBe('0 1 1\n');
    expect(totals('count', '1', skipped, results(file(FLOWS, [['a', 'failed']])))).toBe('0 1 0\n');
    const passed = results(file(FLOWS, [['a', 'passed']], 'hook failed'));
    expect(totals('count', '1', passed, passed)).toBe('1 1 0\n');
  });
});

describe('the files that are run once more', () => {
  it('are those with real clocks that failed', () => {
    const run = results(
      file(FLOWS, [['a', 'failed']]),
      file(EVENTS, [['a', 'passed']]),
      file('test/kernels/kernels.test.ts', [], 'hook failed'),
      file('test/cli.test.ts', [['a', 'failed']]),
    );
    expect(totals('failed', run)).toBe(`${FLOWS}\ntest/kernels/kernels.test.ts\n`);
  });
});
