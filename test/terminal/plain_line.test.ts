import { describe, expect, it } from 'vitest';

import { plainLine } from '../../collector/terminal/plain_line.ts';
import { host, instance, reading, Showing } from '../helpers/showing.ts';

describe('a plain line', () => {
  const lineOf = ({ board }: Showing): string => plainLine(board, Date.UTC(2026, 10, 21, 8, 45, 1, 234));

  it('has the known values by chart and dimension, as precisely as the agent gets them', () => {
    const samples = [
      host({ connections: 12_345, max: 262_144, utilization: 4.70924, new: 1203.0004, drop: 0, invalid: undefined }),
      instance('daemon', 'north', { daemon: 'north' }, { up: 0, unresponsive: 1, down: 0 }),
    ];
    expect(lineOf(new Showing().update(0, reading(1, ...samples)))).toBe(
      '2026-11-21T08:45:01Z sockets.connections=12345 sockets.max=262144 utilization.used=4.709 new.new=1203 errors.drop=0 ' +
        'conntrackd_state_north.up=0 conntrackd_state_north.unresponsive=1 conntrackd_state_north.down=0\n',
    );
  });

  it('is empty while nothing is known', () => {
    expect(lineOf(new Showing().update(0, reading(1)))).toBe('');
  });

  it('omits values that the last update did not have', () => {
    const showing = new Showing().update(0, reading(1, host({ connections: 5, max: 100, new: 3 })));
    expect(lineOf(showing.update(1, reading(1, host({ new: 4 }))))).toBe('2026-11-21T08:45:01Z new.new=4\n');
  });

  it('keeps values that are read less often until they are due', () => {
    const showing = new Showing().update(0, reading(10, host({ connections: 5 })));
    expect(lineOf(showing.update(9))).toBe('2026-11-21T08:45:01Z sockets.connections=5\n');
    expect(lineOf(showing.update(10))).toBe('');
  });
});
