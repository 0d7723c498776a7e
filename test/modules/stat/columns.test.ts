import { describe, expect, it } from 'vitest';

import { columnsOf } from '../../../collector/modules/stat/columns.ts';
import { NAMES, OLD_NAMES } from '../../helpers/stat_text.ts';

const V5_10 = NAMES.map((name) => (name === 'chainlength' ? 'delete_list' : name));

function uncounted(names: readonly string[], release: string): string[] {
  return columnsOf(names, release)
    .filter((column) => !column.counted)
    .map((column) => String(names[column.index]));
}

describe('columnsOf', () => {
  it.each([
    ['2.6.32-754.el6.x86_64', OLD_NAMES.slice(0, 16), []],
    ['3.10.0-1160.119.1.el7.x86_64', OLD_NAMES, []],
    ['4.4.0-210-generic', OLD_NAMES, []],
    ['4.8.17', OLD_NAMES, []],
    ['4.9.0-19-amd64', OLD_NAMES, ['searched', 'new', 'delete', 'delete_list']],
    ['4.18.0-553.el8_10.x86_64', OLD_NAMES, ['searched', 'new', 'delete', 'delete_list']],
    ['5.4.0-216-generic', OLD_NAMES, ['searched', 'new', 'delete', 'delete_list']],
    ['5.9.16', OLD_NAMES, ['searched', 'new', 'delete', 'delete_list']],
    ['5.10.0-35-amd64', V5_10, ['new', 'ignore', 'delete', 'delete_list']],
    ['5.15.0', NAMES, ['new', 'ignore', 'delete']],
    ['6.18.44', NAMES, ['new', 'ignore', 'delete']],
    // A distribution that backported the newer statistics: the header decides, not the release.
    ['4.18.0-553.el8_10.x86_64', NAMES, ['new', 'ignore', 'delete']],
    // An unknown kernel.
    ['custom', OLD_NAMES, ['searched', 'new', 'delete', 'delete_list']],
  ])('knows the columns of Linux %s that are always 0', (release, names, dead) => {
    expect(uncounted(names, release)).toEqual(dead);
  });

  it('finds columns by name in any order and leaves out unknown ones', () => {
    expect(columnsOf(['drop', 'frobs', 'entries', 'clashres'], '6.1.0')).toEqual([
      { index: 0, metric: 'drop', counted: true },
      { index: 3, metric: 'clash_resolved', counted: true },
    ]);
  });

  it('finds the same columns once for all network namespaces', () => {
    expect(columnsOf(NAMES, '6.1.0')).toBe(columnsOf(NAMES, '6.1.0'));
  });

  it('does not mistake a property of every object for a column', () => {
    expect(columnsOf(['entries', 'constructor', 'toString'], '6.1.0')).toEqual([]);
  });

  it.each([
    ['3.10.0-1160.119.1.el7.x86_64', 'searched', true],
    ['4.8.17', 'searched', true],
    ['4.9.0-19-amd64', 'clash_resolved', false],
    ['4.18.0-553.el8_10.x86_64', 'clash_resolved', false],
    ['5.9.16', 'clash_resolved', false],
    ['custom', 'clash_resolved', false],
  ])('reads the column "searched" of Linux %s as %s, counted: %s', (release, metric, counted) => {
    expect(columnsOf(OLD_NAMES, release).filter(({ index }) => OLD_NAMES[index] === 'searched')).toEqual([
      { index: 1, metric, counted },
    ]);
  });

  it('does not confuse clashes with the searches of older kernels, nor long chains with their deletions', () => {
    const metric = (names: readonly string[], at: number): string | undefined =>
      columnsOf(names, '3.10.0').find((column) => column.index === at)?.metric;
    expect([metric(OLD_NAMES, 1), metric(NAMES, 1)]).toEqual(['searched', 'clash_resolved']);
    expect([metric(OLD_NAMES, 7), metric(NAMES, 7)]).toEqual(['delete_list', 'chain_too_long']);
  });
});
