import { expect, it } from 'vitest';

import { parseConfig } from '../../collector/config/parse.ts';
import { namespaceConfig } from '../../collector/jobs/namespace_config.ts';

const MODULES = ['stat', 'events', 'flows', 'sockets', 'conntrackd'] as const;

const enabled = (text: string, isIncluded: boolean): readonly unknown[] => {
  const { modules } = namespaceConfig(parseConfig('conntrack.conf', text), isIncluded);
  return MODULES.map((name) => modules[name].enabled);
};

it.each([
  ['', false, ['auto', false, false, false, false]],
  ['', true, ['auto', 'auto', 'auto', 'auto', false]],
  [
    'modules: {stat: {enabled: yes}, flows: {enabled: yes}, conntrackd: {enabled: yes}}',
    true,
    ['auto', 'auto', 'auto', 'auto', false],
  ],
  ['modules: {stat: {enabled: no}, events: {enabled: no}}', true, [false, false, 'auto', 'auto', false]],
])('with {%s}, in a namespace whose being included is %j, the modules are %j', (text, isIncluded, expected) => {
  expect(enabled(text, isIncluded)).toEqual(expected);
});

it('the statistics of a namespace are read from its file, without those of each CPU; other options are those of the host', () => {
  const text = 'modules: {stat: {read_from: netlink, per_cpu: yes}, flows: {cpu_share: 7}}\nsource: rack 7';
  expect(namespaceConfig(parseConfig('conntrack.conf', text), true)).toMatchObject({
    source: 'rack 7',
    modules: { stat: { read_from: 'procfs', per_cpu: false }, flows: { cpu_share: 7 } },
  });
});
