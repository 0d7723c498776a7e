import { describe, expect, it, vi } from 'vitest';

import { RecordedHost, STAT } from '../../helpers/recorded_host.ts';
import { NAMES, statRow, statText } from '../../helpers/stat_text.ts';

describe('a statistics file', () => {
  it('that was reopened after its descriptor died gives no rates: the counters may have restarted', () => {
    const host = new RecordedHost();
    host.stat(NAMES, statRow({ entries: 900, drop: 50 }));
    host.values(0);
    host.stat(NAMES, statRow({ entries: 3, drop: 60 }));
    vi.spyOn(host.volume, 'readSync').mockImplementationOnce(() => {
      throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
    });
    expect(host.values(1)).toEqual({ connections: 3 });
    expect(host.values(2)).toMatchObject({ drop: 0 });
  });

  it.each([
    ['EACCES: permission denied, open', 'EACCES', 'file_denied', 'openSync' as const],
    ['EIO: i/o error, read', 'EIO', 'system_error', 'readSync' as const],
  ])('that fails with %s leaves a gap until it works again, and is logged once', (text, code, problem, call) => {
    const host = new RecordedHost();
    host.stat(NAMES, statRow({ entries: 900, drop: 5000 }));
    host.values(0);
    host.module.close();
    const failing = vi.spyOn(host.volume, call).mockImplementation(() => {
      throw Object.assign(new Error(text), { code });
    });
    for (let second = 1; second < 20; second++) expect(host.collect(second)).toEqual([]);
    failing.mockRestore();
    host.stat(NAMES, statRow({ entries: 901, drop: 5100 }));
    expect(host.values(20)).toEqual({ connections: 901 });
    expect(host.saidOfStatistics).toHaveLength(2);
    expect(host.saidOfStatistics[0]).toMatch(
      new RegExp(`^warning .*cannot be used.* code=${problem} .*${STAT}.*${code}`),
    );
    expect(host.saidOfStatistics[1]).toMatch(/^info .*can be read again/);
  });

  it.each([
    ['empty', ''],
    [
      'torn',
      statText(NAMES, [statRow({ entries: 1 })])
        .toString()
        .slice(0, -30),
    ],
    ['another file', 'hello\n'],
  ])('that is %s leaves a gap until it is complete again, and is logged once', (_, text) => {
    const host = new RecordedHost();
    host.stat(NAMES, statRow({ entries: 900, drop: 5000 }));
    host.values(0);
    host.write(STAT, text);
    for (let second = 1; second < 200; second++) expect(host.collect(second)).toEqual([]);
    host.stat(NAMES, statRow({ entries: 901, drop: 5100 }));
    // The rate over the whole time since the last reading, so that no event is lost.
    expect(host.values(200)).toMatchObject({ connections: 901, drop: 0.5 });
    host.stat(NAMES, statRow({ entries: 901, drop: 5103 }));
    expect(host.values(201)).toMatchObject({ drop: 3 });
    expect(host.saidOfStatistics.map((line) => line.split(' ', 1)[0])).toEqual(['warning', 'info']);
  });
});
