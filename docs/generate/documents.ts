/** Every file that is generated, as a whole or in parts. */

import { HELP } from '../../collector/commands/help.ts';
import { inputAlertTable, raisedAlertTable } from './alerts.ts';
import { chartTables, dimensionsBelowAxis, variableTable } from './charts.ts';
import { type Costs, costTables } from './cost.ts';
import { functionSections, functionTable } from './functions.ts';
import { distinctAlerts, parseHealth } from './health.ts';
import { jsonSchema } from './json_schema.ts';
import { codes, fillRegions, table } from './markdown.ts';
import { updateMetadata } from './metadata.ts';
import { options, written } from './options.ts';
import { problemTable } from './problems.ts';
import { descriptionsIn, updateStock } from './stock.ts';

const STOCK = 'collector/conntrack.conf';

/**
 * The files as they should be, by path.
 *
 * @param read returns a file of the project.
 * @throws {Error} if a file lacks a place for what is generated.
 */
export function documents(read: (path: string) => string): ReadonlyMap<string, string> {
  const stock = updateStock(read(STOCK), options);
  const descriptions = descriptionsIn(stock);
  const alerts = distinctAlerts(parseHealth(read('health/conntrack.conf')));
  const costs: Costs = JSON.parse(read('docs/cost.json'));
  const pages: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'docs/alerts.md': { alerts: raisedAlertTable(alerts), 'alert-inputs': inputAlertTable(alerts) },
    'docs/charts.md': { charts: chartTables(), 'below-axis': dimensionsBelowAxis(), variables: variableTable() },
    'docs/cost.md': { cost: costTables(costs) },
    'docs/functions.md': { functions: functionTable(), arguments: functionSections() },
    'docs/troubleshooting.md': { problems: problemTable() },
    'docs/configuration.md': { options: optionTable(descriptions), help: `\`\`\`text\n${HELP}\`\`\`\n` },
  };
  return new Map([
    [STOCK, stock],
    ['metadata.yaml', updateMetadata(read('metadata.yaml'), alerts, descriptions)],
    ['docs/conntrack.schema.json', jsonSchema(descriptions)],
    ...Object.entries(pages).map(([page, regions]) => [page, fillRegions(page, read(page), regions)] as const),
  ]);
}

function optionTable(descriptions: ReadonlyMap<string, string>): string {
  return table(
    ['Option', 'Default', 'Allowed', 'Description'],
    options.map(({ name, allowed, default: value }) => [
      codes([name]),
      codes([written(value)]),
      allowed,
      descriptions.get(name) ?? '',
    ]),
  );
}
