/** What docs/alerts.md says about the alerts, from `health/conntrack.conf`. */

import { chartOf, contextsOf } from './charts.ts';
import { type Alert, dimensionsOf, isRaised, nameOf, thresholdOf, variablesOf, windowOf } from './health.ts';
import { codes, table } from './markdown.ts';

/** The alerts that can be raised, each linked to the section that says what to do. */
export function raisedAlertTable(alerts: readonly Alert[]): string {
  return table(
    ['Alert', 'Context', 'Dimensions', 'Over', 'Also uses', 'Warning', 'Critical', 'Unit'],
    alerts.filter(isRaised).map((alert) => {
      const { lookup, warn, crit, units = '' } = alert;
      const name = nameOf(alert);
      const charted = new Set(chartOf(alert)?.dimensions.map(({ id }) => id));
      const named = variablesOf(alert);
      return [
        `[\`${name}\`](#${name})`,
        contextsIn(alert),
        codes([...dimensionsOf(lookup), ...named.filter((name) => charted.has(name))]),
        windowOf(lookup),
        codes(named.filter((name) => !charted.has(name))),
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
      .map((alert) => {
        const { lookup, units = '' } = alert;
        const users = alerts.filter((other) => variablesOf(other).includes(nameOf(alert)));
        return [
          codes([nameOf(alert)]),
          contextsIn(alert),
          codes(dimensionsOf(lookup)),
          windowOf(lookup),
          units,
          codes(users.map(nameOf)),
        ];
      }),
  );
}

function contextsIn(alert: Alert): string {
  const chart = chartOf(alert);
  return codes(chart === undefined ? [] : contextsOf(chart));
}
