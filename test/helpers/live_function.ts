/** A live answer that is made up. */

import type { Answer } from '../../collector/functions/answer.ts';
import type { Arguments, LiveFunction } from '../../collector/functions/function.ts';

/** A ranking of three rows with every type of column. */
export const RANKING: Answer = {
  columns: [
    { id: 'source', name: 'Source', type: 'text', isKey: true },
    { id: 'connections', name: 'Connections', type: 'count' },
    { id: 'share', name: 'Share', type: 'percent' },
    { id: 'new', name: 'New', type: 'rate' },
    { id: 'bytes', name: 'Bytes', type: 'bytes' },
    { id: 'oldest', name: 'Oldest', type: 'duration' },
    { id: 'seen', name: 'Seen', type: 'time' },
    { id: 'zone', name: 'Zone', type: 'text', isHidden: true },
  ],
  rows: [
    { cells: ['10.0.0.77', 93_211, 49.7312, 12.34, 1_610_612_736, 432_000, Date.UTC(2026, 10, 21, 20, 53, 46), '7'] },
    { cells: ['2001:db8::15', 4711, 2.5, 0, 823, 59, null, null], severity: 'warning' },
    { cells: ['10.0.0.9', 3, 0.0016, null, 1536, 7260, null, null], severity: 'error' },
  ],
  sortedBy: 'connections',
  notes: ['1,234 rows were left out.'],
};

/** What the command `top` looks like, with a parameter of each kind. */
export const TOP: LiveFunction = {
  name: 'top',
  command: 'top',
  summary: 'Rank who holds most of the table.',
  help: 'Shows the largest first.',
  parameters: [
    {
      name: 'by',
      help: 'What to rank.',
      allowed: 'source or zone',
      choices: [
        { id: 'source', name: 'Source' },
        { id: 'zone', name: 'Zone' },
      ],
      isSelector: true,
    },
    { name: 'limit', help: 'ICMP rows to show.', allowed: 'a whole number from 1 to 500' },
    { name: 'unreplied', help: 'only connections without a reply', allowed: 'yes', isFlag: true },
  ],
  run: async (_given: Arguments) => RANKING,
};

/** The command `tail`, which takes no interval. */
export const EVENTS: LiveFunction = {
  name: 'events',
  command: 'tail',
  summary: 'print connections as they begin and end',
  help: 'One line per event.',
  parameters: [{ name: 'proto', help: 'only this protocol', allowed: 'tcp or udp' }],
  run: async () => RANKING,
};
