/** Reads Netdata's health configuration, and puts its lookups and thresholds into words. */

/** An alert: every key of it with its value. */
export type Alert = Readonly<Record<string, string>>;

/** What an expression can name besides the variables of the chart. */
const BUILT_IN = new Set(['this', 'status', 'WARNING', 'CRITICAL']);
/** The condition that there is no stock alert for the same, by its names in agents 2 and 1.37. */
const NO_STOCK_ALERT = /^!\(\$(\w+) >= 0\) AND !\(\$(?:\w+\.)+\1 >= 0\) AND (.*)$/;

/** The alerts of a file, in its order; each begins with `template` or `alarm`. */
export function parseHealth(text: string): Alert[] {
  const alerts: Record<string, string>[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, key, value] = /^\s*([a-z][a-z ]*):\s*(.*?)\s*$/.exec(line) ?? [];
    if (key === undefined || value === undefined) throw new Error(`not a line of an alert: ${JSON.stringify(line)}`);
    if (key === 'template' || key === 'alarm') alerts.push({});
    const alert = alerts.at(-1);
    if (alert === undefined) throw new Error(`before the first alert: ${JSON.stringify(line)}`);
    if (key in alert) throw new Error(`${key} twice in one alert`);
    alert[key] = value;
  }
  return alerts;
}

/** The name of an alert, whether it is tied to a context or to one chart. */
export function nameOf({ template, alarm = '' }: Alert): string {
  return template ?? alarm;
}

/** The alerts, each name once: an alert on a chart with two contexts can have a template for each. */
export function distinctAlerts(alerts: readonly Alert[]): Alert[] {
  return alerts.filter((alert, at) => alerts.findIndex((other) => nameOf(other) === nameOf(alert)) === at);
}

/** Whether an alert can be raised; one that cannot is an input of others. */
export function isRaised({ warn, crit }: Alert): boolean {
  return warn !== undefined || crit !== undefined;
}

/** The dimensions that a lookup is of. */
export function dimensionsOf(lookup: Alert[string] = ''): string[] {
  const [, list] = / of (.+)$/.exec(lookup) ?? [];
  return list?.split(/[ ,]+/) ?? [];
}

/** The variables that an alert names, each once, in their order; one of another chart without the chart. */
export function variablesOf({ calc = '', warn = '', crit = '' }: Alert): string[] {
  const named = [...`${calc} ${warn} ${crit}`.matchAll(/\$(?:\w+\.)*(\w+)/g)].map(([, name]) => name ?? '');
  return [...new Set(named)].filter((name) => !BUILT_IN.has(name));
}

/** `average -5m …` in words: `average of 5 min`; without a lookup, `latest`. */
export function windowOf(lookup: Alert[string] | undefined): string {
  if (lookup === undefined) return 'latest';
  const [, method = '', count, unit = '', before, beforeUnit = ''] =
    /^(\w+) -(\d+)([smhd]) (?:at -(\d+)([smhd]) )?unaligned (?:absolute )?of /.exec(lookup) ?? [];
  const name = { max: 'highest', min: 'lowest', average: 'average' }[method];
  const units: Readonly<Record<string, string>> = { s: 's', m: 'min', h: 'h', d: 'd' };
  return `${name} of ${count} ${units[unit]}${before === undefined ? '' : `, ${before} ${units[beforeUnit]} ago`}`;
}

/**
 * `$this > ((…) ? (85) : (90))` in words: `above 90, until 85`, and a state as ``is 0, while `name` is 1``. A condition
 * follows: ``above 90, until 85, while `name` is above 50``. So does a share that is added to both numbers, with its
 * limit: ``above 90, until 85, each plus `name` / 20, at most 200``.
 *
 * @throws {Error} when the expression is of another form.
 */
export function thresholdOf(expression: string | undefined): string {
  if (expression === undefined) return '–';
  const [isState, state, other, of] = /^\$this == (\d+)(?: AND \$(\w+) == (\d+))?$/.exec(expression) ?? [];
  if (isState !== undefined) return `is ${state}${other === undefined ? '' : `, while \`${other}\` is ${of}`}`;
  const [condition, rest] = conditionOf(expression);
  const [share, bare] = shareOf(rest);
  const [, plainSign = '', plain] = /^\$this ([<>]) ([\d.]+)$/.exec(bare) ?? [];
  const [, sign = plainSign, until, from = plain] =
    /^\$this ([<>]) \(\(\$status [>=]= \$[A-Z]+\)\s*\?\s*\(([\d.]+)\)\s*:\s*\(([\d.]+)\)\)$/.exec(bare) ?? [];
  if (from === undefined) throw new Error(`not a threshold: ${JSON.stringify(expression)}`);
  const side = { '>': 'above', '<': 'below' }[sign];
  const hysteresis = until === undefined ? '' : `, until ${until}`;
  return `${side} ${from}${hysteresis}${share}${condition}`;
}

/** The condition besides a threshold, in words, and the expression without it. */
function conditionOf(expression: string): [string, string] {
  const [, stock, afterStock] = NO_STOCK_ALERT.exec(expression) ?? [];
  if (afterStock !== undefined) return [`, while there is no \`${stock}\``, afterStock];
  const [, above, least, afterLeast] = /^\$(\w+) > ([\d.]+) AND (\$this .*)$/.exec(expression) ?? [];
  if (afterLeast !== undefined) return [`, while \`${above}\` is above ${least}`, afterLeast];
  const [, usual, afterUsual] = /^!\(\$(\w+) >= \(\$this \/ 2\)\) AND (\$this .*)$/.exec(expression) ?? [];
  if (afterUsual !== undefined) return [`, unless \`${usual}\` is at least half of it`, afterUsual];
  const [, below, afterHalf] = /^\$(\w+) < \(\$this \/ 2\) AND (\$this .*)$/.exec(expression) ?? [];
  return afterHalf === undefined ? ['', expression] : [`, while \`${below}\` is below half of it`, afterHalf];
}

/** What is added to both numbers of a threshold, in words, and the expression without it. */
function shareOf(expression: string): [string, string] {
  const [, most = '', limit, plain] = /\(\(\$\w+ > (\d+)\) \? \((\d+)\) : (\(\$\w+ \/ \d+\))\)/.exec(expression) ?? [];
  const unlimited =
    plain === undefined ? expression : expression.replace(/\(\(\$\w+ > \d+\) \? \(\d+\) : (\(.*?\))\)/, '$1');
  const [, compared, numbers, added, divisor] =
    /^(\$this [<>]) \((.+) \+ \(\$(\w+) \/ (\d+)\)\)$/.exec(unlimited) ?? [];
  if (added === undefined) return ['', expression];
  if (limit !== undefined && Number(most) / Number(divisor) !== Number(limit)) {
    throw new Error(`the limit of a share differs from the share at its bound: ${JSON.stringify(expression)}`);
  }
  return [
    `, each plus \`${added}\` / ${divisor}${limit === undefined ? '' : `, at most ${limit}`}`,
    `${compared} ${numbers}`,
  ];
}
