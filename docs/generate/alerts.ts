/** What docs/alerts.md says about the alerts, from `health/conntrack.conf`. */

import { charts } from '../../charts/index.ts';
import { type Alert, dimensionsOf, isRaised, thresholdOf, variablesOf, windowOf } from './health.ts';
import { codes, table } from './markdown.ts';

/** The alerts that can be raised, each linked to the section that says what to do. */
export function raisedAlertTable(alerts: readonly Alert[]): string {
  return table(
    ['Alert', 'Context', 'Dimensions', 'Over', 'Also uses', 'Warning', 'Critical', 'Unit'],
    alerts.filter(isRaised).map((alert) => {
      const { template = '', on = '', lookup, warn, crit, units = '' } = alert;
      const drawn = dimensionsOn(on);
      const named = variablesOf(alert);
      return [
        `[\`${template}\`](#${template})`,
        codes([on]),
        codes([...dimensionsOf(lookup), ...named.filter((name) => drawn.has(name))]),
        windowOf(lookup),
        codes(named.filter((name) => !drawn.has(name))),
        thresholdOf(warn),
        thresholdOf(crit),
        units,
      ];
    }),
  );
}

/** The alerts that are never raised, each with the alerts that use its value. */
export function inputAlertTable(alerts: readonly Alert[]): string {
  return table(
    ['Alert', 'Context', 'Dimensions', 'Over', 'Unit', 'Used by'],
    alerts
      .filter((alert) => !isRaised(alert))
      .map(({ template = '', on = '', lookup, units = '' }) => {
        const users = alerts.filter((other) => variablesOf(other).includes(template));
        return [
          codes([template]),
          codes([on]),
          codes(dimensionsOf(lookup)),
          windowOf(lookup),
          units,
          codes(users.map((user) => user['template'] ?? '')),
        ];
      }),
  );
}

function dimensionsOn(context: string): ReadonlySet<string> {
  const chart = charts.find((one) => one.context === context);
  return new Set(chart?.dimensions.map(({ id }) => id));
}
