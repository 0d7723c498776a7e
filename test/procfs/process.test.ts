import { describe, expect, it } from 'vitest';

import { parseProcessStat } from '../../collector/procfs/process.ts';
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
