import { describe, expect, it } from 'vitest';

import {
  dimensionsOf,
  distinctAlerts,
  isRaised,
  parseHealth,
  thresholdOf,
  variablesOf,
  windowOf,
} from '../../docs/generate/health.ts';

const TEXT = `# A comment.

 template: table_full
       on: netfilter.conntrack_utilization
   lookup: max -1m unaligned of used, free
     calc: $this / $limit
     warn: $this > (($status >= $WARNING)  ? (85) : (90))

 template: table_before
     info: With a colon: and more
`;

describe('parseHealth', () => {
  it('returns each alert with its keys, in the order of the file', () => {
    expect(parseHealth(TEXT)).toEqual([
      {
        template: 'table_full',
        on: 'netfilter.conntrack_utilization',
        lookup: 'max -1m unaligned of used, free',
        calc: '$this / $limit',
        warn: '$this > (($status >= $WARNING)  ? (85) : (90))',
      },
      { template: 'table_before', info: 'With a colon: and more' },
    ]);
  });

  it.each([
    ['template table_full', 'not a line of an alert: "template table_full"'],
    ['on: system.cpu', 'before the first alert: "on: system.cpu"'],
    ['template: a\non: b\non: c', 'on twice in one alert'],
  ])('refuses %j', (text, message) => {
    expect(() => parseHealth(text)).toThrow(message);
  });
});

describe('distinctAlerts', () => {
  it('returns the first alert of each name, in the order of the file', () => {
    const alerts = [{ template: 'b', on: 'x' }, { alarm: 'a' }, { template: 'b', on: 'y' }, { template: 'c' }];
    expect(distinctAlerts(alerts)).toEqual([{ template: 'b', on: 'x' }, { alarm: 'a' }, { template: 'c' }]);
  });
});

describe('an alert', () => {
  const [full = {}, before = {}] = parseHealth(TEXT);

  it('has the dimensions of its lookup', () => {
    expect(dimensionsOf(full['lookup'])).toEqual(['used', 'free']);
    expect(dimensionsOf(before['lookup'])).toEqual([]);
  });

  it('has the variables that its expressions name, except those that Netdata provides', () => {
    expect(variablesOf(full)).toEqual(['limit']);
  });

  it('cannot be raised without a threshold', () => {
    expect([isRaised(full), isRaised(before)]).toEqual([true, false]);
  });

  it.each([
    [undefined, 'latest'],
    ['average -5m unaligned absolute of drop', 'average of 5 min'],
    ['max -30s unaligned of up', 'highest of 30 s'],
    ['min -1d at -2d unaligned of close_wait', 'lowest of 1 d, 2 d ago'],
  ])('with the lookup %j covers "%s"', (lookup, words) => {
    expect(windowOf(lookup)).toBe(words);
  });

  it.each([
    [undefined, '–'],
    ['$this > 7', 'above 7'],
    ['$this < (($status >= $WARNING)  ? (150) : (120))', 'below 120, until 150'],
    ['$this == 0 AND $role_active == 1', 'is 0, while `role_active` is 1'],
    [
      '$utilization > 50 AND $this > (($status >= $WARNING) ? (60) : (75))',
      'above 75, until 60, while `utilization` is above 50',
    ],
    ['$usual < ($this / 2) AND $this > 100', 'above 100, while `usual` is below half of it'],
    ['!($usual >= ($this / 2)) AND $this > 5', 'above 5, unless `usual` is at least half of it'],
    ['!($stock >= 0) AND !($net.table.stock >= 0) AND $this > 7', 'above 7, while there is no `stock`'],
    [
      '$this > ((($status >= $WARNING) ? (10) : (20)) + (($established > 4000) ? (200) : ($established / 20)))',
      'above 20, until 10, each plus `established` / 20, at most 200',
    ],
  ])('with the expression %j has the threshold "%s"', (expression, words) => {
    expect(thresholdOf(expression)).toBe(words);
  });

  it.each([
    '$this != 3',
    '$this > ((($status >= $WARNING) ? (10) : (20)) + (($established > 4000) ? (100) : ($established / 20)))',
  ])('with the expression %j is refused', (expression) => {
    expect(() => thresholdOf(expression)).toThrow(JSON.stringify(expression));
  });
});
