/** The kernel's reports of new and destroyed connections, made by real packets, counted to the last one. */

import { describe, expect, inject, it, type TestContext } from 'vitest';

import { BLACK_HOLE, Laboratory, SERVER_ADDRESS, SERVER_ADDRESS_6 } from '../helpers/laboratory.ts';
import { Program } from '../helpers/program.ts';
import { eventsByDimension, eventsOf, type Tick } from '../helpers/stream.ts';
import { until } from '../helpers/until.ts';

const NO_NEW = { tcp: 0, udp: 0, icmp: 0, icmpv6: 0, sctp: 0, gre: 0, other: 0 };

describe.skipIf(inject('missing').kernel !== undefined)('new and destroyed connections', () => {
  /** A laboratory for one test. UDP flows stay in its table until they are deleted. */
  function createLaboratory(test: TestContext): Laboratory {
    const laboratory = Laboratory.create();
    test.onTestFinished(() => laboratory.close());
    laboratory.set('nf_conntrack_udp_timeout', 600);
    return laboratory;
  }

  /** Starts the program in the router. */
  function run(test: TestContext, laboratory: Laboratory, options = ''): Program {
    const config = `modules: { events: { enabled: yes, ${options} }, flows: { enabled: no }, sockets: { enabled: no } }`;
    const program = new Program(['1'], {}, { via: laboratory.via('router'), config });
    test.onTestFinished(async () => void (await program.stop()));
    return program;
  }

  /** Starts the program in the router and waits until it listens. */
  async function start(test: TestContext, laboratory: Laboratory, options?: string): Promise<Program> {
    const program = run(test, laboratory, options);
    await program.updated('conntrack.new_by_protocol', 2);
    return program;
  }

  /** Waits until the ticks from `first` on add up to the expected connections, and then for two more. */
  async function charted(program: Program, first: number, expected: { new?: number; deleted?: number }): Promise<void> {
    await until(`${JSON.stringify(expected)}; ${program.err}`, 120, () => {
      const ticks = program.ticks.slice(first);
      return (
        eventsOf(ticks, 'conntrack.new', 'new') >= (expected.new ?? 0) &&
        eventsOf(ticks, 'conntrack.changes', 'deleted') >= (expected.deleted ?? 0)
      );
    });
    await program.updated('conntrack.new_by_protocol', 2);
  }

  it.concurrent('are counted to the last of 20,000 UDP flows: created in four seconds, deleted, created again and timed out', async (test) => {
    const { expect } = test;
    const laboratory = createLaboratory(test);
    const program = await start(test, laboratory);
    const first = program.ticks.length;
    await laboratory.finishedTraffic('client', 'udp-spread', SERVER_ADDRESS, BLACK_HOLE, 20_000, 5000, 60);
    await charted(program, first, { new: 20_000 });
    expect(laboratory.count()).toBe(20_000);
    const made = program.ticks.slice(first);
    expect(eventsByDimension(made, 'conntrack.new_by_protocol')).toEqual({ ...NO_NEW, udp: 20_000 });
    expect(eventsOf(made, 'conntrack.new', 'new')).toBe(20_000);
    expect(eventsOf(made, 'conntrack.changes', 'deleted')).toBe(0);
    // They were created within some seconds, and the rates cover some seconds.
    const busy = made.filter(({ charts }) => (charts['conntrack.new']?.['new'] ?? 0) > 0);
    expect(busy.length).toBeGreaterThanOrEqual(2);

    const second = program.ticks.length;
    laboratory.flush();
    await charted(program, second, { deleted: 20_000 });
    expect(eventsOf(program.ticks.slice(second), 'conntrack.changes', 'deleted')).toBe(20_000);

    const third = program.ticks.length;
    laboratory.set('nf_conntrack_udp_timeout', 1);
    await laboratory.finishedTraffic('client', 'udp-spread', SERVER_ADDRESS, BLACK_HOLE, 3000, 1500, 60);
    // The kernel deletes a timed-out entry when it next scans it.
    await until('the table is empty', 120, () => laboratory.table() === '' && laboratory.count() === 0);
    laboratory.set('nf_conntrack_udp_timeout', 600);
    await charted(program, third, { new: 3000, deleted: 3000 });
    const timedOut = program.ticks.slice(third);
    expect(eventsOf(timedOut, 'conntrack.new', 'new')).toBe(3000);
    expect(eventsOf(timedOut, 'conntrack.changes', 'deleted')).toBe(3000);
    expect(eventsByDimension(program.ticks, 'conntrack.event_overruns')).toEqual({ overruns: 0 });
    expect(program.err).toBe('');
  });

  it.concurrent('are counted by protocol, whether real packets or conntrack created them', async (test) => {
    const { expect } = test;
    const laboratory = createLaboratory(test);
    const program = await start(test, laboratory);
    const first = program.ticks.length;
    await laboratory.traffic('server', 'tcp-echo', 5001, 60);
    await laboratory.traffic('client', 'tcp-connect', SERVER_ADDRESS, 5001, 30, 'hold', 60);
    await laboratory.traffic('client', 'tcp-connect', SERVER_ADDRESS_6, 5001, 10, 'end', 60);
    await laboratory.traffic('client', 'tcp-connect', SERVER_ADDRESS_6, BLACK_HOLE, 3, 'try', 60);
    await laboratory.finishedTraffic('client', 'udp-spread', SERVER_ADDRESS_6, BLACK_HOLE, 70, 500, 60);
    await laboratory.finishedTraffic('client', 'udp-spread', SERVER_ADDRESS, BLACK_HOLE, 60, 500, 60);
    laboratory.restore([
      ...lines(11, (n) => `-s 10.88.0.1 -d 10.99.0.1 -p icmp --icmp-type 8 --icmp-code 0 --icmp-id ${n}`),
      ...lines(13, (n) => `-s fd88::1 -d fd99::1 -p icmpv6 --icmpv6-type 128 --icmpv6-code 0 --icmpv6-id ${n}`),
      ...lines(17, (n) => `${PAIR} -p sctp --sport ${n} --dport 9 --state CLOSED --orig-vtag 1 --reply-vtag 2`),
      ...lines(19, (n) => `${PAIR} -p gre --srckey ${n} --dstkey 9`),
      ...lines(5, (n) => `${PAIR} -p udplite --sport ${n} --dport 9`),
      ...lines(7, (n) => `-s 10.88.1.${n} -d 10.99.0.1 -p 50`),
    ]);
    const expected = { tcp: 43, udp: 130, icmp: 11, icmpv6: 13, sctp: 17, gre: 19, other: 12 };
    const sum = Object.values(expected).reduce((total, count) => total + count);
    await charted(program, first, { new: sum });
    const ticks = program.ticks.slice(first);
    expect(eventsByDimension(ticks, 'conntrack.new_by_protocol')).toEqual(expected);
    expect(eventsOf(ticks, 'conntrack.new', 'new')).toBe(sum);
  });

  it.concurrent('have no rate of deleted ones if they were created without reports; later ones have', async (test) => {
    const laboratory = createLaboratory(test);
    // An entry created while reports are off is never reported, even if a process in another namespace listens.
    laboratory.set('nf_conntrack_events', 0);
    laboratory.load(500);
    laboratory.set('nf_conntrack_events', 2);
    const program = await start(test, laboratory);
    const first = program.ticks.length;
    for (const port of [1024, 1025, 1026]) {
      laboratory.run('router', ['conntrack', '-D', '-p', 'tcp', '--sport', String(port)]);
      await program.updated('conntrack.new_by_protocol', 1);
    }
    laboratory.flush();
    const entries = ({ charts }: Tick): number => charts['conntrack.sockets']?.['connections'] ?? 0;
    await until('the chart shows an empty table', 120, () =>
      program.ticks.slice(first).some((tick) => entries(tick) === 0),
    );
    // While older connections exist, the number of deleted ones is unknown; everything else is known.
    const older = program.ticks.filter((tick) => entries(tick) > 0).slice(1);
    expect(older.filter(({ charts }) => 'deleted' in (charts['conntrack.changes'] ?? {}))).toEqual([]);
    expect(older.at(-1)?.charts['conntrack.changes']).toHaveProperty('inserted', 0);
    expect(older.at(-1)?.charts['conntrack.new']).toHaveProperty('new', 0);
    await program.updated('conntrack.new_by_protocol', 2);

    const second = program.ticks.length;
    laboratory.load(70);
    await charted(program, second, { new: 70 });
    laboratory.flush();
    await charted(program, second, { deleted: 70 });
    expect(eventsOf(program.ticks.slice(second), 'conntrack.changes', 'deleted')).toBe(70);
  });

  it.concurrent('have no inflated rate in the interval of the start', async (test) => {
    const laboratory = createLaboratory(test);
    const program = run(test, laboratory);
    // It has listened since the first update.
    await program.printed('\nEND\n');
    laboratory.load(300);
    await program.updated('conntrack.new_by_protocol', 3);
    const { ticks } = program;
    // A rate of so many connections in the time since the start would be inflated by more than that.
    for (const tick of ticks) expect(eventsOf([tick], 'conntrack.new', 'new')).toBeLessThan(330);
    // A short first interval has no rate.
    const [, second] = ticks;
    const hasRate = 'new' in (second?.charts['conntrack.new'] ?? {});
    expect(hasRate ? second?.microseconds : 1e6).toBeGreaterThan(850_000);
  });

  it.concurrent('have no rate if reports are disabled, and one log line names the fix', async (test) => {
    const { expect } = test;
    const laboratory = createLaboratory(test);
    laboratory.set('nf_conntrack_events', 0);
    const program = run(test, laboratory);
    await program.logged('"sysctl net.netfilter.nf_conntrack_events=1\\"');
    await program.updated('conntrack.new', 3);
    expect(program.err).toMatch(
      /^time=\S+ comm=conntrack\.plugin source=collector level=error msg="new and destroyed [^\n]*\n$/,
    );
    const { definitions } = program.stream;
    expect(Object.keys(definitions)).not.toContain('conntrack.new_by_protocol');
    expect(Object.keys(definitions)).not.toContain('conntrack.event_overruns');
    expect(Object.keys(definitions['conntrack.new']?.dimensions ?? {})).toEqual(['invalid']);
  });

  // Whether a buffer overflows depends on timing, so these run alone; one that must not overflow gets another chance.
  it('are all read from a small buffer while their rate grows', { retry: 3 }, async (test) => {
    // 1 MiB holds some 1600 reports, of which a quarter may wait: less than come between two ticks.
    const laboratory = createLaboratory(test);
    const program = await start(test, laboratory, 'receive_buffer: 1');
    const first = program.ticks.length;
    const steps = [400, 800, 1200, 1500, 1500, 1500];
    for (const [step, rate] of steps.entries()) {
      const port = BLACK_HOLE + step * 2500;
      await laboratory.finishedTraffic('client', 'udp-spread', SERVER_ADDRESS, port, rate, rate, 60);
    }
    const sum = steps.reduce((total, rate) => total + rate);
    await charted(program, first, { new: sum });
    expect(eventsOf(program.ticks.slice(first), 'conntrack.new', 'new')).toBe(sum);
    expect(eventsByDimension(program.ticks, 'conntrack.event_overruns')).toEqual({ overruns: 0 });
  });

  it('have no rate while reports are lost, which is logged once, and exact rates afterwards', async (test) => {
    const laboratory = createLaboratory(test);
    const program = await start(test, laboratory, 'receive_buffer: 1');
    const first = program.ticks.length;
    laboratory.load(50_000);
    await until('the chart shows overruns', 120, () => program.ticks.slice(first).some(hasOverruns));
    await until('no more overruns', 120, () => {
      const last = program.ticks.slice(-4);
      return last.length === 4 && !last.some(hasOverruns);
    });
    const flood = program.ticks.slice(first, -1);
    for (const tick of flood) {
      const isWhole = !hasOverruns(tick);
      expect('conntrack.new_by_protocol' in tick.charts).toBe(isWhole);
      expect('new' in (tick.charts['conntrack.new'] ?? {})).toBe(isWhole);
      expect('deleted' in (tick.charts['conntrack.changes'] ?? {})).toBe(isWhole);
      expect(tick.charts['conntrack.new']).toHaveProperty('invalid');
    }
    expect(eventsOf(flood, 'conntrack.new', 'new')).toBeLessThan(50_000);
    expect(program.err.match(/msg="the receive buffer overflowed: .*receive_buffer" overruns=\d+\n/g)).toHaveLength(1);

    const quiet = program.ticks.length;
    await laboratory.finishedTraffic('client', 'udp-spread', SERVER_ADDRESS, BLACK_HOLE, 1000, 1000, 60);
    await charted(program, quiet, { new: 1000 });
    const ticks = program.ticks.slice(quiet);
    expect(eventsByDimension(ticks, 'conntrack.new_by_protocol')).toEqual({ ...NO_NEW, udp: 1000 });
    expect(eventsByDimension(ticks, 'conntrack.event_overruns')).toEqual({ overruns: 0 });
  });
});

const PAIR = '-s 10.88.0.1 -d 10.99.0.1';

/** Options of `conntrack` for each of `count` entries. */
function lines(count: number, entry: (number: number) => string): string[] {
  return Array.from({ length: count }, (_, index) => `-A -t 600 ${entry(index + 1)}`);
}

function hasOverruns({ charts }: Tick): boolean {
  return (charts['conntrack.event_overruns']?.['overruns'] ?? 0) > 0;
}
