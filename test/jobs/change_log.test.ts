import { describe, expect, it } from 'vitest';

import { ChangeLog } from '../../collector/jobs/change_log.ts';
import { RecordingLog } from '../helpers/recording_log.ts';

describe('the log of changes', () => {
  const begin = (): { log: RecordingLog; changes: ChangeLog } => {
    const log = new RecordingLog();
    return { log, changes: new ChangeLog(log) };
  };

  it('has each of ten changes in a minute, and a summary of the others after it', () => {
    const { changes, log } = begin();
    for (let number = 0; number < 1000; number++) changes.add(70e6 + number, 'came', { number });
    for (let number = 0; number < 3; number++) changes.add(80e6, 'went', { number });
    expect(log.entries).toHaveLength(10);
    expect(log.entries.at(-1)).toEqual({ level: 'info', message: 'came', fields: { number: 9 } });
    changes.flush(129e6);
    expect(log.entries).toHaveLength(10);
    changes.flush(130e6);
    expect(log.entries.slice(10)).toEqual([
      { level: 'info', message: 'came', fields: { more: 990 } },
      { level: 'info', message: 'went', fields: { more: 3 } },
    ]);
    changes.flush(200e6);
    expect(log.entries).toHaveLength(12);
  });

  it('has each change again in the next minute', () => {
    const { changes, log } = begin();
    for (let number = 0; number < 10; number++) changes.add(70e6, 'came', { number });
    changes.add(131e6, 'came', { number: 10 });
    expect(log.entries).toHaveLength(11);
  });
});
