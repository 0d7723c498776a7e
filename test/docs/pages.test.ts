/** The pages written by hand: what they name exists, and what they show works. */

import { existsSync } from 'node:fs';
import { Volume } from 'memfs';
import { describe, expect, it } from 'vitest';

import { charts } from '../../charts/index.ts';
import { readEnvironment } from '../../collector/agent/environment.ts';
import { CONFIG_FILE } from '../../collector/config/load.ts';
import { parseConfig } from '../../collector/config/parse.ts';
import { PROBLEMS } from '../../collector/modules/problem.ts';
import { filesOf } from '../../collector/package/layout.ts';
import { contextsOf, idsOf } from '../../docs/generate/charts.ts';
import { distinctAlerts, isRaised, nameOf } from '../../docs/generate/health.ts';
import { descriptionsIn } from '../../docs/generate/stock.ts';
import { askTheUsual } from '../helpers/conntrackd_metrics.ts';
import { GROUPS } from '../helpers/groups.ts';
import {
  anchorsIn,
  cell,
  codeBlocks,
  codeIn,
  headingsBelow,
  linksIn,
  onlyCode,
  tableAfter,
} from '../helpers/markdown.ts';
import { alerts, pages, project, ROOT, read } from '../helpers/project.ts';

describe.each(pages)('%s', (page) => {
  const text = read(page);

  it('links only to pages, headings and pictures that exist, and that are in the packages too', () => {
    const packaged = new Set(filesOf('dist/package').map(({ archive }) => archive.replace('doc/', '')));
    const isThere = (link: string): boolean => {
      const [path = '', heading] = link.split('#');
      const target = path === '' ? page : new URL(path, new URL(page, 'file:///')).pathname.slice(1);
      return packaged.has(target) && (heading === undefined || anchorsIn(read(target)).includes(`#${heading}`));
    };
    expect(linksIn(text).filter((link) => !isThere(link))).toEqual([]);
  });

  it('shows only configurations that the collector accepts', () => {
    expect(() => codeBlocks(text, 'yaml').map((config) => parseConfig(page, config))).not.toThrow();
  });

  it('names only npm scripts that exist', () => {
    const named = [...text.matchAll(/npm (?:run (\w+)|(start|test))/g)].map(([, script, short]) => script ?? short);
    expect([...Object.keys(project.scripts)]).toEqual(expect.arrayContaining(named));
  });
});

describe.each([...pages, 'metadata.yaml', 'CHANGELOG.md'])('%s', (name) => {
  it('names only charts, contexts and alerts that exist', () => {
    const known = [
      ...charts.flatMap((chart) => [...idsOf(chart), ...contextsOf(chart)]),
      ...alerts.map(nameOf),
      ...['conntrack.plugin', 'conntrack.cjs', CONFIG_FILE],
      ...['conntrackd.conf', 'conntrackd.service', 'conntrackd.ctl', 'conntrackd.sock'],
      ...Object.keys(PROBLEMS),
    ];
    const named = codeIn(read(name)).filter((code) =>
      /^(?:(?:netfilter|network_connections|conntrackd)\.\w+|conntrack[._][a-z_]+[A-Z6]*|(?:sockets|conntrackd)_\w+)$/.test(
        code,
      ),
    );
    const ofHost = (code: string): string => code.replace(/_netns_[a-z]+$/, '');
    expect(named.filter((code) => !known.includes(ofHost(code)))).toEqual([]);
  });
});

describe('CHANGELOG.md', () => {
  it('has an entry for unreleased changes, or for the version', () => {
    const entries = [...read('CHANGELOG.md').matchAll(/^## \[([^\]]+)\]/gm)].map(([, entry]) => entry);
    expect(['Unreleased', project.version]).toContain(entries[0]);
  });

  it('names every alert', () => {
    expect(codeIn(read('CHANGELOG.md'))).toEqual(expect.arrayContaining(alerts.map(nameOf)));
  });
});

describe('README.md', () => {
  const readme = read('README.md');

  it('is no longer than 200 lines', () => {
    expect(readme.split('\n').length).toBeLessThanOrEqual(201);
  });

  it('links to every page', () => {
    expect(linksIn(readme)).toEqual(expect.arrayContaining(pages.filter((page) => page !== 'README.md')));
  });

  it('has its two commands in separate blocks', () => {
    const blocks = codeBlocks(readme, 'bash').map((block) => block.trim());
    expect(blocks).toEqual(expect.arrayContaining(['npm ci && npm start', 'npm ci && npm test']));
  });

  it('names the licence', () => {
    expect(readme).toContain(`${project.license}, see \`LICENSE\``);
  });
});

describe('docs/alerts.md', () => {
  it('has a section for every alert that can be raised', () => {
    const page = read('docs/alerts.md');
    const headings = ['## The connection table', "## The host's sockets", '## conntrackd'];
    expect(headings.flatMap((heading) => headingsBelow(page, heading))).toEqual(
      distinctAlerts(alerts.filter(isRaised)).map(nameOf),
    );
  });
});

describe('docs/configuration.md', () => {
  const descriptions = descriptionsIn(read('collector/conntrack.conf'));

  it('names every environment variable that the plugin reads', () => {
    const names = new Set<string>();
    const get = (_target: object, name: string | symbol): undefined => void names.add(String(name));
    readEnvironment(new Proxy({}, { get }));
    const rows = tableAfter(read('docs/configuration.md'), '## Environment').map((row) =>
      onlyCode(cell(row, 'Variable')),
    );
    expect(rows.sort()).toEqual([...names].sort());
  });

  it('lists the charts of basic mode', () => {
    const basic = charts.filter((chart) => chart.basic === true).flatMap(idsOf);
    const named = codeIn(descriptions.get('mode') ?? '').filter((code) => code.startsWith('conntrack.'));
    expect(named).toEqual(basic);
  });

  it('says where the plugin looks for the socket of conntrackd', async () => {
    const [file = '', usual = ''] =
      (descriptions.get('modules.conntrackd.sockets') ?? '').match(/\/(?:etc|var)\/[\w./]*\w/g) ?? [];
    expect((await askTheUsual(Volume.fromJSON({ [usual]: '' }))).connected).toEqual(new Set([usual]));
    const edge = '/run/edge.sock';
    const volume = Volume.fromJSON({ [file]: `General {\n  UNIX {\n    Path ${edge}\n  }\n}\n`, [edge]: '' });
    expect((await askTheUsual(volume)).connected).toEqual(new Set([edge]));
  });
});

describe('docs/development.md', () => {
  const page = read('docs/development.md');

  it('names every group of tests', () => {
    const rows = tableAfter(page, '## Tests').map((row) => onlyCode(cell(row, 'Group')));
    expect(rows).toEqual(['unit', ...GROUPS]);
  });

  it('names only files and folders that exist', () => {
    const named = codeIn(page).filter((code) => /^[a-z]+\/[\w./]*$/.test(code) && code !== 'dist/');
    expect(named.filter((path) => !existsSync(new URL(path, ROOT)))).toEqual([]);
  });
});

describe('docs/migrating.md', () => {
  it('names every state of a socket', () => {
    const rows = tableAfter(read('docs/migrating.md'), "## Linuxfabrik's network-connections check");
    const named = rows.flatMap((row) => codeIn(cell(row, 'Dimension')));
    const charted = charts.filter(({ module }) => module === 'sockets').flatMap(({ dimensions }) => dimensions);
    expect(named.sort()).toEqual(charted.map(({ id }) => id).sort());
  });
});
