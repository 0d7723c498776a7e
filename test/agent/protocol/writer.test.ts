import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { split } from '../../../collector/agent/protocol/quoting.ts';
import * as protocol from '../../../collector/agent/protocol/writer.ts';
import { anyCharacter } from '../../helpers/any_character.ts';

const CHART: protocol.ChartLine = {
  id: 'conntrack.sockets',
  title: 'Connection Tracker Connections',
  units: 'active connections',
  family: 'table',
  context: 'netfilter.conntrack_sockets',
  type: 'stacked',
  priority: 8711,
  updateEvery: 5,
  options: 'detail',
  plugin: 'conntrack.plugin',
  module: 'stat',
};

describe('the line', () => {
  it('CHART defines a chart', () => {
    expect(protocol.chart(CHART)).toBe(
      "CHART conntrack.sockets '' 'Connection Tracker Connections' 'active connections' 'table' " +
        "'netfilter.conntrack_sockets' stacked 8711 5 'detail' 'conntrack.plugin' 'stat'\n",
    );
  });

  it('CHART without options has an empty word', () => {
    expect(protocol.chart({ ...CHART, type: 'area', options: '' })).toContain(" area 8711 5 '' 'conntrack.plugin' ");
  });

  it('CHART retires a chart', () => {
    expect(protocol.chart({ ...CHART, options: 'detail obsolete' })).toContain(" 8711 5 'detail obsolete' ");
  });

  it('CHART quotes every text', () => {
    const line = { ...CHART, title: `The "best" table's\nsize`, units: "it's", family: 'a=b', module: 'x\\y' };
    expect(protocol.chart(line)).toBe(
      `CHART conntrack.sockets '' "The 'best' table's size" "it's" 'a=b' ` +
        "'netfilter.conntrack_sockets' stacked 8711 5 'detail' 'conntrack.plugin' 'x/y'\n",
    );
  });

  it.each([
    ['from the plugin', protocol.LABEL_FROM_PLUGIN, "CLABEL 'cpu' 'cpu 7' 1\n"],
    ['from the configuration', protocol.LABEL_FROM_CONFIGURATION, "CLABEL 'cpu' 'cpu 7' 2\n"],
  ])('CLABEL sets a label %s', (_whence, source, expected) => {
    expect(protocol.chartLabel('cpu', 'cpu 7', source)).toBe(expected);
  });

  it('CLABEL_COMMIT closes the labels', () => {
    expect(protocol.chartLabelCommit()).toBe('CLABEL_COMMIT\n');
  });

  it.each([
    ['above the axis', 1, 1000, "DIMENSION 'early_drop' 'early drops' absolute 1 1000\n"],
    ['below the axis', -1, 1, "DIMENSION 'early_drop' 'early drops' absolute -1 1\n"],
  ])('DIMENSION defines a dimension %s', (_where, multiplier, divisor, expected) => {
    expect(protocol.dimension('early_drop', 'early drops', multiplier, divisor)).toBe(expected);
  });

  it('BEGIN opens the first update without a time', () => {
    expect(protocol.begin('conntrack.new')).toBe('BEGIN conntrack.new\n');
  });

  it('BEGIN of a later update ends within the id', () => {
    expect(protocol.beginAfter('conntrack.new')).toBe('BEGIN conntrack.new');
  });

  it('SET ends before the value', () => {
    expect(protocol.set('found')).toBe('SET found = ');
  });

  it.each([
    [262_144, 'VARIABLE CHART max = 262144\n'],
    [0.5, 'VARIABLE CHART max = 0.5\n'],
  ])('VARIABLE CHART sets %d for alerts', (value, expected) => {
    expect(protocol.chartVariable('max', value)).toBe(expected);
  });

  it('END closes an update', () => {
    expect(protocol.end()).toBe('END\n');
  });

  it('DISABLE stops the plugin for good', () => {
    expect(protocol.disable()).toBe('DISABLE\n');
  });
});

describe('the answer to a call', () => {
  it('is between its BEGIN and its END', () => {
    expect(protocol.functionResult('7d-1', 200, 'application/json', 1_900_000_001, '{"a":\n1}')).toBe(
      "FUNCTION_RESULT_BEGIN '7d-1' 200 application/json 1900000001\n" + '{"a":\n1}\n' + 'FUNCTION_RESULT_END\n',
    );
  });

  it('can be empty', () => {
    expect(protocol.functionResult('7d-1', 499, 'text/plain', 5, '')).toBe(
      "FUNCTION_RESULT_BEGIN '7d-1' 499 text/plain 5\n\nFUNCTION_RESULT_END\n",
    );
  });

  it('is intact whatever its transaction', () => {
    const [first, ...rest] = protocol.functionResult('a\nFUNCTION_RESULT_END', 404, 'text/plain', 5, 'no').split('\n');
    expect(first).toBe("FUNCTION_RESULT_BEGIN 'a FUNCTION_RESULT_END' 404 text/plain 5");
    expect(rest).toEqual(['no', 'FUNCTION_RESULT_END', '']);
  });
});

describe('the line FUNCTION', () => {
  const TOP: protocol.FunctionLine = {
    name: 'conntrack:top',
    timeout: 60,
    help: "The table's largest",
    tags: 'top',
    access: 0x13,
    priority: 100,
    version: 3,
  };

  it('registers a function of the host', () => {
    expect(protocol.functionLine(TOP)).toBe(
      `FUNCTION GLOBAL 'conntrack:top' 60 "The table's largest" 'top' 0x13 100 3\n`,
    );
  });

  it('is undone by FUNCTION_DEL', () => {
    expect(protocol.functionDel('conntrack:top')).toBe("FUNCTION_DEL GLOBAL 'conntrack:top'\n");
  });
});

describe('whatever a text contains,', () => {
  const text = fc.string({ unit: fc.oneof(fc.constantFrom('\n', "'", '"', '\\', '='), anyCharacter) });

  it('a chart is one line of thirteen words', () => {
    fc.assert(
      fc.property(text, text, text, text, text, (title, units, family, context, module) => {
        const line = protocol.chart({ ...CHART, title, units, family, context, module });
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(split(line.slice(0, -1))).toHaveLength(13);
      }),
    );
  });

  it('a label and a dimension are one line each', () => {
    fc.assert(
      fc.property(text, text, (name, value) => {
        const label = protocol.chartLabel(name, value, 1);
        const dimension = protocol.dimension(name, value, 1, 1);
        expect([label.indexOf('\n'), dimension.indexOf('\n')]).toEqual([label.length - 1, dimension.length - 1]);
        expect([split(label.trimEnd()).length, split(dimension.trimEnd()).length]).toEqual([4, 6]);
      }),
    );
  });
});
