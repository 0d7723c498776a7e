/** metadata.yaml, as far as it is written by hand, against what the modules return. */

import { describe, expect, it } from 'vitest';

import { CONFIG_FILE } from '../../collector/config/load.ts';
import { parseConfig } from '../../collector/config/parse.ts';
import type { Sample } from '../../collector/modules/module.ts';
import { chartsInOrder } from '../../docs/generate/charts.ts';
import {
  fromEvents,
  fromEventsWithStat,
  fromFlows,
  fromNamespaces,
  fromSockets,
  samples,
} from '../helpers/all_metrics.ts';
import { askModes, RECORDED_MODES } from '../helpers/conntrackd_metrics.ts';
import { parseMetadata } from '../helpers/metadata_file.ts';
import { project, read } from '../helpers/project.ts';
import { type Metrics, metricsIn, metricsOf, NAMES_5_10 } from '../helpers/stat_metrics.ts';
import { NAMES, OLD_NAMES } from '../helpers/stat_text.ts';

const metadata = parseMetadata(read('metadata.yaml'));
const samplesOf: Readonly<Record<string, readonly Sample[]>> = samples;

/** What is there whenever the module is: metadata.yaml names no condition for it. */
const ALWAYS = 'always';

/** The modes with caches whose messages go over UDP or multicast. */
const OVER_DATAGRAMS = RECORDED_MODES.filter((mode) => !['notrack-tcp', 'notrack-no-caches', 'stats'].includes(mode));

/** Under which condition, as metadata.yaml calls it, which module returns what. */
const CONDITIONS: Readonly<Record<string, Readonly<Record<string, readonly Metrics[]>>>> = {
  stat: {
    'No statistics': [metricsOf(undefined, '6.1.0')],
    'Statistics of Linux 5.9 and older': [metricsOf(OLD_NAMES, '4.8.0'), metricsOf(OLD_NAMES, '5.9.0')],
    'Statistics of Linux 5.10 and later': [metricsOf(NAMES_5_10, '5.10.0'), metricsOf(NAMES, '6.18.0')],
  },
  events: { CAP_NET_ADMIN: [fromEvents], 'CAP_NET_ADMIN, Linux 4.9 and later': [fromEventsWithStat] },
  flows: { CAP_NET_ADMIN: [fromFlows] },
  sockets: { [ALWAYS]: [fromSockets] },
  namespaces: { [ALWAYS]: [fromNamespaces] },
  conntrackd: {
    'FTFW, ALARM or NOTRACK': await Promise.all(OVER_DATAGRAMS.map(metricsOfMode)),
    'The same with a TCP channel': [await metricsOfMode('notrack-tcp')],
    'NOTRACK without caches': [await metricsOfMode('notrack-no-caches')],
    Stats: [await metricsOfMode('stats')],
  },
};

describe('metadata.yaml', () => {
  it('names this plugin', () => {
    const names = [metadata.plugin_name, ...metadata.modules.map(({ meta }) => meta.plugin_name)];
    expect([...new Set(names)]).toEqual(Object.keys(project.bin));
  });

  it('has exactly the modules that return charts', () => {
    const modules = metadata.modules.map(({ meta }) => meta.module_name);
    expect(modules).toEqual([...new Set(chartsInOrder.map(({ module }) => module))]);
  });
});

describe.each(metadata.modules)('metadata.yaml of module $meta.module_name', ({ meta, setup, metrics }) => {
  it('has the labels that the charts of each scope have', () => {
    const returned = (samplesOf[meta.module_name] ?? []).map(({ scope, labels }) => [scope, Object.keys(labels)]);
    const inMetadata = metrics.scopes.map((scope) => [scope.name, scope.labels.map(({ name }) => name)]);
    expect(inMetadata).not.toHaveLength(0);
    expect(new Set(returned.map(String))).toEqual(new Set(inMetadata.map(String)));
  });

  it('says which charts there are under which condition', () => {
    const charted = CONDITIONS[meta.module_name] ?? {};
    expect(charted).not.toEqual({});
    expect(metrics.availability).toEqual(Object.keys(charted).filter((condition) => condition !== ALWAYS));
    const documentedMetrics = metrics.scopes.flatMap((scope) => scope.metrics);
    for (const [condition, returned] of Object.entries(charted)) {
      const available = documentedMetrics.filter(({ availability }) =>
        condition === ALWAYS ? availability.length === 0 : availability.includes(condition),
      );
      const names = available.map(({ name }) => name).sort();
      for (const one of returned) {
        expect(names).toEqual(contextsOf(one, meta.module_name).sort());
      }
    }
  });

  it('names the configuration file', () => {
    expect(setup.configuration.file.name).toBe(CONFIG_FILE);
  });

  it.each(setup.configuration.examples.list)('has an example "$name" that the collector accepts', ({ config }) => {
    expect(() => parseConfig('example', config)).not.toThrow();
  });
});

function contextsOf(metrics: Metrics, module: string): string[] {
  const charted = chartsInOrder.filter(
    (chart) => chart.module === module && chart.dimensions.some(({ metric }) => metrics[chart.scope].has(metric)),
  );
  return charted.map(({ context }) => context);
}

/** What is returned of a daemon in a mode. */
async function metricsOfMode(mode: (typeof RECORDED_MODES)[number]): Promise<Metrics> {
  return metricsIn((await askModes([mode])).samples);
}
