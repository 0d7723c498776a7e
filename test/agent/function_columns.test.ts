import { describe, expect, it } from 'vitest';

import { describeColumns, describeGroups } from '../../collector/agent/function_columns.ts';
import { FLOW_COLUMNS } from '../../collector/functions/flow_cells.ts';
import { ANSWER } from '../helpers/live_functions.ts';

const { columns, rows } = ANSWER;
const described = Object.fromEntries(describeColumns(columns, rows));

describe('a column for dashboards', () => {
  it('stands where its cells are, the options of rows last', () => {
    expect(describeColumns(columns, rows).map(([id]) => id)).toEqual([...columns.map(({ id }) => id), 'rowOptions']);
    expect(described['age']).toMatchObject({ index: 6, name: 'Age' });
    expect(described['rowOptions']).toMatchObject({
      index: 8,
      type: 'none',
      visualization: 'rowOptions',
      visible: false,
      dummy: true,
    });
  });

  it.each([
    ['source', { type: 'string', visualization: 'value', sort: 'ascending', summary: 'count', filter: 'multiselect' }],
    ['connections', { type: 'integer', sort: 'descending', summary: 'sum', filter: 'range' }],
    ['share', { type: 'bar-with-integer', visualization: 'bar', units: '%', max: 100, summary: 'max' }],
    ['new', { type: 'float', units: '/s', summary: 'sum' }],
    ['bytes', { type: 'integer', units: 'bytes' }],
    ['age', { type: 'duration', units: 's', max: 3600, summary: 'max' }],
    ['since', { type: 'timestamp', sort: 'descending' }],
  ])('shows, sorts and sums %s as its type', (id, look) => {
    expect(described[id]).toMatchObject(look);
  });

  it.each([
    ['source', { units: null, transform: 'none', decimal_points: 0 }],
    ['share', { units: '%', transform: 'number', decimal_points: 2 }],
    ['new', { units: '/s', transform: 'number', decimal_points: 1 }],
    ['age', { units: 's', transform: 'duration' }],
    ['since', { units: null, transform: 'datetime' }],
  ])('formats %s as its type', (id, options) => {
    expect(described[id]).toMatchObject({ value_options: options });
  });

  it('is a key, or hidden, if the answer says so', () => {
    expect(described['source']).toMatchObject({ unique_key: true, sticky: true, visible: true });
    expect(described['bytes']).toMatchObject({ unique_key: false, sticky: false, visible: false });
  });

  it('of ports, zones and marks is neither summed up nor formatted, and can group rows', () => {
    const about = Object.fromEntries(describeColumns(FLOW_COLUMNS, []));
    const names = ['source_port', 'destination_port', 'zone', 'mark', 'original_zone', 'reply_zone', 'id'];
    for (const id of names) {
      expect(about[id], id).toMatchObject({
        type: 'integer',
        summary: 'count',
        filter: 'multiselect',
        sort: 'ascending',
        sticky: false,
        value_options: { transform: 'none' },
      });
    }
    expect(describeGroups(FLOW_COLUMNS, 'timeout')).toMatchObject({
      group_by: { destination_port: { name: 'Destination port' }, zone: { columns: ['zone'] }, mark: {} },
    });
  });

  it('of durations has bars up to 0 if none is known', () => {
    const unknown = rows.map((row) => ({ ...row, cells: row.cells.map(() => null) }));
    expect(Object.fromEntries(describeColumns(columns, unknown))['age']).toMatchObject({ max: 0 });
  });
});

describe('the rows of an answer', () => {
  it('can be grouped by every text that is shown, and are charted by the first that is not the key', () => {
    expect(describeGroups(columns, 'connections')).toEqual({
      group_by: {
        source: { name: 'Source', columns: ['source'] },
        protocol: { name: 'Protocol', columns: ['protocol'] },
      },
      charts: {
        connections: {
          name: 'Connections',
          columns: ['connections'],
          aggregation: 'sum',
          type: 'bar',
          groupBy: 'column',
        },
      },
      default_charts: [['connections', 'protocol']],
    });
  });

  it('are counted in the chart if they are not sorted by a number', () => {
    expect(describeGroups(columns, 'since')).toMatchObject({
      charts: { rows: { name: 'Rows', columns: ['protocol'], aggregation: 'count' } },
      default_charts: [['rows', 'protocol']],
    });
  });

  it('are charted by the key if that is the only text, and not at all without one', () => {
    const [source, , connections] = columns;
    if (source === undefined || connections === undefined) throw new Error('the answer has these columns');
    expect(describeGroups([source, connections], 'connections')).toMatchObject({
      default_charts: [['connections', 'source']],
    });
    expect(describeGroups([connections], 'connections')).toEqual({ group_by: {} });
  });
});
