import { expect, it } from 'vitest';

import { LEVELS } from '../../collector/base/log.ts';
import { quietLog } from '../../collector/jobs/quiet_log.ts';
import { RecordingLog } from '../helpers/recording_log.ts';

it.each([
  ['error', ['error', 'debug', 'debug', 'debug', 'debug']],
  ['warning', ['error', 'warning', 'debug', 'debug', 'debug']],
] as const)('a quiet log keeps the level %s and more severe ones', (least, levels) => {
  const log = new RecordingLog();
  const quiet = quietLog(log, least);
  for (const level of LEVELS) quiet[level]('the well is dry', { level });
  expect(log.entries).toEqual(
    LEVELS.map((level, at) => ({ level: levels[at], message: 'the well is dry', fields: { level } })),
  );
});
