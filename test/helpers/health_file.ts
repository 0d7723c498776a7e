/** Reads Netdata's health configuration as far as a test compares it, and says it in the README's words. */

/** An alert: every key of it with its value. */
export type Alert = Readonly<Record<string, string>>;

/** The alerts of a file, in its order; each begins with `template` or `alarm`. */
export function parseHealth(text: string): Alert[] {
  const alerts: Record<string, string>[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, key, value] = /^\s*([a-z][a-z ]*):\s*(.*?)\s*$/.exec(line) ?? [];
    if (key === undefined || value === undefined) throw new Error(`no line of an alert: ${JSON.stringify(line)}`);
    if (key === 'template' || key === 'alarm') alerts.push({});
    const alert = alerts.at(-1);
    if (alert === undefined) throw new Error(`before the first alert: ${JSON.stringify(line)}`);
    if (key in alert) throw new Error(`${key} twice in one alert`);
    alert[key] = value;
  }
  return alerts;
}

/** The dimensions that a lookup is of. */
export function dimensionsOf(lookup: Alert[string] = ''): string[] {
  const [, list] = / of (.+)$/.exec(lookup) ?? [];
  return list?.split(/[ ,]+/) ?? [];
}

/** `average -5m …` as the README says it: `average of 5 min`. */
export function windowOf(lookup: Alert[string] = ''): string {
  const [, method = '', count, unit = ''] = /^(\w+) -(\d+)([sm]) /.exec(lookup) ?? [];
  const name = { max: 'highest', average: 'average' }[method];
  return `${name} of ${count} ${{ s: 's', m: 'min' }[unit]}`;
}

/** `$this > ((…) ? (85) : (90))` as the README says it: `90, until 85`. */
export function thresholdOf(expression: string | undefined): string {
  if (expression === undefined) return '–';
  const [, plain] = /^\$this > ([\d.]+)$/.exec(expression) ?? [];
  const [, until, above] = /^\$this > \(.*\?\s*\(([\d.]+)\)\s*:\s*\(([\d.]+)\)\)$/.exec(expression) ?? [];
  return plain ?? `${above}, until ${until}`;
}
