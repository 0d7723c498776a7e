/**
 * What is drawn, what is documented, what alerts look at and what can be configured is written down in several places
 * for several readers. These tests hold the places against each other, each pair in both directions.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Volume } from 'memfs';
import * as v from 'valibot';
import { describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';

import { charts } from '../charts/index.ts';
import { contextsInOrder, FIRST_PRIORITY } from '../charts/priorities.ts';
import type { Chart } from '../charts/types.ts';
import { Emitter } from '../collector/agent/emit.ts';
import { readEnvironment } from '../collector/agent/environment.ts';
import { HELP, parseCommandLine } from '../collector/cli.ts';
import { CONFIG_FILE, ConfigError, parseConfig, schema } from '../collector/config/load.ts';
import { createAccess } from '../collector/modules/access.ts';
import { REQUESTS } from '../collector/modules/conntrackd/request.ts';
import type { Sample, Scope } from '../collector/modules/module.ts';
import { PROBLEMS } from '../collector/modules/problem.ts';
import { columnsOf } from '../collector/modules/stat/columns.ts';
import type { Question } from '../collector/netlink/request.ts';
import { Host } from '../collector/procfs/host.ts';
import { flatten, keysOf, nest, uncomment } from './helpers/config_keys.ts';
import { askModes, askTheUsual, listening, RECORDED_MODES } from './helpers/conntrackd_metrics.ts';
import { GROUPS } from './helpers/groups.ts';
import {
  type Alert,
  dimensionsOf,
  isRaised,
  nameOf,
  parseHealth,
  thresholdOf,
  variablesOf,
  windowOf,
} from './helpers/health_file.ts';
import { anchorsIn, cell, codeBlocks, codeIn, headingsBelow, onlyCode, tableAfter } from './helpers/markdown.ts';
import { parseMetadata } from './helpers/metadata_file.ts';
import { eventSamples, flowSamples, socketSamples } from './helpers/netlink_metrics.ts';
import { RecordedHost, SETTINGS } from './helpers/recorded_host.ts';
import { allMetrics, COLUMNS, type Metrics, metricsIn, metricsOf, NAMES_5_10 } from './helpers/stat_metrics.ts';
import { NAMES, OLD_NAMES } from './helpers/stat_text.ts';

/** The names of the questions to the kernel, as its headers have them. */
const MESSAGES: Readonly<Record<Question, string>> = {
  table: 'IPCTNL_MSG_CT_GET',
  cpuStatistics: 'IPCTNL_MSG_CT_GET_STATS_CPU',
  statistics: 'IPCTNL_MSG_CT_GET_STATS',
  expectationStatistics: 'IPCTNL_MSG_EXP_GET_STATS_CPU',
  tcpSockets: 'TCPDIAG_GETSOCK',
  udpSockets: 'SOCK_DIAG_BY_FAMILY',
  udp6Sockets: 'SOCK_DIAG_BY_FAMILY',
};

const ROOT = new URL('..', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, ROOT), 'utf8');

const readme = read('README.md');
const stockConfig = read('collector/conntrack.conf');
const alerts = parseHealth(read('health/conntrack.conf'));

const metadata = parseMetadata(read('metadata.yaml'));
const project = v.parse(
  v.object({
    version: v.string(),
    license: v.string(),
    bin: v.record(v.string(), v.string()),
    scripts: v.record(v.string(), v.string()),
  }),
  JSON.parse(read('package.json')),
);

/** The agent's own alert of a full table, which conntrack_full gives way to. */
const STOCK_ALERT = 'netfilter_conntrack_full';

/** The charts in the order of the dashboard. */
const inOrder = contextsInOrder.flatMap((context) => charts.filter((chart) => chart.context === context));
const byContext = new Map(charts.map((chart) => [chart.context, chart]));
/** The chart of an alert, which is tied to a context, or to one chart by its id. */
const chartOf = ({ alarm, on = '' }: Alert): Chart | undefined =>
  alarm === undefined ? byContext.get(on) : charts.find((chart) => idsOf(chart).includes(on));
const scopes = [...new Set(inOrder.map((chart) => chart.scope))];

/** What follows the name in the ids of the charts of a scope, as the documentation writes it. */
const INSTANCES: Readonly<Record<Scope, readonly string[]>> = {
  host: [''],
  cpu: ['_cpuN'],
  tcp: ['_tcp', '_tcp6'],
  udp: ['_udp', '_udp6'],
  daemon: ['_DAEMON'],
  cache: ['_DAEMON_CACHE'],
  link: ['_DAEMON_DEVICE'],
  queue: ['_DAEMON_QUEUE'],
};
const idsOf = ({ id, scope }: Chart): string[] => INSTANCES[scope].map((instance) => `conntrack.${id}${instance}`);

/** The contexts that a chart can have, the built-in collector's first. */
const contextsOf = (chart: Chart | undefined): string[] =>
  [chart?.context, chart?.contextBesideBuiltin].filter((context) => context !== undefined);

const drawnOn = (metrics: Metrics, module: string): Chart[] =>
  inOrder.filter(
    (chart) => chart.module === module && chart.dimensions.some(({ metric }) => metrics[chart.scope].has(metric)),
  );

const zeros = NAMES.map(() => 0);
const daemons = await askModes(RECORDED_MODES);

/** What each module returns: `stat` on a current kernel, `conntrackd` of every mode, the others on every kernel. */
const samples = {
  stat: statSamples(),
  events: eventSamples(),
  flows: await flowSamples(),
  sockets: await socketSamples(),
  conntrackd: daemons.samples,
};
const samplesOf: Readonly<Record<string, readonly Sample[]>> = samples;
const fromEvents = metricsIn(samples.events);
const fromFlows = metricsIn(samples.flows);
const fromSockets = metricsIn(samples.sockets);
const fromDaemons = metricsIn(samples.conntrackd);

/** What every module together returns, given what `stat` does. */
const withOthers = ({ host, cpu }: Metrics): Metrics => ({
  ...fromDaemons,
  tcp: fromSockets.tcp,
  udp: fromSockets.udp,
  host: new Set([...host, ...fromEvents.host, ...fromFlows.host, ...fromSockets.host]),
  cpu,
});

/** The metrics that charts name. */
function metricsNamed(named: readonly Chart[]): string[] {
  const all = named.flatMap(({ dimensions, variables = [] }) => [...dimensions, ...variables]);
  return [...new Set(all.map(({ metric }) => metric))].sort();
}

describe('the charts', () => {
  it('have each context exactly once in the order of the dashboard', () => {
    const contexts = charts.flatMap(({ context, contextBesideBuiltin = context }) => [context, contextBesideBuiltin]);
    expect([...contextsInOrder].sort()).toEqual([...new Set(contexts)].sort());
  });

  it('come after the charts of the built-in collectors of connection tracking and SYNPROXY, which end with 8754', () => {
    expect(FIRST_PRIORITY).toBeGreaterThan(8754);
  });

  it('show what signals trouble before what explains it, and the collector itself last', () => {
    const families = inOrder.map(({ family }) => family.replace(/^conntrackd .*/, 'conntrackd'));
    expect(families.filter((family, at) => family !== families[at - 1])).toEqual([
      ...['table', 'connections', 'errors', 'composition', 'sockets', 'conntrackd'],
      ...['searches', 'expectations', 'cpus', 'collection'],
    ]);
  });

  it('have ids of their own, as the agent sees them and as they are documented', () => {
    const values = Object.fromEntries(metricsNamed(charts).map((metric) => [metric, 1]));
    const host = { scope: 'host', instance: '', labels: {}, values } as const;
    const named = (['cpu', 'daemon', 'cache', 'link', 'queue'] as const).flatMap((scope) =>
      INSTANCES[scope].map((instance) => ({ scope, instance: instance.slice(1), labels: {}, values })),
    );
    const text = new Emitter({ charts, source: '' }).render(0, [
      { module: 'any', every: 1, samples: [host, ...named, ...samples.sockets] },
    ]);
    const ids = [...text.matchAll(/^CHART (\S+)/gm)].map(([, id]) => id);
    expect(ids).toEqual([...new Set(ids)]);
    expect(ids.sort()).toEqual(charts.flatMap(idsOf).sort());
  });

  it('agree with every chart of the same context on scope, title, unit, type and dimensions', () => {
    for (const { context, scope, title, units, type, dimensions } of charts) {
      expect(byContext.get(context)).toMatchObject({ scope, title, units, type, dimensions });
    }
  });

  it.each(charts)(
    '$id of scope $scope has a well-formed id, context, title, unit and family',
    ({ id, context, contextBesideBuiltin = context, title, units, family }) => {
      expect(id).toMatch(/^[a-z][a-z0-9_]*$/);
      for (const one of [context, contextBesideBuiltin]) expect(one).toMatch(/^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/);
      expect(family).toMatch(/^[a-z][a-z0-9 ]*$/);
      for (const text of [title, units]) expect(text).toMatch(/^[^\s'"\\\p{C}](?:[^'"\\\p{C}]*[^\s'"\\\p{C}])?$/u);
    },
  );

  it.each(charts)(
    '$id of scope $scope has dimensions and variables of their own, with well-formed names',
    ({ dimensions, variables = [] }) => {
      const names = [...dimensions.map(({ id }) => id), ...variables.map(({ name }) => name)];
      expect(dimensions).not.toHaveLength(0);
      expect(names).toEqual([...new Set(names)]);
      for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
    },
  );

  it.each(charts)(
    '$id of scope $scope draws below the axis exactly what the built-in collector draws there, and what leaves a daemon',
    ({ dimensions }) => {
      const builtIn = [
        'ignore',
        'invalid',
        'deleted',
        'delete_list',
        'restarted',
        'insert_failed',
        'drop',
        'early_drop',
      ];
      const below = [...builtIn, 'destroyed', 'sent', 'send'];
      const drawn = dimensions.filter(({ multiplier }) => multiplier === -1);
      expect(drawn.map(({ id }) => id)).toEqual(dimensions.map(({ id }) => id).filter((id) => below.includes(id)));
    },
  );

  it.each(charts.filter(({ units }) => units.endsWith('/s')))(
    '$id of scope $scope sends rates in thousandths',
    ({ dimensions }) => {
      expect(dimensions.map(({ divisor }) => divisor)).toEqual(dimensions.map(() => 1000));
    },
  );
});

describe('what the modules return', () => {
  it('has a metric for every column of every kernel', () => {
    const metrics = columnsOf(COLUMNS, '').map(({ metric }) => metric);
    expect(new Set(metrics).size).toBe(COLUMNS.length - 1);
  });

  it.each(['host', 'tcp', 'udp', 'daemon', 'cache', 'link', 'queue'] as const)(
    'of scope %s is all drawn, or given to alerts',
    (scope) => {
      const named = metricsNamed(charts.filter((chart) => chart.scope === scope));
      expect(named).not.toHaveLength(0);
      expect(named).toEqual([...withOthers(allMetrics)[scope]].sort());
    },
  );

  it('holds all that is drawn of a CPU', () => {
    const named = metricsNamed(charts.filter(({ scope }) => scope === 'cpu'));
    expect([...allMetrics.cpu]).toEqual(expect.arrayContaining(named));
  });

  it.each([
    ['stat', 'host', allMetrics],
    ['events', 'host', fromEvents],
    ['flows', 'host', fromFlows],
    ['sockets', 'tcp', fromSockets],
    ['sockets', 'udp', fromSockets],
    ['conntrackd', 'daemon', fromDaemons],
    ['conntrackd', 'cache', fromDaemons],
    ['conntrackd', 'link', fromDaemons],
    ['conntrackd', 'queue', fromDaemons],
  ] as const)('holds all that the charts of the module %s name of scope %s', (name, of, metrics) => {
    const named = metricsNamed(charts.filter(({ module, scope }) => module === name && scope === of));
    expect(named).not.toHaveLength(0);
    expect([...metrics[of]]).toEqual(expect.arrayContaining(named));
  });

  it('has of two modules only what the kernel itself stopped counting', () => {
    const sinceThen = metricsOf(OLD_NAMES, '4.9.0').host;
    const both = [...allMetrics.host].filter((metric) => fromEvents.host.has(metric) || fromFlows.host.has(metric));
    expect(both.sort()).toEqual(['deleted', 'new']);
    expect(both.filter((metric) => sinceThen.has(metric))).toEqual([]);
  });
});

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
  events: { CAP_NET_ADMIN: [fromEvents] },
  flows: { CAP_NET_ADMIN: [fromFlows] },
  sockets: { [ALWAYS]: [fromSockets] },
  conntrackd: {
    'FTFW, ALARM or NOTRACK': await Promise.all(OVER_DATAGRAMS.map(metricsOfMode)),
    'The same with a TCP channel': [await metricsOfMode('notrack-tcp')],
    'NOTRACK without caches': [await metricsOfMode('notrack-no-caches')],
    Stats: [await metricsOfMode('stats')],
  },
};

describe('metadata.yaml', () => {
  it('is about this plugin', () => {
    const names = [metadata.plugin_name, ...metadata.modules.map(({ meta }) => meta.plugin_name)];
    expect([...new Set(names)]).toEqual(Object.keys(project.bin));
  });

  it('has the modules that charts come from', () => {
    const modules = metadata.modules.map(({ meta }) => meta.module_name);
    expect(modules).toEqual([...new Set(inOrder.map(({ module }) => module))]);
  });
});

describe.each(metadata.modules)(
  'metadata.yaml of module $meta.module_name',
  ({ meta, setup, metrics, alerts: documented }) => {
    const own = inOrder.filter(({ module }) => module === meta.module_name);

    it('has every chart with its title, unit, type and dimensions, in the order of the dashboard', () => {
      const found = metrics.scopes.flatMap((scope) =>
        scope.metrics.map((metric) => [
          scope.name,
          metric.name,
          metric.description,
          metric.unit,
          metric.chart_type,
          metric.dimensions.map(({ name }) => name),
        ]),
      );
      const drawn = scopes.flatMap((scope) =>
        own
          .filter((chart) => chart.scope === scope)
          .map(({ context, title, units, type, dimensions }) => [
            scope,
            context,
            title,
            units,
            type,
            dimensions.map(({ id }) => id),
          ]),
      );
      expect(found).toEqual(drawn);
    });

    it('has the labels that the charts of each scope have', () => {
      const returned = (samplesOf[meta.module_name] ?? []).map(({ scope, labels }) => [scope, Object.keys(labels)]);
      const inMetadata = metrics.scopes.map((scope) => [scope.name, scope.labels.map(({ name }) => name)]);
      expect(inMetadata).not.toHaveLength(0);
      expect(new Set(returned.map(String))).toEqual(new Set(inMetadata.map(String)));
    });

    it('says truly which charts there are under which condition', () => {
      const drawn = CONDITIONS[meta.module_name] ?? {};
      expect(drawn).not.toEqual({});
      expect(metrics.availability).toEqual(Object.keys(drawn).filter((condition) => condition !== ALWAYS));
      const documentedMetrics = metrics.scopes.flatMap((scope) => scope.metrics);
      for (const [condition, returned] of Object.entries(drawn)) {
        const available = documentedMetrics.filter(({ availability }) =>
          condition === ALWAYS ? availability.length === 0 : availability.includes(condition),
        );
        const names = available.map(({ name }) => name).sort();
        for (const one of returned) {
          const contexts = drawnOn(one, meta.module_name).map(({ context }) => context);
          expect(names).toEqual(contexts.sort());
        }
      }
    });

    it('has every alert on its charts with its context and its text', () => {
      expect(documented.map(({ name, metric, info }) => ({ name, metric, info }))).toEqual(
        alerts
          .map((alert) => ({ alert, chart: chartOf(alert) }))
          .filter(({ chart }) => chart?.module === meta.module_name)
          .map(({ alert, chart }) => ({ name: nameOf(alert), metric: chart?.context, info: alert['info'] })),
      );
    });

    it('links to the file that the alerts are in', () => {
      expect(documented.map(({ link }) => link)).toEqual(documented.map(() => 'health/conntrack.conf'));
    });

    it('names the configuration file', () => {
      expect(setup.configuration.file.name).toBe(CONFIG_FILE);
    });

    it('has every option of the plugin and of the module with its default', () => {
      const options = setup.configuration.options.list.map(({ name, default_value }) => [name, String(default_value)]);
      const others = metadata.modules.map((one) => one.meta.module_name).filter((name) => name !== meta.module_name);
      const isForeign = (key: string): boolean => others.some((name) => key.startsWith(`modules.${name}.`));
      expect(options).toEqual(defaults.filter(([key]) => !isForeign(key)));
    });

    it.each(setup.configuration.examples.list)('has an example "$name" that the collector accepts', ({ config }) => {
      expect(() => parseConfig('example', config)).not.toThrow();
    });
  },
);

const named = alerts.map((alert) => ({ name: nameOf(alert), alert }));

describe('the alerts', () => {
  it('have names of their own', () => {
    const names = alerts.map(nameOf);
    expect(names).toEqual([...new Set(names)]);
  });

  it.each(named)(
    '$name is named for what it is about: connection tracking, sockets, or conntrackd',
    ({ alert, name }) => {
      const abouts: Readonly<Record<string, string>> = {
        netfilter: 'conntrack',
        network_connections: 'sockets',
        conntrackd: 'conntrackd',
      };
      const [section = ''] = chartOf(alert)?.context.split('.') ?? [];
      const about = abouts[section];
      expect(name).toMatch(new RegExp(`^${about}_[a-z0-9_]+$`));
    },
  );

  it.each(named)('$name looks at a chart and a dimension that exist', ({ alert }) => {
    const dimensions = chartOf(alert)?.dimensions.map(({ id }) => id);
    expect(dimensions).toBeDefined();
    expect(dimensions).toEqual(expect.arrayContaining(dimensionsOf(alert['lookup'])));
  });

  it.each(named)('$name holds whatever context its chart has, and on no chart of another plugin', ({ alert }) => {
    const hasTwoContexts = chartOf(alert)?.contextBesideBuiltin !== undefined;
    expect('alarm' in alert).toBe(hasTwoContexts);
    expect(alert['plugin']).toBe(hasTwoContexts ? undefined : Object.keys(project.bin)[0]);
  });

  it.each(named)(
    '$name names only variables, dimensions and alerts of its chart, and the stock alert',
    ({ alert, name }) => {
      const { dimensions = [], variables = [] } = chartOf(alert) ?? {};
      const known = [
        ...dimensions.map(({ id }) => id),
        ...variables.map(({ name }) => name),
        ...alerts.filter((other) => other['on'] === alert['on'] && nameOf(other) !== name).map(nameOf),
        ...(name === 'conntrack_full' ? [STOCK_ALERT] : []),
      ];
      expect(known).toEqual(expect.arrayContaining(variablesOf(alert)));
    },
  );

  it.each(named)('$name comes from something: a lookup, or a calculation', ({ alert: { lookup, calc } }) => {
    expect([lookup, calc]).toContainEqual(expect.stringMatching(/\S/));
  });

  it.each(named)('$name is silent exactly when it is there for another one', ({ alert, name }) => {
    const isUsed = alerts.some((other) => variablesOf(other).includes(name));
    expect({ raised: isRaised(alert), to: alert['to'] }).toEqual({
      raised: !isUsed,
      to: isUsed ? 'silent' : expect.not.stringMatching(/^silent$/),
    });
  });
});

/** Every option with its default as an operator writes it, in the order of the schema. */
const defaults = flatten(v.parse(schema, {}));

describe('the configuration', () => {
  it('has a default for every key of the schema', () => {
    expect(defaults.map(([key]) => key)).toEqual(keysOf(schema));
  });

  it('has every key with its default in the stock file, commented out', () => {
    expect(parse(stockConfig)).toBeNull();
    expect(flatten(parse(uncomment(stockConfig)))).toEqual(defaults);
  });

  it('has a stock file that says the same with and without its comments', () => {
    expect(parseConfig('stock', uncomment(stockConfig))).toEqual(parseConfig('stock', stockConfig));
  });

  it('has a comment before every option in the stock file', () => {
    const lines = stockConfig.split('\n').map((line) => line.trim());
    for (const [at, line] of lines.entries()) {
      if (/^#[a-z]\w*: ?\S/.test(line)) expect([line, lines[at - 1]]).toEqual([line, expect.stringMatching(/^# \S/)]);
    }
  });
});

describe('README.md', () => {
  it('has every chart with its context, dimensions, unit and module, in the order of the dashboard', () => {
    const rows = tableAfter(readme, '## What you get').map((row) => [
      codeIn(cell(row, 'Chart')),
      codeIn(cell(row, 'Context')),
      codeIn(cell(row, 'Dimensions')),
      cell(row, 'Unit'),
      onlyCode(cell(row, 'Module')),
    ]);
    expect(rows).toEqual(
      inOrder.map((chart) => [
        idsOf(chart),
        contextsOf(chart),
        chart.dimensions.map(({ id }) => id),
        chart.units,
        chart.module,
      ]),
    );
  });

  it('has a line about every chart', () => {
    for (const row of tableAfter(readme, '## What you get')) expect(cell(row, 'What it tells you')).toMatch(/\S.*\.$/);
  });

  it('says truly what is drawn below the axis', () => {
    const [, text = ''] = /^Below the axis are drawn: (.*?)\.$/ms.exec(readme) ?? [];
    const below = charts.flatMap(({ dimensions }) => dimensions.filter(({ multiplier }) => multiplier === -1));
    expect(codeIn(text).sort()).toEqual([...new Set(below.map(({ id }) => id))].sort());
  });

  it('has every variable of a chart', () => {
    const rows = tableAfter(readme, 'Your own alerts can use these variables of the charts:');
    expect(rows.map((row) => [onlyCode(cell(row, 'Chart')), onlyCode(cell(row, 'Variable'))])).toEqual(
      charts.flatMap((chart) => (chart.variables ?? []).flatMap(({ name }) => idsOf(chart).map((id) => [id, name]))),
    );
  });

  it('has every state of a socket', () => {
    const rows = tableAfter(readme, "## Coming from Linuxfabrik's check");
    const named = rows.flatMap((row) => codeIn(cell(row, 'Dimension')));
    const drawn = charts.filter(({ module }) => module === 'sockets').flatMap(({ dimensions }) => dimensions);
    expect(named.sort()).toEqual(drawn.map(({ id }) => id).sort());
  });

  it('has every file that is read', async () => {
    const host = new RecordedHost({}, { perCpu: true });
    const open = vi.spyOn(host.volume, 'openSync');
    const eventVolume = new Volume();
    const ofEvents = vi.spyOn(eventVolume, 'openSync');
    eventSamples(eventVolume);
    const socketVolume = new Volume();
    const ofSockets = vi.spyOn(socketVolume, 'openSync');
    await socketSamples(socketVolume);
    host.collect(0);
    host.write(`${SETTINGS}count`, '1\n');
    host.stat(NAMES, zeros);
    for (const second of [60, 61]) host.collect(second);
    const rows = tableAfter(readme, '## Permissions and containers').flatMap((row) =>
      codeIn(cell(row, 'What it reads')),
    );
    const daemonVolume = listening('/var/run/conntrackd.ctl');
    const ofDaemons = vi.spyOn(daemonVolume, 'openSync');
    await askTheUsual(daemonVolume);
    const netlinkVolume = Volume.fromJSON({ '/sys/module/nf_conntrack/refcnt': '1\n' });
    const ofNetlink = vi.spyOn(netlinkVolume, 'openSync');
    const { ctnetlink: connect } = createAccess({
      fs: netlinkVolume,
      host: new Host(netlinkVolume, ''),
      library: '/nowhere',
    });
    expect(() => connect({ slots: 1, slotSize: 16 })).toThrow('/nowhere');
    const opened = [open, ofEvents, ofSockets, ofDaemons, ofNetlink].flatMap(({ mock }) =>
      mock.calls.map(([path]) => String(path)),
    );
    expect(rows.sort()).toEqual([...new Set(opened)].sort());
  });

  it('has every question that is asked over netlink, and every group that is joined', () => {
    const rows = tableAfter(readme, 'What it asks over netlink, and what it listens to:').map((row) =>
      onlyCode(cell(row, 'Message')),
    );
    const asked = new Set(Object.values(MESSAGES));
    expect(rows).toEqual([...asked, 'NFNLGRP_CONNTRACK_NEW', 'NFNLGRP_CONNTRACK_DESTROY']);
  });

  it('has every question that is asked of conntrackd', () => {
    const rows = tableAfter(readme, 'What it asks conntrackd:').map((row) => [
      onlyCode(cell(row, 'Request')),
      Number(cell(row, 'Code')),
    ]);
    expect(rows).toEqual(Object.entries(REQUESTS));
    expect(daemons.requests).toEqual(new Set(Object.keys(REQUESTS)));
  });

  it('says truly where conntrackd is looked for', async () => {
    const row = tableAfter(readme, '## Configuration').find(
      (option) => cell(option, 'Option') === '`modules.conntrackd.sockets`',
    );
    const [file = '', usual = ''] = codeIn(cell(row ?? {}, 'What it does')).filter((code) => code.startsWith('/'));
    expect((await askTheUsual(new Volume())).connected).toEqual(new Set([usual]));
    const volume = Volume.fromJSON({ [file]: 'General {\n  UNIX {\n    Path /run/edge.sock\n  }\n}\n' });
    expect((await askTheUsual(volume)).connected).toEqual(new Set(['/run/edge.sock']));
  });

  it('says truly what the basic mode draws', () => {
    const basic = charts.filter((chart) => chart.basic === true).flatMap(idsOf);
    const row = tableAfter(readme, '## Configuration').find((option) => cell(option, 'Option') === '`mode`') ?? {};
    expect(codeIn(cell(row, 'What it does')).filter((code) => code.startsWith('conntrack.'))).toEqual(basic);
  });

  it('says truly what is not drawn on which kernel', () => {
    const kernels = {
      '2.6.35 to 4.8': [metricsOf(OLD_NAMES, '2.6.35'), metricsOf(OLD_NAMES, '4.8.17')],
      '4.9 to 5.9': [metricsOf(OLD_NAMES, '4.9.0'), metricsOf(OLD_NAMES, '5.9.16')],
      '5.10 to 5.14': [metricsOf(NAMES_5_10, '5.10.0'), metricsOf(NAMES_5_10, '5.14.21')],
      '5.15 and later': [metricsOf(NAMES, '5.15.0'), metricsOf(NAMES, '6.18.0')],
    };
    const rows = tableAfter(readme, '## Which kernel counts what');
    expect(rows.map((row) => cell(row, 'Kernel'))).toEqual(Object.keys(kernels));
    for (const [at, releases] of Object.values(kernels).entries()) {
      const row = rows[at] ?? {};
      const never = codeIn(cell(row, 'Never drawn')).sort();
      const privileged = codeIn(cell(row, 'Drawn only with `CAP_NET_ADMIN`')).sort();
      for (const metrics of releases) {
        const all = notDrawn(withOthers(metrics), charts);
        expect(never).toEqual(all);
        const ofStat = charts.filter(({ module }) => module === 'stat');
        expect(privileged).toEqual(notDrawn(metrics, ofStat).filter((dimension) => !all.includes(dimension)));
      }
    }
  });

  it('has every alert with what it looks at and its thresholds', () => {
    const rows = tableAfter(readme, '## Alerts, and what to do').map((row) => ({
      template: onlyCode(cell(row, 'Alert')),
      on: codeIn(cell(row, 'Context')),
      of: codeIn(cell(row, 'Dimension')),
      lookup: cell(row, 'Looks at'),
      also: codeIn(cell(row, 'And at')),
      warn: cell(row, 'Warning'),
      crit: cell(row, 'Critical'),
      units: cell(row, 'Unit'),
    }));
    expect(rows).toEqual(
      alerts.map((alert) => {
        const { lookup, warn, crit, units } = alert;
        const chart = chartOf(alert);
        const drawn = new Set(chart?.dimensions.map(({ id }) => id));
        const named = variablesOf(alert);
        return {
          template: nameOf(alert),
          on: contextsOf(chart),
          of: [...dimensionsOf(lookup), ...named.filter((name) => drawn.has(name))],
          lookup: windowOf(lookup),
          also: named.filter((name) => !drawn.has(name)),
          warn: thresholdOf(warn),
          crit: thresholdOf(crit),
          units,
        };
      }),
    );
  });

  it('says for every alert that is raised what to do', () => {
    expect(headingsBelow(readme, '## Alerts, and what to do')).toEqual(alerts.filter(isRaised).map(nameOf));
  });

  it('has every option with its default', () => {
    const rows = tableAfter(readme, '## Configuration').map((row) => [
      onlyCode(cell(row, 'Option')),
      onlyCode(cell(row, 'Default')).replace('""', ''),
    ]);
    expect(rows).toEqual(defaults);
  });

  it('says for every option what is allowed, in the words of the collector', () => {
    for (const row of tableAfter(readme, '## Configuration')) {
      const option = onlyCode(cell(row, 'Option'));
      const text = `${option}: expected ${cell(row, 'Allowed').replaceAll('`', '')}, got -5`;
      const refusal = new ConfigError('wrong', [{ line: 1, text }]);
      expect(() => parseConfig('wrong', nest(option, '-5'))).toThrow(refusal);
    }
  });

  it.each(codeBlocks(readme, 'yaml'))('has an example that the collector accepts: %j', (config) => {
    expect(() => parseConfig('example', config)).not.toThrow();
  });

  it('has every word of the command line', () => {
    const inReadme = tableAfter(readme, '### Command line').map((row) => onlyCode(cell(row, 'Option')));
    const inHelp = [...HELP.matchAll(/^ {2}(\S+(?: [A-Z]+)?) {2,}\S/gm)].map(([, option]) => option);
    const [usage = ''] = HELP.split('\n\n');
    const inUsage = usage.matchAll(/(?<=conntrack\.plugin |\[|\| )[a-z]+\b|INTERVAL|--[a-z]+(?: [A-Z]+)?/g);
    expect(inReadme).toEqual(inHelp);
    expect(new Set(inReadme)).toEqual(new Set([...inUsage].map(([word]) => word)));
  });

  it('has only words of the command line that the collector accepts', () => {
    for (const row of tableAfter(readme, '### Command line')) {
      const words = onlyCode(cell(row, 'Option'))
        .replace(/[A-Z]+$/, '5')
        .split(' ');
      const command = words.includes('--json') ? ['check'] : [];
      expect(() => parseCommandLine([...command, ...words])).not.toThrow();
    }
  });

  it('has every variable of the environment that is read', () => {
    const names = new Set<string>();
    const get = (_target: object, name: string | symbol): undefined => void names.add(String(name));
    readEnvironment(new Proxy({}, { get }));
    const rows = tableAfter(readme, '### Environment').map((row) => onlyCode(cell(row, 'Variable')));
    expect(rows.sort()).toEqual([...names].sort());
  });

  it('quotes the log as the collector writes it', () => {
    const source = sourceText();
    for (const message of quotedMessages()) {
      const [head = '', ...rest] = message.split(': ');
      const isPutTogether = source.includes(`\`${head}: \${`) && source.includes(`'${rest.join(': ')}'`);
      const isOfAttempts = rest.join() === '…' && source.includes(`lost: '${head}'`);
      const isThere = asPattern(message, '\\$\\{[^}]+\\}').test(source);
      expect([message, isThere || isPutTogether || isOfAttempts]).toEqual([message, true]);
    }
  });

  it('quotes everything that the collector logs', () => {
    const quoted = quotedMessages();
    const logged = loggedMessages();
    expect(logged.length).toBeGreaterThan(30);
    const isQuoted = (message: string): boolean =>
      quoted.some((one) => message.startsWith(one) || asPattern(`^${message}$`, '.+').test(one));
    expect(logged.filter((message) => !isQuoted(message))).toEqual([]);
  });

  it('has every problem of a module with its code and message, in the order of the table', () => {
    const rows = tableAfter(readme, 'The problem in such a line:');
    const documented = rows.map((row) => [onlyCode(cell(row, 'Code')), onlyCode(cell(row, 'Message'))]);
    const all = Object.entries(PROBLEMS).map(([code, { message }]) => [code, message.replace('{detail}', '…')]);
    expect(documented).toEqual(all);
  });

  it('has every group of tests', () => {
    const rows = tableAfter(readme, '### Tests').map((row) => onlyCode(cell(row, 'Group')));
    expect(rows).toEqual(['unit', ...GROUPS]);
  });

  it('has its two commands in blocks of their own', () => {
    const blocks = codeBlocks(readme, 'bash').map((block) => block.trim());
    expect(blocks).toEqual(expect.arrayContaining(['npm ci && npm start', 'npm ci && npm test']));
  });

  it('names only scripts that there are', () => {
    const named = [...readme.matchAll(/npm (?:run (\w+)|(start|test))/g)].map(
      ([, script, shorthand]) => script ?? shorthand,
    );
    expect(named).not.toHaveLength(0);
    expect(Object.keys(project.scripts)).toEqual(expect.arrayContaining(named));
  });

  it('links only to files and headings that there are', () => {
    const links = [...readme.matchAll(/(?<!!)\[[^\]]*\]\(([^)]+)\)/g)].map(([, target]) => target ?? '');
    const headings = anchorsIn(readme);
    const isThere = (link: string): boolean =>
      link.startsWith('#') ? headings.includes(link) : existsSync(new URL(link, ROOT));
    expect(links.filter((link) => !isThere(link))).toEqual([]);
  });

  it('names only folders that there are', () => {
    const folders = tableAfter(readme, '### Layout').map((row) => onlyCode(cell(row, 'Folder')));
    const missing = folders.filter((folder) => folder !== 'dist/' && !existsSync(new URL(folder, ROOT)));
    expect(missing).toEqual([]);
  });

  it('names the licence', () => {
    expect(readme).toContain(`${project.license}, see [LICENSE]`);
  });
});

describe.each(['README.md', 'metadata.yaml', 'CHANGELOG.md'])('%s', (name) => {
  it('names only charts, contexts and alerts that there are', () => {
    const known = [
      ...charts.flatMap((chart) => [...idsOf(chart), ...contextsOf(chart)]),
      ...alerts.map(nameOf),
      ...['conntrack.plugin', 'conntrack.cjs', CONFIG_FILE],
      ...['conntrackd.conf', 'conntrackd.service', 'conntrackd.ctl', 'conntrackd.sock'],
      ...Object.keys(PROBLEMS),
    ];
    const named = codeIn(read(name)).filter((code) =>
      /^(?:(?:netfilter|network_connections|conntrackd)\.\w+|conntrack[._][a-z_]+[A-Z6]*|(?:sockets|conntrackd)_\w+)$/.test(
        code,
      ),
    );
    expect(named.filter((code) => !known.includes(code))).toEqual([]);
  });
});

describe('CHANGELOG.md', () => {
  it('has an entry for what is not released yet, or for the version', () => {
    const entries = [...read('CHANGELOG.md').matchAll(/^## \[([^\]]+)\]/gm)].map(([, entry]) => entry);
    expect(['Unreleased', project.version]).toContain(entries[0]);
  });

  it('names every alert', () => {
    expect(codeIn(read('CHANGELOG.md'))).toEqual(expect.arrayContaining(alerts.map(nameOf)));
  });
});

/** What is returned of a daemon in a mode. */
async function metricsOfMode(mode: (typeof RECORDED_MODES)[number]): Promise<Metrics> {
  return metricsIn((await askModes([mode])).samples);
}

/** What a kernel returns of its statistics when a second has gone by. */
function statSamples(): readonly Sample[] {
  const host = new RecordedHost({}, { perCpu: true });
  host.stat(NAMES, zeros);
  host.collect(0);
  return host.collect(1);
}

/** The dimensions of the host's charts among `some` that are not drawn, each as chart and dimension. */
function notDrawn(metrics: Metrics, some: readonly Chart[]): string[] {
  return some
    .filter(({ scope }) => scope === 'host')
    .flatMap((chart) =>
      chart.dimensions.filter(({ metric }) => !metrics.host.has(metric)).map(({ id }) => `${chart.id}.${id}`),
    )
    .sort();
}

/** The messages of the log that README.md explains. What stands in place of `…` differs from line to line. */
function quotedMessages(): string[] {
  return tableAfter(readme, '## Troubleshooting').map((row) => onlyCode(cell(row, 'Message')));
}

/** The messages in the source that are logged, except problems of modules and what only a debugger reads. */
function loggedMessages(): string[] {
  const before = [
    String.raw`\.enter\([^,]+,[^,]+,`,
    String.raw`\bconst (?:message|text) =`,
    String.raw`\.(?:leave|works)\(`,
    String.raw`\b(?:back|repaced):`,
    String.raw`\blog\.(?:info|notice|warning|error)\(`,
  ];
  const literal = new RegExp(String.raw`(?:${before.join('|')})\s*["'\`](.*?)["'\`](?=[,;)\n])`, 'g');
  const source = sourceText();
  return [
    ...[...source.matchAll(/\blost: '(.*?)'/g)].map(([, lost]) => `${lost}: …`),
    ...[...source.matchAll(literal)].map(([, text = '']) => text.replaceAll(/\$\{[^}]+\}/g, '…')),
  ];
}

/** A text as a regular expression, with `gap` in place of each `…`, and of `^` and `$` at its ends what they mean. */
function asPattern(text: string, gap: string): RegExp {
  const [, start = '', body = '', end = ''] = /^(\^?)(.*?)(\$?)$/s.exec(text) ?? [];
  const escaped = body.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`${start}${escaped.replaceAll('…', gap)}${end}`);
}

/** The source of what logs, with texts that are written over several lines joined; what `check` and `show` print is no log. */
function sourceText(): string {
  return sourceFiles().join('\n');
}

function sourceFiles(): string[] {
  const names = readdirSync(new URL('collector/', ROOT), { encoding: 'utf8', recursive: true });
  const files = names.filter(
    (name) => name.endsWith('.ts') && !/^(?:check|terminal)\/|(?:^|\/)node_modules\//.test(name),
  );
  return files.map((name) => read(`collector/${name}`).replaceAll(/["'`]\s*\+\s*["'`]/g, ''));
}
