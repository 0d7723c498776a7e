import { describe, expect, it } from 'vitest';

import { plainLines } from '../../collector/terminal/plain_lines.ts';
import { host, instance, reading, Showing } from '../helpers/showing.ts';

const BLUE = { netns: 'blue' };

describe('a plain line', () => {
  const lineOf = ({ board }: Showing): string => plainLines(board, Date.UTC(2026, 10, 21, 8, 45, 1, 234));

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

  it("begins with the network namespace that is shown, if it is not the host's own", () => {
    const { board } = new Showing().update(0, reading(1, host({ connections: 5 })));
    expect(plainLines(board, 0, 'blue')).toBe('1970-01-01T00:00:00Z netns=blue sockets.connections=5\n');
  });

  it('of the host is the same with other network namespaces, which have separate lines', () => {
    const showing = new Showing().update(
      0,
      reading(1, host({ connections: 5, max: 100 })),
      reading(
        1,
        instance('host', 'netns_blue', BLUE, { connections: 17, max: 100, drop: 2 }),
        instance('host', 'netns_red', { netns: 'red' }, { connections: 3 }),
        instance('cpu', 'netns_blue_cpu0', { ...BLUE, cpu: 'cpu0' }, { found: 9 }),
      ),
    );
    expect(lineOf(showing)).toBe(
      '2026-11-21T08:45:01Z sockets.connections=5 sockets.max=100\n' +
        '2026-11-21T08:45:01Z netns=blue sockets.connections=17 sockets.max=100 errors.drop=2\n' +
        '2026-11-21T08:45:01Z netns=red sockets.connections=3\n',
    );
  });
});
