import { describe, expect, it } from 'vitest';

import { socketCharts } from '../../../charts/sockets.ts';
import { Emitter } from '../../../collector/agent/emit.ts';
import type { Sample } from '../../../collector/modules/module.ts';
import { ProblemError, problemAt } from '../../../collector/modules/problem.ts';
import { SocketsModule, type SocketsSettings } from '../../../collector/modules/sockets/sockets.ts';
import { contextOf } from '../../helpers/context.ts';
import { FakeRuntime } from '../../helpers/fake_runtime.ts';
import { error } from '../../helpers/netlink_channel.ts';
import { logged } from '../../helpers/problems.ts';
import { RecordingLog } from '../../helpers/recording_log.ts';
import { SocketHost, type SocketStates } from '../../helpers/socket_host.ts';

const SOCKETS: SocketStates = { tcp: [1, 1, 1, 10, 6], tcp6: [8, 8, 10], udp: [7, 7, 1], udp6: [1] };
/** The sockets that the module says there are, by list. */
type Counts = Record<string, number>;

/** A module in a process of its own, on a host with sockets. */
class Counting {
  readonly runtime = new FakeRuntime(500e6);
  readonly log = new RecordingLog();
  readonly host: SocketHost;
  readonly module: SocketsModule;

  constructor(settings: Partial<SocketsSettings> = {}, states = SOCKETS) {
    this.host = new SocketHost(states);
    const { connect, volume } = this.host;
    const { log, runtime } = this;
    this.module = new SocketsModule(contextOf({ fs: volume, log, runtime, sockDiag: connect }), {
      enabled: 'auto',
      every: 1,
      read_from: 'auto',
      update_every: 5,
      cpu_share: 2,
      ...settings,
    });
  }

  /** What a read or a datagram costs from now on, in microseconds. */
  set cost(microseconds: number) {
    this.host.onRead = () => this.runtime.compute(microseconds);
  }

  /** Updates at that time, and lets a count that begins come to its end. */
  async samples(second: number, isDrawn = true): Promise<readonly Sample[]> {
    this.runtime.advanceTo(second);
    // The next update fills the same samples.
    const samples = structuredClone(this.module.collect(second * 1e6, isDrawn));
    await this.runtime.settle();
    return samples;
  }

  /** How many sockets are drawn of each list; `undefined` when nothing is. */
  async tick(second: number, isDrawn = true): Promise<Counts | undefined> {
    const samples = await this.samples(second, isDrawn);
    if (samples.length === 0) return undefined;
    return Object.fromEntries(
      samples.map(({ instance, values }) => [
        instance,
        Object.values(values).reduce((sum = 0, value = 0) => sum + value),
      ]),
    ) as Counts;
  }

  /** Updates every second; returns the times at which sockets were counted over netlink. */
  async countedAt(from: number, to: number): Promise<number[]> {
    const times: number[] = [];
    for (let second = from; second <= to; second++) {
      const before = this.host.asked;
      await this.tick(second);
      if (this.host.asked > before) times.push(second);
    }
    return times;
  }

  /** Every line that was logged: its level and its message. */
  get said(): string[] {
    return this.log.entries.map(({ level, message }) => `${level} ${message}`);
  }
}

const COUNTS: Counts = { tcp: 5, tcp6: 3, udp: 3, udp6: 1 };
const FAILED = 'sockets are not counted: ';
const NO_LIST = "open /proc/net/tcp: ENOENT: no such file or directory, open '/proc/net/tcp'";

describe('module sockets', () => {
  it('counts at once and returns a sample for each list with the next update, once', async () => {
    const counting = new Counting();
    expect(await counting.samples(500)).toEqual([]);
    const none = { socket_syn_sent: 0, socket_syn_recv: 0, socket_fin_wait1: 0, socket_fin_wait2: 0 };
    const tcp = { ...none, socket_close: 0, socket_last_ack: 0, socket_closing: 0, socket_new_syn_recv: 0 };
    expect(await counting.samples(501)).toEqual([
      {
        scope: 'tcp',
        instance: 'tcp',
        labels: { protocol: 'tcp' },
        values: { ...tcp, socket_established: 3, socket_listen: 1, socket_time_wait: 1, socket_close_wait: 0 },
      },
      {
        scope: 'tcp',
        instance: 'tcp6',
        labels: { protocol: 'tcp6' },
        values: { ...tcp, socket_established: 0, socket_listen: 1, socket_time_wait: 0, socket_close_wait: 2 },
      },
      {
        scope: 'udp',
        instance: 'udp',
        labels: { protocol: 'udp' },
        values: { socket_connected: 1, socket_unconnected: 2 },
      },
      {
        scope: 'udp',
        instance: 'udp6',
        labels: { protocol: 'udp6' },
        values: { socket_connected: 1, socket_unconnected: 0 },
      },
    ]);
    expect(await counting.samples(502)).toEqual([]);
    expect(counting.said).toEqual([]);
  });

  it('counts every five seconds, from 0 each time', async () => {
    const counting = new Counting();
    expect(await counting.countedAt(500, 514)).toEqual([500, 505, 510]);
    counting.host.become({ tcp: [1, 1], tcp6: [], udp: [7], udp6: [] });
    await counting.tick(515);
    expect(await counting.tick(516)).toEqual({ tcp: 2, tcp6: 0, udp: 1, udp6: 0 });
  });

  it('has no sample of IPv6 on a host without it, from when it has it, and a 0 of it when it has lost it', async () => {
    const without: SocketStates = { tcp: [1], udp: [7] };
    const counting = new Counting({}, without);
    await counting.tick(500);
    expect(await counting.tick(501)).toEqual({ tcp: 1, udp: 1 });
    counting.host.become(SOCKETS);
    await counting.tick(505);
    expect(await counting.tick(506)).toEqual(COUNTS);
    counting.host.become(without);
    await counting.tick(510);
    expect(await counting.tick(511)).toEqual({ tcp: 1, tcp6: 0, udp: 1, udp6: 0 });
  });

  it('returns the last count again until it is drawn', async () => {
    const counting = new Counting();
    await counting.tick(500, false);
    for (const second of [501, 502, 504]) expect(await counting.tick(second, false)).toEqual(COUNTS);
    expect(await counting.tick(504.2)).toEqual(COUNTS);
    expect(await counting.tick(504.3)).toBeUndefined();
    expect(counting.host.asked).toBe(1);
  });

  it.each(['netlink', 'procfs'] as const)(
    'lets everything else have its turn every five milliseconds: %s',
    async (readFrom) => {
      const many = Array.from({ length: 3000 }, () => 1);
      const counting = new Counting({ read_from: readFrom }, { tcp: many, tcp6: [], udp: [], udp6: [] });
      counting.cost = 1000;
      const slices: number[] = [];
      let before = counting.runtime.monotonic();
      const pause = counting.runtime.yield.bind(counting.runtime);
      counting.runtime.yield = () => {
        slices.push(counting.runtime.monotonic() - before);
        before = counting.runtime.monotonic();
        return pause();
      };
      await counting.tick(500);
      expect(slices.length).toBeGreaterThanOrEqual(3);
      expect(Math.max(...slices)).toBeLessThanOrEqual(6000);
      expect(await counting.tick(501)).toMatchObject({ tcp: 3000 });
    },
  );

  it('draws a chart for each list of the host, labelled with its protocol', async () => {
    const counting = new Counting({}, { tcp: [1, 1, 12], udp: [7], udp6: [1] });
    const emitter = new Emitter({ charts: socketCharts, source: '' });
    await counting.tick(500);
    const samples = await counting.samples(501);
    const update = emitter.render(501e6, [{ module: 'sockets', every: counting.module.every, samples }]);
    const lines = update.toString().split('\n');
    expect(lines.filter((line) => line.startsWith('BEGIN'))).toEqual([
      'BEGIN conntrack.socket_states_tcp',
      'BEGIN conntrack.socket_states_udp',
      'BEGIN conntrack.socket_states_udp6',
    ]);
    expect(lines.filter((line) => line.startsWith('CLABEL '))).toEqual(
      ['tcp', 'udp', 'udp6'].map((protocol) => expect.stringMatching(`^CLABEL '?protocol'? '?${protocol}'? `)),
    );
    expect(lines.filter((line) => line.startsWith('SET ') && !line.endsWith(' 0'))).toEqual([
      'SET established = 2',
      'SET new_syn_recv = 1',
      'SET unconnected = 1',
      'SET connected = 1',
    ]);
  });
});

describe('the interval of counts', () => {
  it('grows and shrinks with their cost, which is logged with the number of sockets', async () => {
    const counting = new Counting();
    // Eight receipts: three datagrams of TCP, one of UDP and one of UDP over IPv6, each answer with its end.
    counting.cost = 50_000;
    await counting.tick(500);
    const { every } = counting.module;
    expect(every).toBe(20);
    counting.cost = 100;
    expect(await counting.countedAt(501, 526)).toEqual([520, 525]);
    expect(counting.module.every).toBe(5);
    expect(counting.said).toEqual(Array(2).fill('info changed the interval between counts of sockets'));
    expect(counting.log.entries.map(({ fields }) => fields)).toEqual([
      { sockets: 12, cpu_ms: 400, seconds: 20 },
      { sockets: 12, cpu_ms: 1, seconds: 5 },
    ]);
  });

  it('ignores the cost of a failed attempt at sock_diag every ten minutes', async () => {
    const counting = new Counting();
    // TCP is counted, in three datagrams and an end, then a refusal; the text takes eight reads.
    counting.host.answers.udpSockets = [[error(2)]];
    counting.cost = 9000;
    const [usual, tries] = [new Set<number>(), new Map<number, number>()];
    const times: number[] = [];
    for (let second = 500; second <= 1800; second++) {
      const { asked, opened } = counting.host;
      const [lists, before] = [opened.length, counting.runtime.cpuTime()];
      const isFound = times.at(-1) === second - 1;
      expect(await counting.tick(second)).toEqual(isFound ? COUNTS : undefined);
      if (opened.length > lists) times.push(second);
      const cost = counting.runtime.cpuTime() - before;
      if (counting.host.asked > asked) tries.set(second, cost);
      else if (opened.length > lists) usual.add(cost);
    }
    // 2 % of five seconds are 100 ms; where these are exceeded, 80 ms would be what leads back to five seconds.
    expect([...usual]).toEqual([72_000]);
    expect([...tries]).toEqual([500, 1100, 1700].map((second) => [second, 117_000]));
    expect(times).toEqual(Array.from({ length: 261 }, (_, at) => 500 + 5 * at));
    expect(counting.said).toEqual([expect.stringMatching(/^info sockets are counted from procfs/)]);
  });

  it('follows what the text costs, after what the first of these costs alone', async () => {
    const counting = new Counting();
    counting.host.answers.udpSockets = [[error(2)]];
    // The text takes 160 ms: too much for five seconds, but for the first that tells what it costs.
    counting.cost = 20_000;
    const every: number[] = [];
    for (const second of [500, 505, 510]) {
      await counting.tick(second);
      every.push(counting.module.every);
    }
    expect(every).toEqual([5, 5, 10]);
  });

  it.each([
    [0.02, 10],
    [0.5, 5],
    [0.001, 300],
  ])('keeps them below the share of a CPU that they may take: %d', async (share, seconds) => {
    const counting = new Counting({ cpu_share: 100 * share });
    await counting.tick(500);
    counting.cost = 20_000;
    await counting.tick(505);
    expect(counting.module.every).toBe(seconds);
  });

  it.each([
    [3, 5, 6],
    [10, 5, 10],
    [1, 25, 25],
  ])('with updates every %i s and %i s asked for is %i s', (tick, every, seconds) => {
    expect(new Counting({ every: tick, update_every: every }).module.every).toBe(seconds);
  });
});

describe('sockets that cannot be counted', () => {
  it.each([
    [false, 'notice'],
    [true, 'error'],
  ])('are not drawn, and why is said once, until they can be; required: %s', async (required, level) => {
    const counting = new Counting({ read_from: 'procfs', enabled: required });
    counting.host.refusals.set('/proc/net/udp', 'ENOENT');
    for (let second = 500; second < 540; second++) expect(await counting.tick(second)).toBeUndefined();
    expect(counting.said).toEqual([`${level} ${FAILED}open /proc/net/udp: ENOENT: refused`]);
    expect(counting.host.held).toBe(0);
    counting.host.refusals.clear();
    for (let second = 540; second < 563; second++) await counting.tick(second);
    expect(await counting.tick(563)).toEqual(COUNTS);
    expect(counting.said.slice(1)).toEqual(['info sockets can be counted']);
  });

  it('because a list is missing have the problem of that file', async () => {
    const counting = new Counting({ read_from: 'procfs' }, {});
    await counting.tick(500);
    await counting.tick(501);
    expect(counting.said).toEqual([`notice ${FAILED}${NO_LIST}`]);
  });

  it.each([
    ['auto', `notice ${FAILED}${NO_LIST}`],
    ['netlink', `notice ${FAILED}${logged('other_namespace')}`],
  ] as const)('from anywhere are told by what was tried last: %s', async (readFrom, last) => {
    const counting = new Counting({ read_from: readFrom }, {});
    counting.host.failure = new ProblemError('other_namespace', 'sock_diag');
    await counting.tick(500);
    await counting.tick(501);
    expect(counting.said.at(-1)).toBe(last);
    expect(counting.said).toHaveLength(readFrom === 'auto' ? 2 : 1);
  });

  it.each([
    [1, logged('sock_diag_blocked')],
    [2, logged('no_sock_diag')],
    [12, 'ask sock_diag for UDP sockets: ENOMEM: not enough memory'],
  ])('over netlink alone, because the kernel refuses with error %i, say what to do', async (errno, why) => {
    const counting = new Counting({ read_from: 'netlink' });
    counting.host.answers.udpSockets = [[error(errno)]];
    for (let second = 500; second < 540; second++) expect(await counting.tick(second)).toBeUndefined();
    expect(counting.said).toEqual([`notice ${FAILED}${why}`]);
    expect([counting.host.held, counting.host.opened]).toEqual([0, []]);
    // Begun at 500 and, half a minute after that was noticed, at 531: each over a channel of its own.
    expect(counting.host.channels).toHaveLength(2);
  });

  it('in a malformed list are no number, and the log names the file', async () => {
    const counting = new Counting({ read_from: 'procfs' });
    counting.host.volume.appendFileSync('/proc/net/tcp6', 'garbage\n');
    await counting.tick(500);
    expect(await counting.tick(501)).toBeUndefined();
    expect(counting.said).toEqual([`notice ${FAILED}malformed file: /proc/net/tcp6: not a socket: "garbage"`]);
  });

  it('over netlink are counted from procfs at once, which is no failure', async () => {
    const counting = new Counting({ enabled: true });
    counting.host.answers.udp6Sockets = [[error(2)]];
    await counting.tick(500);
    expect(await counting.tick(501)).toEqual(COUNTS);
    expect(counting.said).toEqual([expect.stringMatching(/^info sockets are counted from procfs/)]);
  });
});

describe('a module sockets that is closed', () => {
  it.each(['netlink', 'procfs'] as const)('while it counts touches nothing any more: %s', async (readFrom) => {
    const many = Array.from({ length: 3000 }, () => 1);
    const counting = new Counting({ read_from: readFrom }, { ...SOCKETS, tcp: many });
    let reads = 0;
    counting.host.onRead = () => {
      reads++;
      counting.runtime.compute(6000);
    };
    const release = counting.runtime.hold(1);
    await counting.tick(500);
    expect([counting.host.held, reads]).toEqual([1, 1]);
    counting.module.close();
    expect(counting.host.held).toBe(0);
    const { opened } = counting.host;
    const before = [reads, opened.length, counting.host.asked];
    release();
    await counting.runtime.settle();
    expect(await counting.tick(501)).toBeUndefined();
    expect(await counting.tick(600)).toBeUndefined();
    expect([reads, opened.length, counting.host.asked]).toEqual(before);
    expect([counting.host.held, counting.said]).toEqual([0, []]);
  });

  it('between two counts closes its channel, and opens no other', async () => {
    const counting = new Counting();
    await counting.tick(500);
    counting.module.close();
    expect(await counting.countedAt(501, 600)).toEqual([]);
    expect([counting.host.held, counting.host.channels.length, counting.host.opened]).toEqual([0, 1, []]);
  });

  it('before its first count opens nothing', async () => {
    const counting = new Counting();
    counting.module.collect(500e6, true);
    counting.module.close();
    await counting.runtime.settle();
    expect([counting.host.channels, counting.host.opened, counting.said]).toEqual([[], [], []]);
  });
});

describe('the status of module sockets', () => {
  const LISTS = ['/proc/net/tcp', '/proc/net/tcp6', '/proc/net/udp', '/proc/net/udp6'];

  async function statusOf(readFrom: 'auto' | 'netlink' | 'procfs', prepare: (host: SocketHost) => void) {
    const counting = new Counting({ read_from: readFrom });
    prepare(counting.host);
    await counting.tick(500);
    await counting.tick(501);
    return counting.module.status();
  }

  const elsewhere = (host: SocketHost): void => {
    host.failure = new ProblemError('other_namespace', 'sock_diag');
  };
  const ELSEWHERE = problemAt('other_namespace', 'sock_diag');

  it('names what is configured', async () => {
    expect(await statusOf('auto', () => undefined)).toEqual({ reads: ['sock_diag'], problems: [] });
    expect(await statusOf('netlink', () => undefined)).toEqual({ reads: ['sock_diag'], problems: [] });
    expect(await statusOf('procfs', elsewhere)).toEqual({ reads: LISTS, problems: [] });
  });

  it('loses a part while procfs stands in for sock_diag, and everything without a second source', async () => {
    expect(await statusOf('auto', elsewhere)).toEqual({ reads: LISTS, problems: [{ ...ELSEWHERE, loses: 'part' }] });
    expect(await statusOf('netlink', elsewhere)).toEqual({
      reads: ['sock_diag'],
      problems: [{ ...ELSEWHERE, loses: 'all' }],
    });
  });

  it('has the problems of both sources', async () => {
    const both = await statusOf('auto', (host) => {
      elsewhere(host);
      host.refusals.set('/proc/net/tcp', 'EACCES');
    });
    expect(both.problems).toMatchObject([
      { code: 'file_denied', target: '/proc/net/tcp', loses: 'all' },
      { ...ELSEWHERE, loses: 'part' },
    ]);
  });
});
