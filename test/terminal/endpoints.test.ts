import { describe, expect, it } from 'vitest';

import { withEndpoints } from '../../collector/terminal/endpoints.ts';

describe('endpoints', () => {
  it('join an address with its port, in brackets if it is IPv6, and leave everything else', () => {
    const joined = withEndpoints({
      columns: [
        { id: 'protocol', name: 'Protocol', type: 'text' },
        { id: 'source', name: 'Source', type: 'text', isKey: true },
        { id: 'source_port', name: 'Source port', type: 'count', isKey: true },
        { id: 'other_port', name: 'Other port', type: 'count' },
      ],
      rows: [
        { cells: ['tcp', '10.0.0.7', 4711, 5], severity: 'warning' },
        { cells: ['udp', '2001:db8::7', 53, 6] },
        { cells: ['icmp', '10.0.0.8', null, 7] },
        { cells: ['gre', null, 9, 8] },
      ],
      sortedBy: 'other_port',
      notes: ['A note.'],
    });
    expect(joined).toEqual({
      columns: [
        { id: 'protocol', name: 'Protocol', type: 'text' },
        { id: 'source', name: 'Source', type: 'text', isKey: true },
        { id: 'other_port', name: 'Other port', type: 'count' },
      ],
      rows: [
        { cells: ['tcp', '10.0.0.7:4711', 5], severity: 'warning' },
        { cells: ['udp', '[2001:db8::7]:53', 6] },
        { cells: ['icmp', '10.0.0.8', 7] },
        { cells: ['gre', null, 8] },
      ],
      sortedBy: 'other_port',
      notes: ['A note.'],
    });
  });
});
