import { describe, expect, it } from 'vitest';

import { TOP } from '../../collector/functions/top.ts';
import { LiveKernel } from '../helpers/live_kernel.ts';
import { TABLE } from '../helpers/live_table.ts';

/** The first column and the connections. */
async function ranked(by: string): Promise<[unknown, unknown][]> {
  const rows = await new LiveKernel({ tables: [TABLE] }).rows(TOP, { by });
  return rows.map((row) => [row[by], row['connections']]);
}

describe('the ranking', () => {
  it.each<[string, readonly [string, number][]]>([
    [
      'source',
      [
        ['10.0.0.1', 3],
        ['10.0.1.44', 1],
        ['10.0.0.2', 1],
        ['fd00:1:2:3::9', 1],
      ],
    ],
    [
      'destination',
      [
        ['192.0.2.1', 4],
        ['192.0.2.2', 1],
        ['fd99::1', 1],
      ],
    ],
    [
      'service',
      [
        ['tcp/443', 4],
        ['icmp type 8', 1],
        ['udp/53', 1],
      ],
    ],
    [
      'source-network',
      [
        ['10.0.0.0/24', 4],
        ['10.0.1.0/24', 1],
        ['fd00:1:2:3::/64', 1],
      ],
    ],
    ['nat-address', [['203.0.113.9', 1]]],
    [
      'zone',
      [
        ['0', 5],
        ['5', 1],
      ],
    ],
    [
      'mark',
      [
        ['0', 5],
        ['9', 1],
      ],
    ],
    [
      'state',
      [
        ['tcp ESTABLISHED', 3],
        ['tcp SYN_SENT', 1],
        ['icmp SEEN_REPLY', 1],
        ['udp UNREPLIED', 1],
      ],
    ],
  ])('by %s counts connections', async (by, expected) => {
    expect(await ranked(by)).toEqual(expected);
  });
});
