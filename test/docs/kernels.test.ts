/** docs/kernels.md against what the module `stat` returns on each kernel. */

import { describe, expect, it } from 'vitest';

import { charts } from '../../charts/index.ts';
import type { Chart } from '../../charts/types.ts';
import { withOthers } from '../helpers/all_metrics.ts';
import { cell, codeIn, tableAfter } from '../helpers/markdown.ts';
import { read } from '../helpers/project.ts';
import { type Metrics, metricsOf, NAMES_5_10 } from '../helpers/stat_metrics.ts';
import { NAMES, OLD_NAMES } from '../helpers/stat_text.ts';

const page = read('docs/kernels.md');

describe('docs/kernels.md', () => {
  it('lists for each kernel what is never charted, or only with CAP_NET_ADMIN', () => {
    const kernels = {
      '2.6.35 to 4.8': [metricsOf(OLD_NAMES, '2.6.35'), metricsOf(OLD_NAMES, '4.8.17')],
      '4.9 to 5.9': [metricsOf(OLD_NAMES, '4.9.0'), metricsOf(OLD_NAMES, '5.9.16')],
      '5.10 to 5.14': [metricsOf(NAMES_5_10, '5.10.0'), metricsOf(NAMES_5_10, '5.14.21')],
      '5.15 and later': [metricsOf(NAMES, '5.15.0'), metricsOf(NAMES, '6.18.0')],
    };
    const rows = tableAfter(page, '# Kernels');
    expect(rows.map((row) => cell(row, 'Kernel'))).toEqual(Object.keys(kernels));
    for (const [at, releases] of Object.values(kernels).entries()) {
      const row = rows[at] ?? {};
      const never = codeIn(cell(row, 'Never charted')).sort();
      const privileged = codeIn(cell(row, 'Charted only with `CAP_NET_ADMIN`')).sort();
      for (const metrics of releases) {
        const all = notCharted(withOthers(metrics), charts);
        expect(never).toEqual(all);
        const ofStat = charts.filter(({ module }) => module === 'stat');
        expect(privileged).toEqual(notCharted(metrics, ofStat).filter((dimension) => !all.includes(dimension)));
      }
    }
  });
});

/** The dimensions of the host's charts among `some` that are not charted, each as chart and dimension. */
function notCharted(metrics: Metrics, some: readonly Chart[]): string[] {
  return some
    .filter(({ scope }) => scope === 'host')
    .flatMap((chart) =>
      chart.dimensions.filter(({ metric }) => !metrics.host.has(metric)).map(({ id }) => `${chart.id}.${id}`),
    )
    .sort();
}
