import { describe, expect, it, vi } from 'vitest';

import { flowCharts } from '../../../charts/flows.ts';
import { Emitter } from '../../../collector/agent/emit.ts';
import type { Connect } from '../../../collector/modules/access.ts';
import type { Context } from '../../../collector/modules/context.ts';
import { FlowsModule, type FlowsSettings } from '../../../collector/modules/flows/flows.ts';
import { ProblemError } from '../../../collector/modules/problem.ts';
import { contextOf } from '../../helpers/context.ts';
import { FakeRuntime } from '../../helpers/fake_runtime.ts';
import {
  altered,
  done,
  entry,
  error,
  FakeChannel,
  failure,
  type Message,
  overrun,
  type Receipt,
  statistics,
} from '../../helpers/netlink_channel.ts';
import { logged } from '../../helpers/problems.ts';
import { RecordingLog } from '../../helpers/recording_log.ts';

const INTERRUPTED = 0x10;
const TCP = 6;
const UDP = 17;

/** A module in a process of its own, and a kernel that answers it. */
class Dumping {
  readonly runtime = new FakeRuntime(500e6);
  readonly log = new RecordingLog();
  /** Every channel that was opened, in order. */
  readonly channels: FakeChannel[] = [];
  readonly module: FlowsModule;
  /** What the kernel answers to the question for the table, each time that it is asked, counted from 1. */
  table: (time: number) => readonly Receipt[] = () => [[entry({ protocol: TCP, tcpState: 3 }), done()]];
  use: Receipt = [statistics({ entries: 1, max: 100 })];
  /** What it takes the process to receive once of the table, in microseconds. */
  cost = 0;
  /** The same of the use of the table. */
  useCost = 0;
  #asked = 0;

  constructor(settings: Partial<FlowsSettings> = {}, parts: Partial<Context> = {}) {
    const connect: Connect = (room) => {
      const channel = new FakeChannel({ ...room, around: new Uint8Array(room.slotSize).fill(0xff) });
      channel.replyWith('statistics', () => [this.use]);
      channel.replyWith('table', () => this.table(++this.#asked));
      const receive = channel.receive.bind(channel);
      vi.spyOn(channel, 'receive').mockImplementation(() => {
        const isTable = channel.sent.at(-1)?.question === 'table';
        this.runtime.compute(isTable ? this.cost : this.useCost);
        return receive();
      });
      this.channels.push(channel);
      return channel;
    };
    const { log, runtime } = this;
    this.module = new FlowsModule(contextOf({ ctnetlink: connect, log, runtime, ...parts }), {
      enabled: 'auto',
      every: 1,
      update_every: 10,
      cpu_share: 2,
      full_above: 95,
      method: 'auto',
      snat_pools: [],
      ...settings,
    });
  }

  /** How often the table was asked for. */
  get asked(): number {
    return this.#asked;
  }

  /** Updates at that time, and lets a dump that begins come to its end. */
  async tick(second: number, isDrawn = true): Promise<Record<string, number> | undefined> {
    this.runtime.advanceTo(second);
    const [sample] = this.module.collect(second * 1e6, isDrawn);
    const known = Object.entries(sample?.values ?? {}).flatMap(([metric, value]) =>
      value === undefined ? [] : [[metric, value]],
    );
    await this.runtime.settle();
    return sample === undefined ? undefined : Object.fromEntries(known);
  }

  /** Updates every so many seconds; returns the times at which the table was asked for. */
  async askedAt(from: number, to: number, step = 1): Promise<number[]> {
    const times: number[] = [];
    for (let second = from; second <= to; second += step) {
      const before = this.#asked;
      await this.tick(second);
      if (this.#asked > before) times.push(second);
    }
    return times;
  }

  /** Every line that was logged: its level and its message. */
  get said(): string[] {
    return this.log.entries.map(({ level, message }) => `${level} ${message}`);
  }
}

function entries(count: number, protocol = TCP): Message[] {
  return Array.from({ length: count }, () => entry({ protocol }));
}

const FAILED = 'the composition of the connection table is not collected: ';

describe('module flows', () => {
  it('dumps the table at once and returns its composition at the next update, once', async () => {
    const dumping = new Dumping();
    dumping.use = [statistics({ entries: 31, max: 1000 })];
    dumping.table = () => [
      [
        [...entries(3, 47), entry({ protocol: TCP, tcpState: 3, status: 0x2e, family: 10 })],
        [entry({ protocol: UDP, status: 0x18 }), entry({ protocol: 58, family: 10, status: 0xc00a })],
      ],
      [entry({ protocol: TCP, status: 0x400e })],
      [done()],
    ];
    expect(await dumping.tick(500)).toBeUndefined();
    expect(await dumping.tick(501)).toEqual({
      ...{ flows_tcp: 2, flows_udp: 1, flows_icmp: 0, flows_icmpv6: 1, flows_sctp: 0, flows_gre: 3, flows_other: 0 },
      ...{ flows_ipv4: 5, flows_ipv6: 2 },
      ...{ flows_unreplied: 4, flows_replied: 1, flows_assured: 2 },
      ...{ flows_nat_none: 5, flows_snat: 1, flows_dnat: 1, flows_nat_both: 0 },
      ...{ flows_offload_none: 5, flows_offload_software: 1, flows_offload_hardware: 1 },
      ...{ tcp_none: 0, tcp_syn_sent: 0, tcp_syn_recv: 0, tcp_established: 1, tcp_fin_wait: 0, tcp_close_wait: 0 },
      ...{ tcp_last_ack: 0, tcp_time_wait: 0, tcp_close: 0, tcp_syn_sent2: 0, tcp_offloaded: 1 },
      ...{ largest_source: 500 / 7, largest_destination: 500 / 7, largest_service: 300 / 7 },
      ...{ remaining_under_10s: 0, remaining_under_1m: 0, remaining_under_10m: 7, remaining_under_1h: 0 },
      ...{ remaining_under_1d: 0, remaining_longer: 0 },
      ...{ flows_utilization: 3.1, dump_duration: 0, dump_cpu_time: 0, dump_read: 100, dump_standard_error: 0 },
    });
    expect(await dumping.tick(502)).toBeUndefined();
    expect(dumping.said).toEqual([]);
  });

  it('compares the ports that source NAT uses with the configured pools', async () => {
    const network = { address: Uint8Array.of(0, 0, 0, 0), prefix: 0 };
    const dumping = new Dumping({ snat_pools: [{ network, low: 441, high: 444 }] });
    dumping.table = () => [[entry({ protocol: UDP, status: 0x18 }), done()]];
    await dumping.tick(500);
    expect(await dumping.tick(501)).toMatchObject({ snat_ports_used: 25, snat_endpoints_busy: 0 });
  });

  it('follows unanswered connections from dump to dump', async () => {
    const dumping = new Dumping();
    dumping.table = () => [[entry({ protocol: UDP }), done()]];
    expect(dumping.module.stuckGroups).toBeUndefined();
    const found = [];
    for (let second = 500; second <= 560; second += 10) {
      await dumping.tick(second);
      found.push((await dumping.tick(second + 1))?.['flows_stuck']);
    }
    expect(found).toEqual([...Array.from({ length: 6 }, () => undefined), 1]);
    expect([...(dumping.module.stuckGroups ?? [])]).toMatchObject([{ protocol: UDP, connections: 1, since: 500e6 }]);
  });

  it('draws an empty table', async () => {
    const dumping = new Dumping();
    dumping.table = () => [[done()]];
    await dumping.tick(500);
    expect(await dumping.tick(501)).toMatchObject({ flows_tcp: 0, flows_ipv4: 0, tcp_established: 0 });
  });

  it('dumps the table every ten seconds over one channel, counting from 0 each time', async () => {
    const dumping = new Dumping();
    dumping.table = (time) => [[...entries(time), done()]];
    expect(await dumping.askedAt(500, 529)).toEqual([500, 510, 520]);
    dumping.runtime.advanceTo(530);
    expect(await dumping.tick(530)).toBeUndefined();
    expect(await dumping.tick(531)).toMatchObject({ flows_tcp: 4 });
    expect(dumping.channels).toHaveLength(1);
  });

  it('sends its requests after the update, when everything else has had its turn', async () => {
    const dumping = new Dumping();
    expect(dumping.module.collect(500e6, true)).toEqual([]);
    expect([dumping.runtime.yields, dumping.channels]).toEqual([1, []]);
    await dumping.runtime.settle();
    dumping.runtime.advanceTo(510);
    dumping.module.collect(510e6, true);
    expect(dumping.asked).toBe(1);
    await dumping.runtime.settle();
    expect(dumping.asked).toBe(2);
  });

  it('returns the last dump again until it is drawn, then no more', async () => {
    const dumping = new Dumping();
    dumping.table = (time) => [[...entries(time * 17), done()]];
    await dumping.tick(500, false);
    for (const second of [501, 502, 509]) expect(await dumping.tick(second, false)).toMatchObject({ flows_tcp: 17 });
    expect(await dumping.tick(509.4)).toMatchObject({ flows_tcp: 17 });
    expect(await dumping.tick(509.45)).toBeUndefined();
    expect(dumping.asked).toBe(1);
  });

  it('reads the use of the table before each dump, and has no used share without a limit', async () => {
    const dumping = new Dumping();
    dumping.use = [statistics({ entries: 990 })];
    await dumping.tick(500);
    const values = await dumping.tick(501);
    expect(values).not.toHaveProperty('flows_utilization');
    expect(values).toHaveProperty('flows_tcp', 1);
    expect(dumping.module.every).toBe(10);
    expect(dumping.channels[0]?.sent.map(({ question }) => question)).toEqual(['statistics', 'table']);

    dumping.use = [statistics({ entries: 990, max: 4000 })];
    await dumping.tick(510);
    expect(await dumping.tick(511)).toHaveProperty('flows_utilization', 24.75);
    dumping.use = [statistics({ entries: 990, max: 0 })];
    await dumping.tick(520);
    expect(await dumping.tick(521)).not.toHaveProperty('flows_utilization');
  });
});

describe('a dump', () => {
  it('yields every five milliseconds', async () => {
    const dumping = new Dumping();
    dumping.table = () => [...Array.from({ length: 9 }, () => [entries(1)]), [done()]];
    dumping.cost = 2000;
    await dumping.tick(500);
    // Once before it begins. Three receipts take six milliseconds: 3, pause, 3, pause, 3, pause, and the last one.
    expect(dumping.runtime.yields).toBe(4);
    expect(await dumping.tick(501)).toMatchObject({ flows_tcp: 9 });
  });

  it('reports its duration and CPU time', async () => {
    const dumping = new Dumping();
    dumping.table = () => [[...entries(1)], [...entries(1)], [done()]];
    dumping.cost = 7250;
    const release = dumping.runtime.hold(1);
    await dumping.tick(500);
    expect(dumping.runtime.yields).toBe(2);
    // Another part of the program computes, then the process sleeps until half a second has gone by.
    dumping.runtime.compute(40_000);
    dumping.runtime.advanceTo(500.5);
    release();
    await dumping.runtime.settle();
    // The first receipt came before.
    expect(await dumping.tick(501)).toMatchObject({ dump_duration: 514.5, dump_cpu_time: 21.75 });
  });

  it('costs the request for the use of the table, too', async () => {
    const dumping = new Dumping();
    dumping.useCost = 1250;
    dumping.cost = 3000;
    await dumping.tick(500);
    expect(await dumping.tick(501)).toMatchObject({ dump_duration: 4.25, dump_cpu_time: 4.25 });
  });

  it('that takes longer than its interval is not started twice, and its result is not lost', async () => {
    const dumping = new Dumping();
    dumping.table = () => [[...entries(1)], [done()]];
    dumping.cost = 6000;
    const release = dumping.runtime.hold(1);
    expect(await dumping.askedAt(500, 540)).toEqual([500]);
    release();
    await dumping.runtime.settle();
    expect(await dumping.tick(541)).toMatchObject({ flows_tcp: 1, dump_duration: 40_006 });
    expect(dumping.asked).toBe(2);
  });

  it('that was interrupted is repeated once, and its counts are discarded', async () => {
    const dumping = new Dumping();
    dumping.table = (time) =>
      time === 1 ? [[...entries(5), done(0, INTERRUPTED)]] : [[...entries(2), ...entries(1, UDP), done()]];
    await dumping.tick(500);
    expect(dumping.asked).toBe(2);
    expect(await dumping.tick(501)).toMatchObject({ flows_tcp: 2, flows_udp: 1, flows_ipv4: 3 });
    expect(dumping.said).toEqual([]);
  });

  it('that is interrupted again is drawn all the same', async () => {
    const dumping = new Dumping();
    dumping.table = (time) => [[...entries(time * 10), done(0, INTERRUPTED)]];
    expect(await dumping.askedAt(500, 509)).toEqual([500]);
    expect(dumping.asked).toBe(2);
    await dumping.tick(510);
    expect(await dumping.tick(511)).toMatchObject({ flows_tcp: 40 });
  });

  it.each<[string, readonly Receipt[]]>([
    [
      'by a change of the table that an entry tells of',
      [[altered(entry({ protocol: TCP }), 6, 2, INTERRUPTED | 2)], [done()]],
    ],
    ['by a want of room', [entries(3), overrun(), [done()]]],
    ['by a kernel that lost a part', [[...entries(3), altered(done(), 4, 2, 4), done()]]],
  ])('that was interrupted %s is repeated too', async (_what, interrupted) => {
    const dumping = new Dumping();
    dumping.table = (time) => (time === 1 ? interrupted : [[...entries(8), done()]]);
    await dumping.tick(500);
    expect(dumping.asked).toBe(2);
    expect(await dumping.tick(501)).toMatchObject({ flows_tcp: 8 });
  });

  it('both parts of which cost something, costs their sum', async () => {
    const dumping = new Dumping();
    dumping.cost = 30_000;
    dumping.table = () => [[done(0, INTERRUPTED)]];
    await dumping.tick(500);
    expect(await dumping.tick(501)).toMatchObject({ dump_cpu_time: 60 });
  });

  it('ends when the module is closed: it sends, receives, draws and logs nothing more', async () => {
    const dumping = new Dumping();
    dumping.table = () => [[...entries(1)], [...entries(1)], [done()]];
    dumping.cost = 6000;
    const release = dumping.runtime.hold(1);
    await dumping.tick(500);
    const receive = vi.mocked(dumping.channels[0]?.receive ?? vi.fn());
    const before = receive.mock.calls.length;
    dumping.module.close();
    release();
    await dumping.runtime.settle();
    expect(dumping.channels[0]?.isClosed).toBe(true);
    expect(receive).toHaveBeenCalledTimes(before);
    expect(dumping.asked).toBe(1);
    expect(dumping.said).toEqual([]);
    expect(dumping.module.collect(500.5e6, true)).toEqual([]);
  });
});

describe('a module flows that is closed', () => {
  it('between two dumps closes its channel', async () => {
    const dumping = new Dumping();
    await dumping.tick(500);
    dumping.module.close();
    expect(dumping.channels.map(({ isClosed }) => isClosed)).toEqual([true]);
  });

  it('before its first dump has nothing to close', () => {
    const dumping = new Dumping();
    expect(() => dumping.module.close()).not.toThrow();
  });

  it('before a planned dump starts opens no channel for it', async () => {
    const dumping = new Dumping();
    dumping.module.collect(500e6, true);
    dumping.module.close();
    await dumping.runtime.settle();
    expect(dumping.channels).toEqual([]);
    expect(dumping.said).toEqual([]);
  });

  it('does not open another channel at later updates', async () => {
    const dumping = new Dumping();
    await dumping.tick(500);
    dumping.module.close();
    expect(await dumping.askedAt(501, 600)).toEqual([]);
    expect(dumping.channels).toHaveLength(1);
  });
});

describe('the interval of dumps', () => {
  it('grows with their cost, and shrinks when they are clearly cheaper', async () => {
    const dumping = new Dumping();
    dumping.cost = 650_000;
    await dumping.tick(500);
    expect(dumping.module.every).toBe(40);
    expect(await dumping.tick(502)).toMatchObject({ dump_cpu_time: 650 });
    dumping.cost = 350_000;
    expect(await dumping.askedAt(503, 600)).toEqual([540, 580]);
    expect(dumping.module.every).toBe(40);
    dumping.cost = 300_000;
    expect(await dumping.askedAt(601, 645)).toEqual([620, 640]);
    expect(dumping.module.every).toBe(20);
    dumping.cost = 1000;
    expect(await dumping.askedAt(646, 690)).toEqual([660, 670, 680, 690]);
    expect(dumping.log.entries.map(({ level, fields }) => [level, fields])).toEqual([
      ['info', { entries: 1, cpu_ms: 650, seconds: 40 }],
      ['info', { entries: 1, cpu_ms: 300, seconds: 20 }],
      ['info', { entries: 1, cpu_ms: 1, seconds: 10 }],
    ]);
  });

  it.each([
    [95, 10],
    [95.5, 20],
    [100, 20],
  ])('at %d percent of the table, with 95 as the bound, is %i s', async (percent, seconds) => {
    const dumping = new Dumping();
    dumping.use = [statistics({ entries: percent * 100, max: 10_000 })];
    await dumping.tick(500);
    expect(dumping.module.every).toBe(seconds);
    expect(await dumping.tick(501)).toMatchObject({ flows_utilization: percent });
  });

  it('doubles while the table is full, until it is clearly less full, whatever dumps cost', async () => {
    const dumping = new Dumping({ full_above: 50 });
    dumping.use = [statistics({ entries: 50, max: 100 })];
    dumping.cost = 450_000;
    await dumping.tick(460);
    dumping.cost = 300_000;
    expect(await dumping.askedAt(461, 499)).toEqual([480]);
    dumping.use = [statistics({ entries: 51, max: 100 })];
    expect(await dumping.askedAt(500, 579)).toEqual([500, 540]);
    dumping.use = [statistics({ entries: 48, max: 100 })];
    expect(await dumping.askedAt(580, 619)).toEqual([580]);
    dumping.use = [statistics({ entries: 47, max: 100 })];
    expect(await dumping.askedAt(620, 660)).toEqual([620, 640, 660]);
  });
});

describe('a table that is too large to be dumped', () => {
  /** The first part is 15,000 entries of TCP and 5,000 of UDP. */
  const sampled: Dumping['table'] = () => [[...entries(15_000), ...entries(5000, UDP)], [...entries(1)], [done()]];

  it('is sampled, and its composition is scaled to the number of entries', async () => {
    const dumping = new Dumping();
    dumping.use = [statistics({ entries: 80_000, max: 160_000 })];
    dumping.table = sampled;
    await dumping.tick(500);
    expect(await dumping.tick(501)).toMatchObject({
      ...{ flows_tcp: 60_000, flows_udp: 20_000, flows_ipv4: 80_000, flows_utilization: 50, dump_read: 25 },
      dump_standard_error: 100 * Math.sqrt((0.25 * 0.75) / 20_000),
    });
    expect(dumping.module.every).toBe(10);
    expect(dumping.said).toEqual([]);
  });

  it('is sampled over another channel each time, since the kernel keeps the rest of its reply', async () => {
    const dumping = new Dumping({ method: 'sample' });
    dumping.use = [statistics({ entries: 40_000 })];
    dumping.table = sampled;
    expect(await dumping.askedAt(500, 529)).toEqual([500, 510, 520]);
    expect(dumping.channels.map(({ isClosed }) => isClosed)).toEqual([true, true, true]);
  });

  it('is sampled at the same interval when it is full', async () => {
    const dumping = new Dumping();
    dumping.use = [statistics({ entries: 80_000, max: 80_000 })];
    dumping.table = sampled;
    expect(await dumping.askedAt(500, 529)).toEqual([500, 510, 520]);
  });

  it('is dumped whole, less often, with the method "full"', async () => {
    const dumping = new Dumping({ method: 'full' });
    dumping.use = [statistics({ entries: 80_000 })];
    dumping.table = sampled;
    dumping.cost = 400_000;
    await dumping.tick(500);
    expect(await dumping.tick(501)).toMatchObject({ flows_tcp: 15_001, dump_read: 100 });
    expect(dumping.module.every).toBeGreaterThan(10);
  });

  it('is sampled as soon as dumps turn out to be expensive', async () => {
    const dumping = new Dumping();
    dumping.use = [statistics({ entries: 30_000 })];
    dumping.table = sampled;
    // Four entries at a time, each of 9 µs.
    dumping.cost = 36;
    expect(await dumping.askedAt(500, 510)).toEqual([500, 510]);
    expect(await dumping.tick(511)).toMatchObject({ dump_cpu_time: expect.closeTo(180, 0), dump_read: 100 });
    await dumping.tick(520);
    expect(await dumping.tick(521)).toMatchObject({ dump_cpu_time: 180, dump_read: expect.closeTo(66.7, 1) });
  });
});

describe('a table that cannot be dumped', () => {
  const CAPABILITY = logged('no_capability');
  const TABLE = 'ask ctnetlink for the connection table';

  it.each<[string, Partial<Pick<Dumping, 'use' | 'table'>>, string]>([
    ['the kernel refuses to tell its use', { use: [error(1)] }, CAPABILITY],
    ['the kernel refuses', { table: () => [[error(1)]] }, CAPABILITY],
    ['the kernel has no ctnetlink', { use: [error(22)] }, 'modprobe nf_conntrack_netlink'],
    [
      'the kernel breaks off with an error',
      { table: () => [entries(2), [done(-12)]] },
      `${TABLE}: ENOMEM: not enough memory`,
    ],
    ['the kernel falls silent', { table: () => [entries(2)] }, `${TABLE}: the reply is incomplete`],
    ['the kernel says nothing', { table: () => [] }, `${TABLE}: the reply is incomplete`],
    ['the channel fails', { table: () => [entries(2), failure('EIO')] }, 'receive from ctnetlink: EIO: i/o error'],
    [
      'an entry is malformed',
      { table: () => [[entry({ protocol: TCP }).slice(0, 50), done()]] },
      'malformed netlink reply: ',
    ],
    ['its use is malformed', { use: [altered(statistics({ entries: 1 }), 22, 2, 9)] }, 'without a number of entries'],
  ])('because %s is not drawn, and why is said once, until it can be', async (_what, answers, why) => {
    const dumping = new Dumping();
    const { table, use } = dumping;
    Object.assign(dumping, answers);
    for (let second = 500; second < 592; second++) expect(await dumping.tick(second)).toBeUndefined();
    expect(dumping.said).toHaveLength(1);
    expect(dumping.said[0]).toContain(`notice ${FAILED}`);
    expect(dumping.said[0]).toContain(why);
    // Tried at 500, and half a minute after each time that it was noticed.
    expect(dumping.channels.map(({ isClosed }) => isClosed)).toEqual([true, true, true]);

    Object.assign(dumping, { table, use });
    expect(await dumping.tick(593)).toBeUndefined();
    expect(await dumping.tick(594)).toMatchObject({ flows_tcp: 1, flows_utilization: 1 });
    expect(dumping.said.slice(1)).toEqual(['info the connection table can be dumped']);
    expect(dumping.channels).toHaveLength(4);
  });

  it.each([
    [false, []],
    [true, [`error ${FAILED}${logged('tracking_not_loaded')}`]],
  ])('since there is none is nothing unusual, unless it is required (%s)', async (required, said) => {
    let asked = 0;
    const connect = (): never => {
      asked++;
      throw new ProblemError('tracking_not_loaded', 'ctnetlink');
    };
    const dumping = new Dumping({ enabled: required }, { ctnetlink: connect });
    for (let second = 500; second < 560; second++) expect(await dumping.tick(second)).toBeUndefined();
    expect(asked).toBe(2);
    expect(dumping.said).toEqual(said);
  });

  it('because of a defect of the program makes the update throw, without an unhandled rejection', async () => {
    const dumping = new Dumping();
    await dumping.tick(500);
    vi.mocked(dumping.channels[0]?.receive ?? vi.fn()).mockImplementationOnce(() => {
      throw new TypeError('not a function');
    });
    await dumping.tick(501);
    await dumping.tick(510);
    await expect(dumping.tick(511)).rejects.toThrow(new TypeError('not a function'));
    expect(dumping.channels[0]?.isClosed).toBe(true);
    expect(dumping.said).toEqual([]);
    expect(await dumping.tick(512)).toBeUndefined();
    await dumping.tick(571);
    expect(await dumping.tick(572)).toMatchObject({ flows_tcp: 1 });
  });

  it.each([
    [1, 10],
    [1, 20],
    [5, 40],
    [10, 60],
    [20, 300],
  ])('a single time keeps its charts: updated every %i s, dumped every %i s', async (tick, every) => {
    const dumping = new Dumping({ every: tick, update_every: every });
    dumping.table = (time) => (time === 2 ? [entries(1)] : [[...entries(1), done()]]);
    const emitter = new Emitter({ charts: flowCharts, source: '' });
    let text = '';
    for (let second = 500; second <= 550 + 3 * every; second += tick) {
      dumping.runtime.advanceTo(second);
      const samples = dumping.module.collect(second * 1e6, true);
      text += emitter.render(second * 1e6, [{ module: 'flows', every: dumping.module.every, samples }]);
      await dumping.runtime.settle();
    }
    expect(dumping.said).toHaveLength(2);
    expect(text.match(/^BEGIN conntrack\.flows_by_protocol /gm)?.length).toBeGreaterThanOrEqual(2);
    expect(text).not.toContain('obsolete');
  });
});

describe('the status of module flows', () => {
  it('has the problem of the last dump until a dump succeeds', async () => {
    const dumping = new Dumping();
    expect(dumping.module.status()).toEqual({ reads: ['ctnetlink'], problems: [] });
    dumping.use = [error(1)];
    await dumping.tick(500);
    await dumping.tick(501);
    expect(dumping.module.status()).toEqual({
      reads: ['ctnetlink'],
      problems: [
        { code: 'no_capability', target: 'ctnetlink', message: 'the plugin lacks CAP_NET_ADMIN', loses: 'all' },
      ],
    });
    dumping.use = [statistics({ entries: 1, max: 100 })];
    await dumping.tick(531);
    expect(dumping.module.status().problems).toEqual([]);
  });
});
