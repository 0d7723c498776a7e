import { expect, it } from 'vitest';

import { namespaceFacts } from '../../collector/check/namespace_facts.ts';
import type { NamespaceEntry, NamespacesSection } from '../../collector/check/report.ts';

const BLUE: NamespaceEntry = {
  name: 'blue',
  labels: { netns: 'blue', container: '1a2b', pod: 'c0ffee' },
  path: '/run/netns/blue',
  pid: 7,
  read_through: 'process',
  via: 'process 7 (dnsmasq)',
  entries: 1234,
  choice: 'included',
};

function section(listed: readonly NamespaceEntry[], changes: Partial<NamespacesSection> = {}): NamespacesSection {
  const found = listed.length;
  return { enabled: 'auto', found, readable: found, active: 1, hidden: 0, listed, findings: [], ...changes };
}

it('network namespaces have a summary, and a line each that says how it is read', () => {
  const red: NamespaceEntry = {
    ...BLUE,
    name: 'red',
    read_through: 'path',
    via: '/run/netns/red',
    choice: 'automatic',
  };
  const { entries: _, via: __, ...unreadable } = BLUE;
  const green: NamespaceEntry = { ...unreadable, name: 'green', read_through: 'nothing', choice: 'excluded' };
  expect(namespaceFacts(section([BLUE, red, green], { readable: 2 }), 4936, undefined)).toEqual([
    [
      '3 found, 2 readable, 1 with connections',
      'blue (included): 1,234 entries, through process 7 (dnsmasq)',
      'red: 1,234 entries, by entering /run/netns/red',
      'green (excluded): not readable',
      '',
    ],
    'ok',
  ]);
});

it('at most 20 network namespaces are listed, with the number of the others', () => {
  const listed = Array.from({ length: 100 }, () => BLUE);
  const [facts] = namespaceFacts(section(listed, { found: 1000 }), undefined, undefined);
  expect(facts).toHaveLength(22);
  expect(facts.at(-1)).toBe('and 980 more; --netns NAME checks one of them');
});

it('the network namespace of --netns has its labels, path, share of the limit and choice', () => {
  expect(namespaceFacts(section([BLUE]), 4936, 'blue')).toEqual([
    [
      'blue',
      'container 1a2b',
      'pod c0ffee',
      'bound to /run/netns/blue',
      '1,234 of 4,936 (25.0 %) entries',
      'through process 7 (dnsmasq)',
      'in namespaces.include: always watched, with all modules',
    ],
    'ok',
  ]);
  const [off] = namespaceFacts(section([BLUE], { enabled: 'no' }), undefined, 'blue');
  expect(off).toContain('1,234 entries');
  expect(off.at(-1)).toBe('namespaces.enabled is no: none is watched');
});

it('the network namespace of --netns is named even if there is none', () => {
  expect(namespaceFacts(section([]), undefined, 'bleu')).toEqual([['bleu'], 'ok']);
});

it('network namespaces have one line if there are none or they are turned off, and nothing if they were not looked for', () => {
  expect(namespaceFacts(section([]), 1, undefined)).toEqual([['no other network namespaces'], 'none']);
  expect(namespaceFacts({ enabled: 'no', listed: [], findings: [] }, 1, undefined)).toEqual([
    ['namespaces.enabled is no: none is watched'],
    'off',
  ]);
  expect(namespaceFacts({ enabled: 'auto', listed: [], findings: [] }, 1, undefined)).toEqual([[], 'none']);
});
