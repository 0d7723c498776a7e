import { describe, expect, it } from 'vitest';

import {
  pluginDirectories,
  prefixOfPlugin,
  prefixOfProgram,
  stockDirectory,
} from '../../collector/check/directories.ts';
import { filesOf } from '../helpers/check_host.ts';

const filesAt = (...paths: readonly string[]) => filesOf(Object.fromEntries(paths.map((path) => [path, ''])));

describe('the plugin directory', () => {
  it.each([
    ['', '/usr/libexec/netdata/plugins.d'],
    ['', '/usr/lib/netdata/plugins.d'],
    ['', '/usr/lib64/netdata/plugins.d'],
    ['/opt/netdata', '/opt/netdata/usr/libexec/netdata/plugins.d'],
    ['/srv/nd', '/srv/nd/usr/lib/netdata/plugins.d'],
  ])('below %j is found at %s', (prefix, directory) => {
    const fs = filesAt(`${directory}/apps.plugin`);
    expect(pluginDirectories(fs, prefix)).toEqual([directory]);
    expect(pluginDirectories(fs, '/elsewhere')).toEqual([]);
  });
});

describe('the stock configuration directory', () => {
  it('is the one that exists, otherwise that of most packages', () => {
    expect(stockDirectory(filesAt('/usr/share/netdata/conf.d/stream.conf'), '')).toBe('/usr/share/netdata/conf.d');
    expect(stockDirectory(filesAt('/x'), '/opt/netdata')).toBe('/opt/netdata/usr/lib/netdata/conf.d');
    expect(stockDirectory(filesAt('/x'), undefined)).toBeUndefined();
  });
});

describe('the prefix of an agent', () => {
  const ELSEWHERE = '/srv/nd/usr/lib/netdata/plugins.d';

  it('is that of the plugin, otherwise the usual one that has plugins', () => {
    const fs = filesAt('/opt/netdata/usr/libexec/netdata/plugins.d/apps.plugin', `${ELSEWHERE}/apps.plugin`);
    expect(prefixOfPlugin(fs, `${ELSEWHERE}/conntrack.plugin`)).toBe('/srv/nd');
    expect(prefixOfPlugin(fs, '/home/me/conntrack.plugin')).toBe('/opt/netdata');
    expect(prefixOfPlugin(filesAt('/x'), '/home/me/conntrack.plugin')).toBeUndefined();
  });

  it.each(['/usr/sbin/netdata', '/bin/srv/netdata', '/sbin/netdata', '/usr/bin/netdata', '/bin/netdata'])(
    'is what precedes %s in the path of its program, if that has plugins',
    (program) => {
      expect(prefixOfProgram(filesAt(`${ELSEWHERE}/apps.plugin`), `/srv/nd${program}`)).toBe('/srv/nd');
      expect(prefixOfProgram(filesAt('/x'), `/srv/nd${program}`)).toBeUndefined();
    },
  );
});
