/** What metadata.yaml repeats: charts, alerts, options and functions. The rest of the file, written by hand, is left alone. */

import { type Document, isMap, isScalar, isSeq, parseDocument, type YAMLMap } from 'yaml';

import type { Chart } from '../../charts/types.ts';
import { chartOf, chartsInOrder } from './charts.ts';
import { functionEntries } from './functions.ts';
import { type Alert, nameOf } from './health.ts';
import { type Option, options, written } from './options.ts';

const HEALTH = 'health/conntrack.conf';
/** The module that metadata.yaml describes functions with: like them, it reads the table. */
const OF_FUNCTIONS = 'flows';

/** The module of an option; `undefined` for the options of the whole plugin. */
const moduleOf = ({ name }: Option): string | undefined =>
  /^(?:modules\.(?=\w+\.)|(?=namespaces\.))(\w+)/.exec(name)?.[1];

/**
 * The file with its current charts, alerts and options.
 *
 * @param descriptions of the options, by name.
 * @throws {Error} if it does not have the structure that Netdata requires.
 */
export function updateMetadata(
  text: string,
  alerts: readonly Alert[],
  descriptions: ReadonlyMap<string, string>,
): string {
  // Netdata reads YAML 1.1, where `no` is a boolean.
  const document = parseDocument(text, { compat: 'yaml-1.1' });
  for (const module of mapsIn(document, 'modules')) {
    const name = textOf(module, ['meta', 'module_name']);
    const own = chartsInOrder.filter((chart) => chart.module === name);
    const onOwn = alerts.filter((alert) => chartOf(alert)?.module === name);
    const ofModule = options.filter((option) => [undefined, name].includes(moduleOf(option)));
    module.set('alerts', document.createNode(onOwn.map(alertEntry)));
    const list = ofModule.map((option) => optionEntry(option, descriptions.get(option.name) ?? ''));
    module.setIn(['setup', 'configuration', 'options', 'list'], document.createNode(list));
    for (const scope of mapsIn(module, 'metrics', 'scopes')) updateScope(document, scope, own);
    if (name === OF_FUNCTIONS) updateFunctions(document, mapsIn(module, 'functions', 'list'));
  }
  return document.toString({ lineWidth: 0 });
}

/** Written by hand: when a chart is available, which modules know only when they run. */
function updateScope(document: Document, scope: YAMLMap, own: readonly Chart[]): void {
  const availability = new Map(
    mapsIn(scope, 'metrics').map((metric) => [textOf(metric, ['name']), metric.get('availability', true)]),
  );
  const charts = own.filter((chart) => chart.scope === textOf(scope, ['name']));
  const entries = charts.map(({ context, dimensions, title, type, units }) => ({
    name: context,
    availability: availability.get(context) ?? [],
    description: title,
    unit: units,
    chart_type: type,
    dimensions: dimensions.map(({ id }) => ({ name: id })),
  }));
  scope.set('metrics', document.createNode(entries));
}

/** What a function returns and costs is written by hand. */
function updateFunctions(document: Document, list: readonly YAMLMap[]): void {
  const found = list.map((one) => textOf(one, ['id']));
  const wanted = functionEntries.map(({ id }) => id);
  if (found.join() !== wanted.join()) {
    throw new Error(`metadata.yaml: found the functions [${found.join(', ')}], expected [${wanted.join(', ')}]`);
  }
  for (const [place, { id: _id, ...entry }] of functionEntries.entries()) {
    for (const [key, value] of Object.entries(entry)) list[place]?.set(key, document.createNode(value));
  }
}

function alertEntry(alert: Alert): object {
  return { name: nameOf(alert), link: HEALTH, metric: chartOf(alert)?.context, info: alert['info'] };
}

/** The first sentence of a description; a table has no space for more. */
function optionEntry(option: Option, text: string): object {
  const [, first = text, rest = ''] = /^(.*?\.)(?: (.*))?$/s.exec(text) ?? [];
  const value = option.default;
  return {
    name: option.name,
    description: first,
    detailed_description: `${rest === '' ? '' : `${rest} `}Allowed: ${option.allowed}.`,
    default_value: typeof value === 'number' || value === '' ? value : written(value),
    required: false,
  };
}

/** The mappings of the list at a path. */
function mapsIn(node: Pick<YAMLMap, 'getIn'>, ...path: readonly string[]): YAMLMap[] {
  const list = node.getIn(path, true);
  if (!isSeq(list) || !list.items.every(isMap))
    throw new Error(`metadata.yaml: no list of mappings at ${path.join('.')}`);
  return list.items.filter(isMap);
}

function textOf(node: YAMLMap, path: readonly string[]): string {
  const value = node.getIn(path, true);
  if (!isScalar(value) || typeof value.value !== 'string')
    throw new Error(`metadata.yaml: no text at ${path.join('.')}`);
  return value.value;
}
