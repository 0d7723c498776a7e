/** Reports of rounds that were all answered at one time. */

import type { Round } from '../../collector/modules/conntrackd/daemon.ts';
import type { Report } from '../../collector/modules/conntrackd/report.ts';
import type { Sample } from '../../collector/modules/module.ts';

/** The samples of a round whose every answer came at `at`, in microseconds. */
export function upAt(report: Report, round: Round, at: number, connections: number | undefined): Sample[] {
  for (const { counters, times } of round.sheet.all()) {
    for (const metric of counters.keys()) times.set(metric, at);
  }
  return report.up(round, connections);
}
