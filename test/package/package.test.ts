/** The contents of the packages, compared with the installer and with the bundled sources. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { PLUGINS, PREFIXES, STOCK } from '../../collector/check/directories.ts';
import { triggersFile } from '../../collector/package/debian.ts';
import { alertsFiles, filesOf, link, scripts } from '../../collector/package/layout.ts';
import { licences } from '../../collector/package/licences.ts';
import { dependencies } from '../../package.json';
import { packages } from '../../package-lock.json';

const SOURCES = 'collector/package';
const setup = readFileSync(`${SOURCES}/conntrack-setup`, 'utf8');
const files = filesOf('built');

/** The value of a variable in the installer. */
function setting(name: string): string {
  const [, value] = new RegExp(`^${name}=(.*)$`, 'm').exec(setup) ?? [];
  return value ?? '';
}

/** The bundled packages: neither for development only nor for a single platform. */
const bundled = Object.entries(packages).flatMap(([path, entry]) =>
  path === '' || 'dev' in entry || 'devOptional' in entry || 'optional' in entry ? [] : [basename(path)],
);

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

  it('contains exactly the files that the installer installs', () => {
    const named = [...setup.matchAll(/"\$here\/([^"*\s]+)"/g)].map(([, path = '']) => path);
    const library = setting('LIBRARY');
    expect(named).toContain('$LIBRARY');
    const documents = archived.filter((path) => ['doc', 'doc/docs'].includes(dirname(path)));
    expect(setup).toContain('"$here"/doc/* "$here"/doc/docs/*');
    const paths = named.map((path) => path.replace('$LIBRARY', library).replace('$ALERTS', setting('ALERTS')));
    expect([...new Set(paths), ...documents].sort()).toEqual([...archived].sort());
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
    const others = packaged.filter((path) => ![documentation, `${documentation}/docs`].includes(dirname(path)));
    expect(others.sort()).toEqual([...own, ...configuration].sort());
    expect(packaged).toContain(`${dirname(`/${link.path}`)}/${link.target}`.replace('/usr/sbin/../', '/usr/'));
    for (const script of readdirSync(`${SOURCES}/debian`)) {
      const paths = readFileSync(`${SOURCES}/debian/${script}`, 'utf8').matchAll(/\/usr\/\S+\/conntrack-setup/g);
      for (const [path] of paths) expect(packaged).toContain(path);
    }
  });

  it('is triggered by every directory in which an agent may be installed', () => {
    const prefixed = ['/a', '/b', '/opt/netdata/a', '/opt/netdata/b'];
    expect(triggersFile(['/a', '/b'])).toBe(prefixed.map((path) => `interest-noawait ${path}\n`).join(''));
    expect(PLUGINS).toContain(setting('PACKAGED_PLUGINS'));
    expect(STOCK).toContain(setting('PACKAGED_STOCK'));
  });

  it('lets only root run the program until its postinst has run', () => {
    const program = files.find(({ debian }) => debian.endsWith('/conntrack.plugin'));
    expect(program?.mode?.toString(8)).toBe('700');
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
    expect(packaged).toContain(`${documentation}/copyright`);
  });

  it('shares only the alerts with the other package', () => {
    const others = new Set(files.map(({ debian }) => `/${debian}`));
    expect(packaged.filter((path) => others.has(path))).toEqual([packaged[0]]);
  });
});

describe('the copyright file', () => {
  const node = mkdtempSync(join(tmpdir(), 'conntrack-node-'));
  writeFileSync(join(node, 'LICENSE'), 'Node.js is licensed for use as follows: 4711\n');
  const text = licences(Object.keys(dependencies), node);
  rmSync(node, { recursive: true });
  const sections = text.split(/^={78}\n(.+)\n={78}\n/m).slice(1);
  const byName = new Map(sections.flatMap((part, index) => (index % 2 === 0 ? [[part, sections[index + 1]]] : [])));

  it('has a licence for the program, Node.js, and every bundled package', () => {
    expect([...byName.keys()].sort()).toEqual([...bundled, 'Node.js', 'conntrack.plugin'].sort());
  });

  it('has the licences in full', () => {
    expect(byName.get('conntrack.plugin')).toContain('GNU GENERAL PUBLIC LICENSE');
    expect(byName.get('Node.js')).toContain('as follows: 4711');
    for (const name of bundled) expect(byName.get(name)).toMatch(/copyright/i);
  });

  it('cannot be built without a licence; the error names the folder', () => {
    expect(() => licences(['.bin'], 'node_modules')).toThrow('no licence in node_modules/.bin');
  });
});
