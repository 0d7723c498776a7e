import { describe, expect, it } from 'vitest';

import { Ini } from '../../collector/agent/ini.ts';

const TEXT = `# NetData Configuration
update every = 9
[global]
	run as user = netdata
  # run as user = root
	hostname = a = b # c
   [plugins]	
    proc = no
    tc = No
    conntrack = on demand
[plugin:proc]
	/proc/net/stat/conntrack = yes
	/proc/net/stat/conntrack = off
	empty =
[ plugin:proc ]
	/proc/net/stat/conntrack = in a section of another name
[plugin:proc] # no section
	/proc/net/stat/conntrack = after no section
[directories]
	plugins = "/a b/plugins.d" '/c' /d "" /e
no line of such a file
=
`;

describe("the agent's configuration file", () => {
  const ini = new Ini(TEXT);

  it.each([
    ['', 'update every', '9'],
    ['global', 'run as user', 'netdata'],
    ['global', 'hostname', 'a = b # c'],
    ['global', '# run as user', undefined],
    ['plugins', 'proc', 'no'],
    ['plugin:proc', '/proc/net/stat/conntrack', 'off'],
    ['plugin:proc', 'empty', ''],
    ['plugin:proc', 'proc', undefined],
    ['global', 'proc', undefined],
    [' plugin:proc ', '/proc/net/stat/conntrack', 'after no section'],
  ])('has in section %j the key %j: %j', (section, key, value) => {
    expect(ini.get(section, key)).toBe(value);
  });

  it.each([
    ['plugins', 'proc', false],
    ['plugins', 'tc', false],
    ['plugins', 'conntrack', true],
    ['plugins', 'not there', true],
    ['plugin:proc', '/proc/net/stat/conntrack', false],
    ['plugin:proc', 'empty', false],
  ])('of section %j has %j on: %j', (section, key, isOn) => {
    expect(ini.isOn(section, key)).toBe(isOn);
  });

  it.each(['\uFEFF', '\u00A0'])(
    'has no section in a line that begins with %j, as for agents 1.37.1 and 2.11',
    (before) => {
      expect(new Ini(`${before}[plugins]\nproc = no\n`).get('plugins', 'proc')).toBeUndefined();
    },
  );

  // Each of these was given to agents 1.37.1 and 2.11.
  it.each([
    ['yes', true],
    ['TRUE', true],
    ['on', true],
    ['Auto', true],
    ['on demand', true],
    ['\tno\t', false],
    ['No\r', false],
    ['1', false],
    ['maybe', false],
    ['"yes"', false],
    ['yes # comment', false],
    ['no # comment', false],
  ])('reads the value %j as on: %j', (value, isOn) => {
    expect(new Ini(`[plugins]\nproc=${value}\n`).isOn('plugins', 'proc')).toBe(isOn);
  });

  it('has lists of words, quoted or not', () => {
    expect(ini.words('directories', 'plugins')).toEqual(['/a b/plugins.d', '/c', '/d', '/e']);
    expect(ini.words('directories', 'not there')).toEqual([]);
  });
});
