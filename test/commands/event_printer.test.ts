import { describe, expect, it } from 'vitest';

import { EventPrinter } from '../../collector/commands/event_printer.ts';
import { FakeClock } from '../helpers/fake_clock.ts';
import { flowEntry } from '../helpers/flow_entry.ts';

/** 22:13:20.125 UTC. */
const WALL = 1_700_000_000_125;
const LOCAL = new Date(WALL).toTimeString().slice(0, 8);
const MEBIBYTE = 2 ** 20;

const { bytes, flow } = flowEntry({
  original: { from: '10.0.0.7', sport: 4711, to: '192.0.2.1', dport: 53 },
  status: 0x10,
  reply: { from: '192.0.2.1', sport: 53, to: '203.0.113.9', dport: 50_001 },
  id: 77,
});

/** A printer, what it writes, and how much of that waits to be read. */
function scene(json = false, netns?: string) {
  const clock = new FakeClock(WALL);
  const stream = {
    written: [] as string[],
    writableLength: 0,
    write(text: Buffer): boolean {
      this.written.push(text.toString());
      return true;
    },
  };
  const reports: string[] = [];
  const printer = new EventPrinter({ stream, clock, json, netns, report: (message) => reports.push(message) });
  const events = async (count: number): Promise<void> => {
    for (let event = 0; event < count; event++) printer.event('new', flow, bytes);
    await printer.flush();
  };
  return { clock, events, printer, reports, stream };
}

describe('the printer of events', () => {
  it('writes a line per event with the local time, all of a batch at once', async () => {
    const { printer, stream } = scene();
    printer.event('new', flow, bytes);
    printer.event('destroyed', flow, bytes);
    expect(stream.written).toEqual([]);
    await printer.flush();
    expect(stream.written).toEqual([
      `${LOCAL}.125 new       udp 10.0.0.7:4711 -> 192.0.2.1:53 snat 203.0.113.9:50001\n` +
        `${LOCAL}.125 destroyed udp 10.0.0.7:4711 -> 192.0.2.1:53 snat 203.0.113.9:50001\n`,
    ]);
  });

  it('names the network namespace in every line', async () => {
    const [text, json] = [scene(false, 'blue'), scene(true, 'blue')];
    await Promise.all([text.events(2), json.events(1)]);
    expect(text.stream.written.join('')).toMatch(/^(?:.* snat 203\.0\.113\.9:50001 netns blue\n){2}$/);
    expect(JSON.parse(json.stream.written.join(''))).toMatchObject({ netns: 'blue', time: WALL, source: '10.0.0.7' });
  });

  it('writes an object per event as JSON', async () => {
    const { events, stream } = scene(true);
    await events(1);
    expect(JSON.parse(stream.written.join(''))).toEqual({
      time: WALL,
      event: 'new',
      protocol: 'udp',
      source: '10.0.0.7',
      source_port: 4711,
      destination: '192.0.2.1',
      destination_port: 53,
      translated_source: '203.0.113.9:50001',
      status: 'UNREPLIED',
      zone: 0,
      mark: 0,
      family: 'ipv4',
      id: 77,
    });
  });

  it('decodes only what it prints', () => {
    expect(scene(false).printer.parts).not.toContain('helper');
    expect(scene(true).printer.parts).toContain('helper');
  });

  it('writes nothing without events', async () => {
    const { printer, stream } = scene();
    await printer.flush();
    expect(stream.written).toEqual([]);
  });

  it('drops and counts events while the reader is slow, and keeps no text of them', async () => {
    const { clock, events, reports, stream } = scene();
    stream.writableLength = MEBIBYTE;
    await events(1);
    expect([stream.written.length, reports.length]).toEqual([1, 0]);
    stream.writableLength = MEBIBYTE + 1;
    await events(1);
    await events(1500);
    expect(stream.written).toHaveLength(2);
    expect(reports).toEqual(['1,500 events dropped: standard output is read too slowly']);
    await events(3);
    // Each batch has waited 100 ms for the reader.
    clock.advance(699);
    await events(4);
    expect(reports).toHaveLength(1);
    clock.advance(1000);
    stream.writableLength = 0;
    await events(5);
    expect(reports).toEqual([reports[0], '12 events dropped: standard output is read too slowly']);
    await events(1);
    expect(stream.written).toHaveLength(3);
  });

  it('waits for a busy reader, no longer than it takes, before it drops anything', async () => {
    const { clock, printer, reports, stream } = scene();
    const read: (() => void)[] = [];
    stream.write = (_text: Buffer, done?: () => void): boolean => {
      stream.writableLength = 2 * MEBIBYTE;
      if (done !== undefined) read.push(done);
      return false;
    };
    clock.sleep = (milliseconds, interruption) => {
      clock.sleeps.push(milliseconds);
      return new Promise((resolve) => {
        if (interruption !== undefined) interruption.wake = resolve;
      });
    };
    printer.event('new', flow, bytes);
    const flushed = printer.flush();
    stream.writableLength = 0;
    for (const done of read) done();
    await flushed;
    printer.event('new', flow, bytes);
    expect([read.length, clock.sleeps, reports]).toEqual([1, [100], []]);
  });

  it('reports what the kernel dropped, once a second at most', async () => {
    const { clock, printer, reports } = scene();
    printer.lost(2);
    await printer.flush();
    printer.lost(3);
    await printer.flush();
    expect(reports).toHaveLength(1);
    clock.advance(1000);
    await printer.flush();
    expect(reports).toEqual([
      'the kernel dropped events 2 times: they come faster than they can be printed',
      'the kernel dropped events 3 times: they come faster than they can be printed',
    ]);
  });
});
