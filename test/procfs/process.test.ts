import { describe, expect, it } from 'vitest';

import { parseOpenFiles, parseProcessStat } from '../../collector/procfs/process.ts';
import { statText } from '../helpers/fake_procfs.ts';

describe('the statistics of a process', () => {
  it.each(['dnsmasq', 'a (b) c', ') S 1 2', 'line\nbreak', ''])('have its name and start: %j', (name) => {
    expect(parseProcessStat(statText(name, 987_654))).toEqual({ name, started: 987_654 });
  });

  it.each(['', '1234 (sh) S 1 2\n', statText('sh', 7).trimEnd(), statText('sh', Number.NaN)])(
    'are unknown in another text: %j',
    (text) => {
      expect(parseProcessStat(text)).toBeUndefined();
    },
  );
});

describe('the open files that a process may have', () => {
  const text = (soft: string): string => `Limit                     Soft Limit           Hard Limit           Units
Max processes             31337                31337                processes
Max open files            ${soft.padEnd(20)} 524288               files
Max locked memory         8388608              8388608              bytes
`;

  it.each([
    [text('1024'), 1024],
    [text('unlimited'), undefined],
    ['', undefined],
  ])('are the soft limit: %j', (limits, files) => {
    expect(parseOpenFiles(limits)).toBe(files);
  });
});
