/** Samples of real tables: what they cost, and how far their shares are from the true ones. Needs root. */

import path from 'node:path';

import { RESTORE } from '../helpers/conntrack.ts';
import { TrackingNamespace } from './namespace.ts';
import { figure, note } from './report.ts';
import { median } from './statistics.ts';
import type { Estimates } from './worker_sampling.ts';

const WORKER = path.resolve('dist/bench/worker.cjs');
const LIBRARY = path.resolve('dist/conntrack-koffi');
const SAMPLES = 100;
/** What every hundred entries are: options of `conntrack -A`. */
const KINDS: readonly (readonly [number, string])[] = [
  [41, '-p tcp --dport 443 --state ESTABLISHED -u SEEN_REPLY,ASSURED'],
  [17, '-p tcp --dport 80 --state TIME_WAIT -u SEEN_REPLY,ASSURED'],
  [9, '-p tcp --dport 25 --state SYN_SENT'],
  [5, '-p tcp --dport 22 --state CLOSE -u SEEN_REPLY'],
  [2, '-p tcp --dport 993 --state FIN_WAIT -u SEEN_REPLY,ASSURED'],
  [15, '-p udp --dport 53 -u SEEN_REPLY'],
  [8, '-p udp --dport 123'],
  [3, '-p udp --dport 4500 -u SEEN_REPLY,ASSURED'],
];

/** Tables of this size are loaded until there have been {@link SAMPLES} samples. */
export async function samples(entries: number): Promise<void> {
  const deviations: (readonly number[])[] = [];
  const costs: number[] = [];
  let worst = 0;
  let tables = 0;
  while (deviations.length < SAMPLES) {
    // The order of the hash table differs between namespaces.
    const namespace = new TrackingNamespace(entries + 10_000);
    try {
      namespace.run(RESTORE, table(entries, ++tables));
      const estimates: Estimates = JSON.parse(
        namespace.run([process.execPath, WORKER, 'sample', LIBRARY, String(tables === 1 ? 15 : 1)]),
      );
      deviations.push(...estimates.deviations);
      if (tables === 1) costs.push(...estimates.sampled.slice(5));
      worst = Math.max(worst, estimates.worst);
    } finally {
      namespace.close();
    }
  }
  const all = deviations.flat();
  const within = all.filter((deviation) => deviation <= 3).length;
  figure('shares more than 3 standard errors off', 100 * (1 - within / all.length), '%', { most: 1, inclusive: true });
  note(`  (${all.length} shares in ${deviations.length} samples of ${tables} tables)`);
  figure('largest error of a share', worst, 'points');
  figure('CPU time of a sample, median of 10', median(costs), 'ms', { most: 50, inclusive: true });
}

/** Entries of all kinds, of as many sources as there are kinds in a random order. */
function table(entries: number, seed: number): string {
  const kinds = KINDS.flatMap(([count, options]) => Array<string>(count).fill(options));
  const lines: string[] = [];
  for (let entry = 0; entry < entries; entry++) {
    const kind = kinds[(entry * 37) % kinds.length] ?? '';
    const host = `10.${seed % 250}.${Math.floor(entry / 50_000)}.${1 + (entry % 250)}`;
    const port = 1024 + (Math.floor(entry / 250) % 60_000);
    lines.push(`-A -t 3600 -s ${host} -d 10.255.0.1 ${kind} --sport ${port}`);
  }
  return `${lines.join('\n')}\n`;
}
