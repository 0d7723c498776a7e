/** What is generated in the documentation is what the program, the charts and the alerts say now. */

import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { parseConfig } from '../../collector/config/parse.ts';
import { defaultConfig } from '../../collector/config/schema.ts';
import { documents } from '../../docs/generate/documents.ts';
import { nest, options, written } from '../../docs/generate/options.ts';
import { read } from '../helpers/project.ts';

const STOCK = 'collector/conntrack.conf';

/** Options are written right after the `#`, comments after a blank. */
const uncomment = (text: string): string => text.replaceAll(/^( *)#(?=[a-z])/gm, '$1');

describe('what is generated', () => {
  it.each([...documents(read)])('is up to date in %s', (path, text) => {
    expect(read(path)).toBe(text);
  });

  it('replaces what was edited by hand', () => {
    const stale = (path: string): string => {
      if (path === STOCK) return read(path).replace('#cpu_share: 2', '#cpu_share: 4711');
      if (path === 'metadata.yaml') return read(path).replace('chart_type: area', 'chart_type: line # by hand');
      return read(path).replaceAll(/^\| `conntrackd?[._].*\n/gm, '');
    };
    expect(documents(stale)).toEqual(documents(read));
  });

  it('needs its region in every page', () => {
    const lacking = (path: string): string => read(path).replace('<!-- generated: variables -->', '');
    expect(() => documents(lacking)).toThrow(
      'docs/charts.md: found the generated regions [below-axis, charts], expected [below-axis, charts, variables]',
    );
  });

  it('needs every option with a description in the stock file', () => {
    const lacking = (path: string): string => read(path).replace(/^.*\n.*\n#update_every: 1$/m, '#update_every: 1');
    expect(() => documents(lacking)).toThrow('conntrack.conf: found the described options [mode, source');
  });
});

describe('the stock file', () => {
  const stock = read(STOCK);

  it('means the defaults, with and without its options uncommented', () => {
    expect(parse(stock)).toBeNull();
    expect([parseConfig('stock', stock), parseConfig('stock', uncomment(stock))]).toEqual([
      defaultConfig(),
      defaultConfig(),
    ]);
  });
});

describe('the JSON Schema', () => {
  const schema: unknown = JSON.parse(read('docs/conntrack.schema.json'));
  const validate = new Ajv({ strict: false }).compile(schema as object);

  it('accepts the stock file with its options uncommented, and an empty mapping', () => {
    expect(validate(parse(uncomment(read(STOCK))))).toBe(true);
    expect(validate({ modules: { stat: null } })).toBe(true);
  });

  it.each(options)('refuses -5 for $name, as the program does', ({ name }) => {
    expect(validate(nest(name, -5))).toBe(false);
  });

  it('refuses an unknown key and a socket that is not an absolute path, as the program does', () => {
    for (const wrong of [{ pollInterval: 1000 }, nest('modules.conntrackd.sockets', ['edge.sock'])]) {
      expect(validate(wrong)).toBe(false);
      expect(() => parseConfig('wrong', JSON.stringify(wrong))).toThrow('expected');
    }
  });
});

describe('the value of an option', () => {
  it.each([
    [true, 'yes'],
    [false, 'no'],
    ['', '""'],
    ['auto', 'auto'],
    [4711, '4711'],
    [['/run/a.ctl', '/run/b.ctl'], '[/run/a.ctl, /run/b.ctl]'],
  ])('%j is written %s', (value, text) => {
    expect(written(value)).toBe(text);
  });
});
