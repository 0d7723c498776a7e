import { describe, expect, it } from 'vitest';

import { type StuckDump, type StuckGroup, StuckTracker } from '../../../collector/modules/flows/stuck.ts';
import { addressText } from '../../../collector/netlink/address.ts';
import { type FlowEntry, flowEntry } from '../../helpers/flow_entry.ts';

const UDP = { original: { from: '10.0.0.7', to: '10.96.0.10', sport: 5353, dport: 53 } };

/** An unanswered entry with 30 s left. */
function unanswered(id: number, given: Partial<FlowEntry> = {}): FlowEntry {
  return { ...UDP, id, timeout: 30, ...given };
}

/** One dump, begun so many seconds after the start; `scale` is 1 unless it is a sample. */
function dump(tracker: StuckTracker, seconds: number, entries: readonly FlowEntry[], scale = 1): number | undefined {
  return whole(tracker, seconds, entries, scale).values['flows_stuck'];
}

function whole(tracker: StuckTracker, seconds: number, entries: readonly FlowEntry[], scale = 1) {
  const visitor: StuckDump = tracker.begin(seconds * 1e6);
  for (const entry of entries) {
    const { bytes, flow } = flowEntry(entry);
    visitor.add(flow, bytes);
  }
  const values: Record<string, number | undefined> = {};
  visitor.fill(values, scale);
  return { values, visitor };
}

/** A dump every 10 s from 0 on, up to and including a time; returns the last number. */
function dumps(tracker: StuckTracker, until: number, entries: (seconds: number) => readonly FlowEntry[]) {
  let last: number | undefined;
  for (let seconds = 0; seconds <= until; seconds += 10) last = dump(tracker, seconds, entries(seconds));
  return last;
}

function shown(groups: Iterable<StuckGroup>) {
  return [...groups].map(({ destination, since, translatedDestination: to, translatedSource: from, ...rest }) => ({
    ...rest,
    to: addressText(destination),
    since: since / 1e6,
    ...(to === undefined ? {} : { dnat: `${addressText(to.address)}:${to.port}` }),
    ...(from === undefined ? {} : { snat: addressText(from) }),
  }));
}

describe('stuck connections', () => {
  it('are unknown until entries have been followed for a minute, then 0 if there is none', () => {
    const tracker = new StuckTracker();
    expect([0, 10, 50, 60].map((seconds) => dump(tracker, seconds, []))).toEqual([undefined, undefined, undefined, 0]);
  });

  it('are never answered, and refreshed for longer than a minute', () => {
    const tracker = new StuckTracker();
    expect(dumps(tracker, 50, () => [unanswered(7), unanswered(8)])).toBeUndefined();
    expect(dump(tracker, 60, [unanswered(7), unanswered(8)])).toBe(2);
  });

  it.each<[string, (seconds: number) => FlowEntry]>([
    ['a connection that was answered', () => unanswered(7, { status: 0xa })],
    ['a connection that only waits for its end', (seconds) => unanswered(7, { timeout: 432_000 - seconds })],
    [
      'a connection that was refreshed once',
      (seconds) => unanswered(7, { timeout: (seconds < 100 ? 900 : 1800) - seconds }),
    ],
    ['another connection each time', (seconds) => unanswered(seconds)],
    ['an offloaded connection, which has no timeout', () => unanswered(7, { timeout: -1 })],
    ['multicast', () => unanswered(7, { original: { ...UDP.original, to: '224.0.0.251' } })],
    ['the limited broadcast', () => unanswered(7, { original: { ...UDP.original, to: '255.255.255.255' } })],
    ['multicast over IPv6', () => unanswered(7, { original: { ...UDP.original, from: 'fe80::1', to: 'ff02::fb' } })],
  ])('do not include %s', (_, entry) => {
    const other = unanswered(1_000_001);
    expect(dumps(new StuckTracker(), 120, (seconds) => [entry(seconds), other])).toBe(1);
  });

  it('do not include a connection whose timeout is only rounded otherwise', () => {
    const timeouts = (seconds: number): number => 300 - seconds + (seconds % 20 === 0 ? 1 : 0);
    expect(dumps(new StuckTracker(), 120, (seconds) => [unanswered(7, { timeout: timeouts(seconds) })])).toBe(0);
  });

  it('no longer include a connection a minute after its last refresh', () => {
    const tracker = new StuckTracker();
    const left = (seconds: number): number => (seconds <= 70 ? 300 : 370 - seconds);
    expect(dumps(tracker, 120, (seconds) => [unanswered(7, { timeout: left(seconds) })])).toBe(1);
    expect(dump(tracker, 130, [unanswered(7, { timeout: left(130) })])).toBe(0);
  });

  it('are grouped by destination and translation, with the time when the oldest was first seen', () => {
    const tracker = new StuckTracker();
    const stale: Partial<FlowEntry> = {
      status: 0x38,
      zone: 5,
      reply: { from: '10.244.1.9', to: '203.0.113.5', sport: 5300, dport: 40_001 },
    };
    const entries = [
      unanswered(1),
      unanswered(2),
      unanswered(3, stale),
      unanswered(4, { protocol: 1, original: { from: '10.0.0.7', to: '10.0.0.8' } }),
    ];
    for (let seconds = 0; seconds < 80; seconds += 10)
      dump(tracker, seconds, seconds < 20 ? entries.filter(({ id }) => id !== 2) : entries);
    const { visitor } = whole(tracker, 80, entries);
    expect(tracker.latest).toBe(visitor);
    const udp = { zone: 0, protocol: 17, to: '10.96.0.10', destinationPort: 53 };
    expect(shown(visitor.groups)).toEqual([
      { ...udp, connections: 2, since: 0 },
      { ...udp, connections: 1, since: 0, zone: 5, dnat: '10.244.1.9:5300', snat: '203.0.113.5' },
      { zone: 0, protocol: 1, to: '10.0.0.8', destinationPort: -1, connections: 1, since: 0 },
    ]);
  });

  it('are counted once if a dump has to be repeated', () => {
    const tracker = new StuckTracker();
    dumps(tracker, 60, () => [unanswered(7)]);
    const broken = tracker.begin(70e6);
    const { bytes, flow } = flowEntry(unanswered(7));
    broken.add(flow, bytes);
    expect(dump(tracker, 70.5, [unanswered(7)])).toBe(1);
  });

  it('are not forgotten by a sample that does not look at them, and scaled to the table', () => {
    const tracker = new StuckTracker();
    const [seen, unseen] = [unanswered(7), unanswered(8)];
    for (let seconds = 0; seconds < 60; seconds += 10) dump(tracker, seconds, [seen, unseen], 50);
    expect(dump(tracker, 60, [seen], 50)).toBe(50);
    expect(dump(tracker, 70, [seen, unseen], 50)).toBe(100);
  });

  it('are forgotten by a sample only a minute after they would have expired', () => {
    const tracker = new StuckTracker();
    for (let seconds = 0; seconds < 70; seconds += 10) dump(tracker, seconds, [unanswered(7), unanswered(8)], 50);
    for (let seconds = 70; seconds <= 160; seconds += 10) dump(tracker, seconds, [unanswered(7)], 50);
    expect(dump(tracker, 170, [unanswered(7), unanswered(8)], 50)).toBe(50);
  });

  it('are unknown for a minute after a whole dump follows a sample', () => {
    const tracker = new StuckTracker();
    for (let seconds = 0; seconds < 70; seconds += 10) dump(tracker, seconds, [unanswered(7)], 50);
    const found = [70, 80, 120, 130].map((seconds) => dump(tracker, seconds, [unanswered(7)]));
    expect(found).toEqual([undefined, undefined, undefined, 1]);
  });

  it('are estimated if there are more unanswered entries than are followed, and exact again when there are fewer', () => {
    const tracker = new StuckTracker(256);
    const many = Array.from({ length: 4000 }, (_, id) => unanswered(id));
    const estimate = dumps(tracker, 120, () => many) ?? 0;
    expect(Math.abs(estimate - 4000)).toBeLessThan(1500);
    const few = many.slice(0, 20);
    let last: number | undefined;
    for (let seconds = 130; seconds < 1000; seconds += 10) last = dump(tracker, seconds, few);
    expect(last).toBe(20);
  });
});
