/** What the packaged plugin does while connection tracking is loaded, used and unloaded, on any kernel. */

import { expect, it } from 'vitest';

import { eventsByDimension, eventsOf } from '../helpers/stream.ts';
import type { Results } from './results.ts';

/**
 * Tests of what a guest left behind.
 *
 * @param ran the results; `undefined` until it has run.
 * @param platform the expected release of the kernel, machine as `uname` names it, and size of pages.
 */
export function testResults(
  ran: () => Results | undefined,
  [release, ...platform]: readonly [RegExp, string, string],
): void {
  const guest = (): Results => {
    const results = ran();
    if (results === undefined) throw new Error('the guest has not run');
    return results;
  };
  /** What was logged after a mark, except that the guest is slow. */
  const logged = (mark: string): readonly string[] =>
    guest()
      .after(mark)
      .log.filter((line) => !/"late: |"back on schedule/.test(line));
  const newIn = (mark: string): number => eventsOf(guest().after(mark).ticks, 'conntrack.new', 'new');

  it('runs the whole script without a timeout or a complaint of the kernel, and the plugin ends with code 0', () => {
    expect(guest().platform).toEqual([expect.stringMatching(release), ...platform]);
    expect([guest().file('timeouts'), guest().file('kernel.complaints'), guest().file('code').trim()]).toEqual([
      '',
      '',
      '0',
    ]);
  });

  it('reports nothing and loads no module before connection tracking is loaded, and logs that once', () => {
    expect(guest().after('start').ticks).toEqual([]);
    expect(logged('start')).toEqual([expect.stringContaining('connection tracking is not loaded')]);
    expect(guest().file('modules.before')).not.toMatch(/conntrack/);
  });

  it('begins when connection tracking is loaded', () => {
    expect(Object.keys(guest().after('load').ticks.at(-1)?.charts ?? {})).toEqual(
      expect.arrayContaining(['conntrack.sockets', 'conntrack.utilization', 'conntrack.new', 'conntrack.changes']),
    );
  });

  it('counts every new connection', () => {
    expect(newIn('made')).toBe(300);
    expect(eventsByDimension(guest().after('made').ticks, 'conntrack.new_by_protocol')).toMatchObject({
      udp: 300,
      tcp: 0,
    });
    expect(Number(guest().file('made.entries'))).toBe(300);
  });

  it('notices that nf_conntrack_netlink was unloaded while it listened, and counts every connection from then on', () => {
    expect(logged('netlink_unloaded')).toEqual([
      expect.stringMatching(/level=warning .*nf_conntrack_netlink was unloaded/),
    ]);
    expect(newIn('netlink_back')).toBe(77);
  });

  it('leaves a gap while connection tracking is unloaded, and logs that once', () => {
    expect(guest().after('gap').ticks).toEqual([]);
    expect(logged('gap')).toEqual([]);
    // The files disappear one after the other, so another source may be tried in between.
    expect(logged('unload').filter((line) => line.includes('connection tracking is not loaded'))).toHaveLength(1);
    expect(guest().file('modules.unloaded')).not.toMatch(/conntrack/);
  });

  it('counts from 0 when connection tracking is loaded again, without a peak', () => {
    const errors = guest()
      .after('reload')
      .ticks.flatMap(({ charts }) => Object.values(charts['conntrack.errors'] ?? {}));
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.filter((rate) => rate !== 0)).toEqual([]);
    expect(logged('reload').filter((line) => line.includes('the statistics can be read again'))).toHaveLength(1);
    expect(newIn('reloaded')).toBe(120);
  });

  it('counts the connections in a flow table', () => {
    const offloaded = guest()
      .file('offloaded.entries')
      .split('\n')
      .filter((line) => line.includes('[OFFLOAD]'));
    expect(offloaded).toHaveLength(2);
    const { ticks } = guest().after('offloaded');
    const last = (chart: string): unknown => ticks.findLast(({ charts }) => chart in charts)?.charts[chart];
    expect(last('conntrack.flows_by_offload')).toMatchObject({ software: 2, hardware: 0 });
    expect(last('conntrack.tcp_states')).toMatchObject({ established: 0, offloaded: 2 });
  });

  it('counts the packets that a full table drops, as the kernel does', () => {
    const dropped = [
      ...guest()
        .file('full.statistics')
        .matchAll(/\bdrop=(\d+)/g),
    ].reduce((sum, [, count]) => sum + Number(count), 0);
    expect(dropped).toBeGreaterThan(100);
    expect(eventsOf(guest().after('full').ticks, 'conntrack.errors', 'drop')).toBe(dropped);
    expect(guest().after('full').ticks.at(-1)?.charts['conntrack.utilization']).toEqual({ used: 100_000 });
  });
}
