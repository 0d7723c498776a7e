import { describe, expect, it } from 'vitest';

import { host, reading, Showing } from '../helpers/showing.ts';

/** The screen of a table of which a part was read. */
function screen(columns: number, values: Readonly<Record<string, number>>): string {
  return new Showing().update(0, reading(10, host({ flows_tcp: 7000, ...values }))).screen(columns, 24);
}

describe('the screen of a sampled table', () => {
  it('says above the last line that the composition is an estimate, and with which error', () => {
    const lines = screen(80, { dump_read: 8.6827, dump_standard_error: 0.3535 }).split('\n');
    expect(lines.slice(-2)).toEqual([
      'Composition estimated from 8.7 % of entries; standard error at most 0.35 points',
      'Ctrl-C ends',
    ]);
  });

  it('says all of it in 40 columns', () => {
    const text = screen(40, { dump_read: 8.6827, dump_standard_error: 0.3535 });
    expect(text.replaceAll('\n', ' ')).toContain('of entries; standard error at most 0.35 points');
  });

  it('says nothing of an estimate if the whole table was read', () => {
    expect(screen(80, { dump_read: 100, dump_standard_error: 0 })).not.toContain('estimated');
    expect(screen(80, {})).not.toContain('estimated');
  });
});
