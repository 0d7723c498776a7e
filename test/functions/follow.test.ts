import { describe, expect, it } from 'vitest';

import { ByteBuffer } from '../../collector/base/byte_buffer.ts';
import { addEventLine, LINE_PARTS } from '../../collector/functions/event_line.ts';
import { type EventSink, followEvents } from '../../collector/functions/follow.ts';
import { type LiveEntry, LiveKernel, liveEvent, NOW } from '../helpers/live_kernel.ts';
import { attribute, failure, nested, netfilter, number, overrun } from '../helpers/netlink_channel.ts';

const DNS: LiveEntry = { original: { from: '10.0.0.7', sport: 5353, to: '192.0.2.53', dport: 53 } };

/** Lines, written out in batches; follows until nothing has come for some drains. */
class Printer implements EventSink {
  readonly parts = LINE_PARTS;
  readonly batches: string[][] = [];
  readonly losses: number[] = [];
  readonly abort = new AbortController();
  readonly #text = new ByteBuffer();
  #lines: string[] = [];
  #quiet = 0;

  readonly event: EventSink['event'] = (kind, flow, bytes) => {
    addEventLine(this.#text, '12:00', kind, flow, bytes, NOW);
    this.#lines.push(this.#text.take().toString());
  };

  flush(): void {
    this.#quiet = this.#lines.length === 0 ? this.#quiet + 1 : 0;
    if (this.#lines.length > 0) this.batches.push(this.#lines);
    this.#lines = [];
    if (this.#quiet === 2) this.abort.abort();
  }

  lost(times: number): void {
    this.losses.push(times);
  }
}

async function followed(kernel: LiveKernel, given: Record<string, string> = {}): Promise<Printer> {
  const printer = new Printer();
  await followEvents(given, kernel.sources, printer.abort.signal, printer);
  return printer;
}

/** The lines about these events. */
async function lines(...events: readonly Uint8Array[]): Promise<string[]> {
  const kernel = new LiveKernel();
  kernel.events.push([events]);
  return (await followed(kernel)).batches.flat();
}

describe('following events', () => {
  it('passes on those that match, and ends when aborted', async () => {
    const kernel = new LiveKernel();
    kernel.events.push(
      [liveEvent('new', DNS), liveEvent('new', { ...DNS, protocol: 6 })],
      [liveEvent('destroyed', DNS)],
    );
    const { batches } = await followed(kernel, { proto: 'udp' });
    expect(batches).toEqual([
      ['12:00 new       udp 10.0.0.7:5353 -> 192.0.2.53:53', '12:00 destroyed udp 10.0.0.7:5353 -> 192.0.2.53:53'],
    ]);
    expect(kernel.clock.sleeps).toEqual([100, 100]);
    expect(kernel.isClosed).toBe(true);
  });

  it('writes out what came before it reads on', async () => {
    const kernel = new LiveKernel();
    const many = Array.from({ length: 6000 }, () => [liveEvent('new', DNS)]);
    kernel.events.push(...many);
    const { batches } = await followed(kernel);
    expect(batches.map(({ length }) => length)).toEqual([5000, 1000]);
    // It pauses when nothing more waits: after the second batch, and after nothing.
    expect(kernel.clock.sleeps).toEqual([100, 100]);
  });

  it('reports each loss once', async () => {
    const kernel = new LiveKernel();
    kernel.events.push(overrun(), overrun(), [liveEvent('new', DNS)]);
    const { batches, losses } = await followed(kernel);
    expect([batches.length, losses]).toEqual([1, [2]]);
  });

  it('ends with a problem when the kernel refuses, or events are turned off', async () => {
    const kernel = new LiveKernel();
    kernel.events.push(failure('EPERM'));
    await expect(followed(kernel)).rejects.toMatchObject({ problem: { code: 'no_capability' } });
    expect(kernel.isClosed).toBe(true);
    const off = new LiveKernel({}, { eventSetting: () => 0 });
    await expect(followed(off)).rejects.toMatchObject({ problem: { code: 'events_off' } });
  });

  it('refuses a bad filter before anything is opened', async () => {
    const kernel = new LiveKernel();
    await expect(followed(kernel, { sport: 'x' })).rejects.toThrow('sport: found "x"');
    await expect(followed(kernel, { limit: '5' })).rejects.toThrow('unknown argument "limit"');
    expect(kernel.channels).toEqual([]);
  });
});

describe('the line of an event', () => {
  it('has what is known of TCP: state, translations, zone, mark, and totals at the end', async () => {
    const entry: LiveEntry = {
      protocol: 6,
      state: [1, 7],
      status: 0x3e,
      original: { from: '10.0.0.7', sport: 40_001, to: '192.0.2.1', dport: 443 },
      reply: { from: '10.9.9.9', sport: 8443, to: '203.0.113.9', dport: 50_001 },
      zone: 7,
      mark: 33,
      counters: [3, 300, 4, 4000],
      startedAt: NOW - 12_000,
    };
    const what =
      'tcp TIME_WAIT 10.0.0.7:40001 -> 192.0.2.1:443 snat 203.0.113.9:50001 dnat 10.9.9.9:8443 zone 7 mark 33';
    expect(await lines(liveEvent('new', entry), liveEvent('destroyed', entry))).toEqual([
      `12:00 new       ${what}`,
      `12:00 destroyed ${what} packets 7 bytes 4300 age 12s`,
    ]);
  });

  it('has the addresses of IPv6, the numbers of ICMP, and no port where there is none', async () => {
    const ping: LiveEntry = {
      protocol: 58,
      original: { from: 'fd00::5', to: 'fd99::1' },
      icmp: { type: 128, code: 0, id: 9 },
    };
    const web: LiveEntry = { protocol: 6, original: { from: 'fd00::5', sport: 1, to: 'fd99::1', dport: 80 } };
    const esp: LiveEntry = { protocol: 50, original: { from: '10.0.0.255', to: '10.0.0.0' } };
    expect(await lines(liveEvent('new', ping), liveEvent('new', web), liveEvent('new', esp))).toEqual([
      '12:00 new       icmpv6 fd00::5 -> fd99::1 type 128 code 0 id 9',
      '12:00 new       tcp [fd00::5]:1 -> [fd99::1]:80',
      '12:00 new       esp 10.0.0.255 -> 10.0.0.0',
    ]);
  });

  it('has a question mark for an address that the kernel does not report', async () => {
    const udp = nested(2, attribute(1, number(17, 1)));
    const source = nested(1, attribute(1, Uint8Array.of(10, 0, 0, 7)));
    const report = (...tuple: readonly Uint8Array[]) =>
      netfilter({ type: 0x100, flags: 0x400, sequence: 0 }, { family: 2 }, nested(1, ...tuple));
    expect(await lines(report(udp), report(source, udp))).toEqual([
      '12:00 new       udp ? -> ?',
      '12:00 new       udp 10.0.0.7 -> ?',
    ]);
  });
});
