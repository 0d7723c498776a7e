import { describe, expect, it } from 'vitest';

import type { Answer } from '../../collector/functions/answer.ts';
import { EventsFunction } from '../../collector/functions/events.ts';
import { type LiveEntry, LiveKernel, liveEvent, NOW, rowsOf } from '../helpers/live_kernel.ts';
import { failure, overrun } from '../helpers/netlink_channel.ts';

const DNS: LiveEntry = {
  original: { from: '10.0.0.7', sport: 5353, to: '192.0.2.53', dport: 53 },
  id: 71,
  mark: 3,
};
const WEB: LiveEntry = {
  protocol: 6,
  state: [1, 1],
  original: { from: '10.0.0.8', sport: 40_000, to: '192.0.2.1', dport: 443 },
  id: 72,
};
const ENDED: LiveEntry = { ...WEB, counters: [3, 300, 4, 4000], startedAt: NOW - 60_000 };

/** A dashboard that calls the function now and then; while it waits, the drains that are due run. */
class Dashboard {
  readonly live = new EventsFunction();
  readonly kernel: LiveKernel;

  constructor(isPatient = false) {
    this.kernel = new LiveKernel({}, { isPatient });
  }

  /** Calls; the first call takes a second. */
  readonly call = (given: Record<string, string> = {}): Promise<Answer> => {
    const { clock, runtime } = this.kernel;
    clock.onSleep((milliseconds) => {
      clock.advance(milliseconds);
      runtime.advanceTo(runtime.monotonic() / 1e6 + milliseconds / 1000);
    });
    return this.kernel.answer(this.live, given);
  };

  /** Seconds go by. */
  readonly pass = async (seconds: number): Promise<void> => {
    const { runtime } = this.kernel;
    for (let left = seconds; left > 0; left -= 0.2) {
      runtime.advanceTo(runtime.monotonic() / 1e6 + Math.min(left, 0.2));
      await runtime.settle();
    }
  };
}

describe('the recent events', () => {
  it('are those since the first call, which waits a second, newest first', async () => {
    const { call, kernel } = new Dashboard();
    kernel.events.push([liveEvent('new', DNS), liveEvent('update', WEB), liveEvent('new', WEB)]);
    kernel.events.push([liveEvent('destroyed', ENDED)]);
    const answer = await call();
    expect(rowsOf(answer)).toMatchObject([
      { event: 'destroyed', protocol: 'tcp', state: 'SYN_SENT', source: '10.0.0.8', packets: 7, bytes: 4300, age: 61 },
      { event: 'new', protocol: 'tcp', source: '10.0.0.8', packets: null, age: null },
      { event: 'new', protocol: 'udp', source: '10.0.0.7', destination_port: 53, mark: 3 },
    ]);
    expect(answer.sortedBy).toBe('time');
    expect(answer.notes).toEqual(['Events since 2023-11-14T22:13:20.000Z: 3, matching: 3; the latest 2,000 are kept.']);
    expect(kernel.clock.sleeps).toEqual([1000]);
    expect(kernel.channels[0]?.joined).toEqual([1, 3]);
  });

  it('are collected between two calls, with the time at which they came', async () => {
    const { call, kernel, pass } = new Dashboard();
    expect((await call()).rows).toEqual([]);
    kernel.clock.advance(5000);
    kernel.channels[0]?.queue([liveEvent('new', DNS)]);
    await pass(5);
    const [row] = rowsOf(await call());
    expect(row).toMatchObject({ time: NOW + 6000, source: '10.0.0.7' });
    expect([kernel.clock.sleeps, kernel.channels.length]).toEqual([[1000], 1]);
  });

  it('are filtered like connections, for each filter on its own', async () => {
    const { call, kernel } = new Dashboard();
    const both = [liveEvent('new', DNS), liveEvent('new', WEB)];
    kernel.events.push(both);
    expect(rowsOf(await call({ proto: 'tcp' })).map((row) => row['id'])).toEqual([72]);
    kernel.events.push(both);
    expect(rowsOf(await call({ dport: '53' })).map((row) => row['id'])).toEqual([71]);
    expect(kernel.channels).toHaveLength(2);
    await expect(call({ dport: 'http' })).rejects.toThrow('dport: found "http"');
    expect(kernel.channels).toHaveLength(2);
  });

  it('are the latest 2,000, or fewer if the limit is lower', async () => {
    const { call, kernel, pass } = new Dashboard();
    const numbered = Array.from({ length: 2100 }, (_, id) => [liveEvent('new', { ...DNS, id })]);
    kernel.events.push(...numbered);
    await call({ limit: '10000' });
    await pass(1);
    const ids = rowsOf(await call({ limit: '10000' })).map((row) => row['id']);
    expect([ids.length, ids[0], ids.at(-1)]).toEqual([2000, 2099, 100]);
    expect(rowsOf(await call({ limit: '2' })).map((row) => row['id'])).toEqual([2099, 2098]);
  });

  it('end a minute after the last call', async () => {
    const { call, kernel, pass } = new Dashboard();
    await call();
    await pass(50);
    await call();
    await pass(59);
    expect(kernel.isClosed).toBe(false);
    await pass(2);
    expect([kernel.isClosed, kernel.runtime.waiting]).toEqual([true, 0]);
    await call();
    expect([kernel.channels.length, kernel.isClosed]).toEqual([2, false]);
  });

  it('of a fifth filter end those of the filter that was used longest ago', async () => {
    const { call, kernel } = new Dashboard();
    for (const dport of ['1', '2', '3', '4', '1', '5']) await call({ dport });
    expect(kernel.channels.map(({ isClosed }) => isClosed)).toEqual([false, true, false, false, false]);
  });

  it('end with the answer at a terminal, and when the program ends', async () => {
    const terminal = new Dashboard(true);
    await terminal.call();
    expect([terminal.kernel.isClosed, terminal.kernel.runtime.waiting]).toEqual([true, 0]);
    const agent = new Dashboard();
    await agent.call();
    agent.live.close();
    expect([agent.kernel.isClosed, agent.kernel.runtime.waiting]).toEqual([true, 0]);
  });

  it('that were lost or malformed are reported', async () => {
    const { call, kernel } = new Dashboard();
    kernel.events.push(overrun(), [liveEvent('new', DNS)], overrun(), [Uint8Array.of(1, 2, 3, 4)]);
    const { notes, rows } = await call();
    expect(rows).toHaveLength(1);
    expect(notes.slice(1)).toEqual([
      'Events are missing: they came too fast, and the kernel dropped some. Overruns: 2.',
      'Malformed reports of the kernel: 1.',
    ]);
  });

  it('are a problem while events are turned off, and when the kernel refuses, now or later', async () => {
    const off = new Dashboard();
    const sources = { ...off.kernel.sources, eventSetting: () => 0 };
    const turnedOff = off.live.run({}, sources, new AbortController().signal);
    await expect(turnedOff).rejects.toMatchObject({ problem: { code: 'events_off' } });
    const { call, kernel, pass } = new Dashboard();
    kernel.events.push(failure('EPERM'));
    await expect(call()).rejects.toMatchObject({ problem: { code: 'no_capability' } });
    expect([kernel.isClosed, kernel.runtime.waiting]).toEqual([true, 0]);
    await call();
    kernel.channels[1]?.queue(failure('EPERM'));
    await pass(1);
    await expect(call()).rejects.toMatchObject({ problem: { code: 'no_capability' } });
    expect(kernel.isClosed).toBe(true);
  });

  it('end when the first call is aborted', async () => {
    const { kernel, live } = new Dashboard();
    const abort = new AbortController();
    kernel.clock.onSleep(() => abort.abort());
    await expect(kernel.answer(live, {}, abort.signal)).rejects.toThrow('aborted');
    expect([kernel.channels.length, kernel.isClosed, kernel.runtime.waiting]).toEqual([1, true, 0]);
  });
});
