/** The files of the packages, compared with the installer. */

import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { describe, expect, it } from 'vitest';

import { PLUGINS, PREFIXES, STOCK } from '../../collector/check/directories.ts';
import { alertsFiles, filesOf, link, scripts } from '../../collector/package/layout.ts';

const SOURCES = 'collector/package';
const setup = readFileSync(`${SOURCES}/conntrack-setup`, 'utf8');
const files = filesOf('built');

/** The value of a variable in the installer. */
function setting(name: string): string {
  const [, value] = new RegExp(`^${name}=(.*)$`, 'm').exec(setup) ?? [];
  return value ?? '';
}

describe('the installer', () => {
  it('looks for agents in the same directories as check', () => {
    const words = (name: string): string[] => setting(name).replaceAll("'", '').split(' ');
    expect(words('USUAL_PREFIXES').map((prefix) => prefix.replace(/^\/$/, ''))).toEqual(PREFIXES);
    expect(words('PLUGIN_FOLDERS').map((folder) => `/${folder}`)).toEqual(PLUGINS);
    expect(words('STOCK_FOLDERS').map((folder) => `/${folder}`)).toEqual(STOCK);
  });
});

describe('the archive', () => {
  const archived = files.map(({ archive }) => archive);

  it('contains exactly the files and folders that the installer installs', () => {
    const named = [...setup.matchAll(/"\$here\/([^"*\s]+)"/g)].map(([, path = '']) => path);
    const paths = named.flatMap((path) =>
      path === '$file'
        ? [setting('MANUAL'), setting('COMPLETION')]
        : path.replace(/^\$(\w+)$/, (_, name) => setting(name)),
    );
    const archivedOrFolder = archived.map((path) => (path.startsWith('doc/') ? 'doc' : path));
    expect([...new Set(paths)].sort()).toEqual([...new Set(archivedOrFolder)].sort());
  });

  it('contains the scripts that run the installer', () => {
    for (const script of scripts) {
      expect(readFileSync(`${SOURCES}/${script}`, 'utf8')).toContain(
        `/conntrack-setup" ${basename(script, '.sh')} "$@"`,
      );
    }
  });
});

describe('the Debian package', () => {
  const packaged = files.map(({ debian }) => `/${debian}`);

  it('has its files where its maintainer scripts expect them', () => {
    const [plugins, stock] = [setting('PACKAGED_PLUGINS'), setting('PACKAGED_STOCK')];
    const library = setting('LIBRARY');
    const documentation = `/${setting('DOCUMENTATION')}`;
    const own = ['conntrack.plugin', 'conntrack-setup', library].map((name) => `${plugins}/${name}`);
    const configuration = ['conntrack.conf', 'health.d/conntrack.conf'].map((name) => `${stock}/${name}`);
    const shared = ['MANUAL', 'COMPLETION'].map((name) => `/usr/${setting(name)}`);
    const others = packaged.filter((path) => ![documentation, `${documentation}/docs`].includes(dirname(path)));
    expect(others.sort()).toEqual([...own, ...configuration, ...shared].sort());
    expect(packaged).toContain(`${dirname(`/${link.path}`)}/${link.target}`.replace('/usr/sbin/../', '/usr/'));
    for (const script of readdirSync(`${SOURCES}/debian`)) {
      const paths = readFileSync(`${SOURCES}/debian/${script}`, 'utf8').matchAll(/\/usr\/\S+\/conntrack-setup/g);
      for (const [path] of paths) expect(packaged).toContain(path);
    }
  });

  it('lets the agent run the program before its postinst has run', () => {
    const program = files.find(({ debian }) => debian.endsWith('/conntrack.plugin'));
    expect(program?.mode?.toString(8)).toBe('755');
  });
});

describe.each(['archive', 'debian'] as const)('the documentation in the form %s', (form) => {
  it('has README.md and every page with the pictures and the schema, but not their generator', () => {
    const readme = files.find(({ from }) => from === 'README.md');
    const top = dirname(readme?.[form] ?? '');
    const pages = files.filter(({ from }) => from.startsWith('docs/'));
    expect(pages.map((page) => page[form])).toEqual(pages.map(({ from }) => `${top}/${from}`));
    expect(pages.map(({ from }) => from)).toEqual(
      expect.arrayContaining(['docs/playbooks.md', 'docs/dashboard.png', 'docs/conntrack.schema.json']),
    );
    expect(pages.filter(({ from }) => from.startsWith('docs/generate'))).toEqual([]);
  });
});

describe('the Debian package of the alerts', () => {
  const name = 'netdata-plugin-conntrack-alerts';
  const packaged = alertsFiles(name).map(({ debian }) => `/${debian}`);

  it('has the alerts where its maintainer scripts expect them, and documentation', () => {
    const documentation = `/usr/share/doc/${name}`;
    const [alerts, ...others] = packaged.filter((path) => dirname(path) !== documentation);
    expect(alerts).toBe(`${setting('PACKAGED_STOCK')}/${setting('ALERTS')}`);
    expect(others).toEqual([]);
    expect(packaged).toContain(`${documentation}/parents.md`);
  });

  it('shares only the alerts with the other package', () => {
    const others = new Set(files.map(({ debian }) => `/${debian}`));
    expect(packaged.filter((path) => others.has(path))).toEqual([packaged[0]]);
  });
});
