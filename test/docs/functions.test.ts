/** Live answers as the documentation describes them. */

import { describe, expect, it } from 'vitest';

import { EVENT_COLUMNS } from '../../collector/functions/events.ts';
import { FLOW_COLUMNS } from '../../collector/functions/flow_cells.ts';
import { FUNCTIONS } from '../../collector/functions/index.ts';
import { documents } from '../../docs/generate/documents.ts';
import { functionEntries, functionSections, functionTable } from '../../docs/generate/functions.ts';
import { documentedColumns } from '../helpers/documented_columns.ts';
import { read } from '../helpers/project.ts';

describe('the documentation of functions', () => {
  it('has every function with its command and all of its arguments', () => {
    for (const { command, name, parameters } of FUNCTIONS) {
      expect(functionTable()).toContain(`| \`conntrack:${name}\` | \`conntrack.plugin ${command}\` |`);
      const [, section = ''] = functionSections().split(`### conntrack:${name}\n`);
      for (const parameter of parameters) expect(section).toContain(`| \`${parameter.name}\` | `);
    }
  });

  it('has the choices of every selector in metadata.yaml, the first as default', () => {
    const { parameters = [] } = functionEntries.find(({ id }) => id === 'connections') ?? {};
    expect(parameters).toContainEqual({
      id: 'family',
      name: 'family',
      description: expect.stringMatching(/Allowed: all, ipv4 or ipv6\.$/),
      type: 'select',
      required: false,
      default: 'all',
      options: [
        { id: 'all', name: 'IPv4 and IPv6', default: true },
        { id: 'ipv4', name: 'IPv4', default: false },
        { id: 'ipv6', name: 'IPv6', default: false },
      ],
    });
  });

  it('lists the columns of connections and events in metadata.yaml', () => {
    const headings = (columns: typeof FLOW_COLUMNS): string[] => columns.map(({ name }) => name);
    expect(documentedColumns('conntrack:connections')).toEqual(headings(FLOW_COLUMNS));
    expect(documentedColumns('conntrack:events')).toEqual(headings(EVENT_COLUMNS));
  });

  it('is refused metadata.yaml without one of the functions', () => {
    const lacking = (path: string): string => read(path).replace('- id: stuck\n', '- id: lost\n');
    expect(() => documents(lacking)).toThrow(
      'metadata.yaml: found the functions [top, connections, nat-ports, lost, events], expected [top, connections, nat-ports, stuck, events]',
    );
  });
});
