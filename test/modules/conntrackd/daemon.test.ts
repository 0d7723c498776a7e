import { describe, expect, it, vi } from 'vitest';

import { Client } from '../../../collector/modules/conntrackd/client.ts';
import { Daemon, type Identity, type Round } from '../../../collector/modules/conntrackd/daemon.ts';
import type { Request } from '../../../collector/modules/conntrackd/request.ts';
import { MemoryDaemon, type Reply } from '../../helpers/conntrackd_daemon.ts';
import { flat, recording } from '../../helpers/conntrackd_text.ts';
import { FakeRuntime } from '../../helpers/fake_runtime.ts';

const FTFW: readonly Request[] = ['runtime', 'process', 'ct', 'expect', 'cache', 'network', 'link', 'queue'];

/** Replies as they were recorded. */
function recorded(node: string, ...requests: readonly Request[]): Partial<Record<Request, string>> {
  return Object.fromEntries(requests.map((request) => [request, recording(`${node}/${request}`)]));
}

const uptime = (text: string): string => `daemon uptime: ${text}\n`;

/** A daemon in memory, and the client side of it. */
class Watching {
  readonly runtime = new FakeRuntime();
  readonly conntrackd: MemoryDaemon;
  readonly daemon: Daemon;
  identity: Identity = '4711 1';
  /** Microseconds. */
  now = 7e6;

  constructor(replies: Partial<Record<Request, Reply>> = {}) {
    this.conntrackd = new MemoryDaemon(replies);
    const connect = () => this.conntrackd.connect();
    const client = new Client({ connect, runtime: this.runtime, timeout: 2000 });
    const now = () => this.now;
    this.daemon = new Daemon({ client, path: '/run/fw.ctl', now, identify: () => this.identity });
  }

  /** The round or its error. */
  async ask(second: number): Promise<unknown> {
    const round = await this.daemon.ask(second * 1e6).catch((error: unknown) => error);
    expect([this.runtime.waiting, this.conntrackd.open]).toEqual([0, 0]);
    return round;
  }

  /** The round, which must be complete. */
  async up(second: number): Promise<Round> {
    const round = await this.daemon.ask(second * 1e6);
    if (round === undefined) throw new Error('it restarted');
    return round;
  }

  /** The requests of the round. */
  async requestsOf(second: number): Promise<Request[]> {
    await this.up(second);
    return this.conntrackd.taken();
  }

  async restartedAt(...seconds: readonly number[]): Promise<boolean[]> {
    const found: boolean[] = [];
    for (const second of seconds) found.push((await this.up(second)).restarted);
    return found;
  }
}

describe('a round', () => {
  it('has the numbers of all replies', async () => {
    const requests = FTFW.filter((request) => request !== 'process');
    const watching = new Watching(recorded('ftfw-expectations/active', ...requests));
    const { malformed, sheet } = await watching.up(100);
    expect(malformed).toEqual(new Map());
    const scopes = [...sheet.all()].map(({ subject }) => subject.scope);
    expect(scopes.sort()).toEqual(['cache', 'cache', 'cache', 'cache', 'daemon', 'link', 'queue', 'queue', 'queue']);
    expect(flat(sheet)).toMatchObject({ 'daemon.uptime': '0 gauge', 'daemon.children_any': '0 gauge' });
  });

  it('sends one request after the other', async () => {
    const watching = new Watching(recorded('ftfw-udp/active', ...FTFW));
    let most = 0;
    watching.conntrackd.onAsk = () => {
      most = Math.max(most, watching.conntrackd.open);
    };
    expect(await watching.requestsOf(100)).toEqual(FTFW);
    expect(most).toBe(1);
  });

  it('does not repeat requests with an empty reply for a minute, except for children', async () => {
    const watching = new Watching(recorded('stats/active', 'runtime', 'ct', 'cache'));
    const silent = ['expect', 'network', 'link', 'queue', 'rsqueue'];
    expect(await watching.requestsOf(100)).toEqual([...FTFW, 'rsqueue']);
    for (const second of [105, 130, 159.9]) {
      expect(await watching.requestsOf(second)).toEqual(['runtime', 'process', 'ct', 'cache']);
    }
    expect(await watching.requestsOf(160)).toEqual([...FTFW, 'rsqueue']);
    expect((await watching.requestsOf(165)).filter((request) => silent.includes(request))).toEqual([]);
  });

  it('sends a request in every round once its reply is no longer empty', async () => {
    const watching = new Watching(recorded('stats/active', 'runtime', 'ct', 'cache'));
    await watching.requestsOf(100);
    watching.conntrackd.replies.queue = recording('ftfw-udp/active/queue');
    expect(await watching.requestsOf(105)).not.toContain('queue');
    for (const second of [160, 165]) expect(await watching.requestsOf(second)).toContain('queue');
  });

  it('requests the resend queue only if there is no reply about queues', async () => {
    const watching = new Watching({
      runtime: uptime('0 min'),
      rsqueue: 'resent queue (len=24)\nobject -> seq:1795240812\n',
    });
    const { sheet } = await watching.up(100);
    expect(flat(sheet)).toMatchObject({ 'queue/rsqueue.elements': '24 gauge' });
    watching.conntrackd.taken();
    expect(await watching.requestsOf(105)).toEqual(['runtime', 'process', 'rsqueue']);
    watching.conntrackd.replies.queue = recording('ftfw-udp/active/queue_cut');
    for (const second of [160, 165]) expect(await watching.requestsOf(second)).not.toContain('rsqueue');
  });

  it('repeats all requests after a restart', async () => {
    const watching = new Watching(recorded('stats/active', 'runtime', 'ct', 'cache'));
    await watching.requestsOf(100);
    watching.identity = '4712 2';
    expect(await watching.requestsOf(105)).toEqual([...FTFW, 'rsqueue']);
    expect(await watching.requestsOf(110)).toEqual(['runtime', 'process', 'ct', 'cache']);
  });
});

describe('a restart', () => {
  it('is noticed once by another socket, and so is the first start', async () => {
    const watching = new Watching({ runtime: uptime('0 min') });
    expect(await watching.restartedAt(100, 105)).toEqual([true, false]);
    watching.identity = '4711 2';
    expect(await watching.restartedAt(110, 115)).toEqual([true, false]);
  });

  it('is noticed by a shorter uptime', async () => {
    const watching = new Watching({ runtime: uptime('2 days 3 h 4 min') });
    expect(await watching.restartedAt(100, 105)).toEqual([true, false]);
    watching.conntrackd.replies.runtime = uptime('2 days 3 h 5 min');
    expect(await watching.restartedAt(110)).toEqual([false]);
    watching.conntrackd.replies.runtime = uptime('2 days 3 h 4 min');
    expect(await watching.restartedAt(115, 120)).toEqual([true, false]);
  });

  it('is neither invented nor missed when the uptime is absent', async () => {
    const watching = new Watching({ runtime: uptime('7 min') });
    await watching.up(100);
    for (const answer of [uptime('-1 min'), 'netlink stats:\n', uptime('8 min') + uptime('9 min'), 'torn']) {
      watching.conntrackd.replies.runtime = answer;
      expect(await watching.restartedAt(105)).toEqual([false]);
    }
    watching.conntrackd.replies.runtime = uptime('6 min');
    expect(await watching.restartedAt(110)).toEqual([true]);
  });

  it('without an uptime compares the next reported uptime with nothing', async () => {
    const watching = new Watching({ runtime: uptime('7 min') });
    await watching.up(100);
    Object.assign(watching, { identity: 'another' });
    watching.conntrackd.replies.runtime = 'netlink stats:\n';
    expect(await watching.restartedAt(105)).toEqual([true]);
    watching.conntrackd.replies.runtime = uptime('1 min');
    expect(await watching.restartedAt(110)).toEqual([false]);
  });

  it('in the middle of a round discards it, and is noticed by the next', async () => {
    const watching = new Watching(recorded('ftfw-udp/active', ...FTFW));
    await watching.up(100);
    watching.conntrackd.onAsk = (request) => {
      if (request === 'cache') watching.identity = '4712 2';
    };
    expect(await watching.ask(105)).toBeUndefined();
    expect(await watching.restartedAt(110, 115)).toEqual([true, false]);
  });

  it('while it did not answer is noticed when it answers', async () => {
    const watching = new Watching({ runtime: uptime('0 min') });
    await watching.up(100);
    watching.conntrackd.instead = { fails: 'ECONNREFUSED' };
    watching.identity = undefined;
    expect(await watching.ask(105)).toMatchObject({ problem: { code: 'conntrackd_down' } });
    watching.conntrackd.instead = undefined;
    watching.identity = '4712 2';
    expect(await watching.restartedAt(110)).toEqual([true]);
  });

  it('is not assumed when the same daemon answers again', async () => {
    const watching = new Watching({ runtime: uptime('0 min') });
    await watching.up(100);
    watching.conntrackd.instead = { fails: 'EAGAIN' };
    expect(await watching.ask(105)).toMatchObject({ problem: { code: 'conntrackd_unresponsive' } });
    watching.conntrackd.instead = undefined;
    expect(await watching.restartedAt(110)).toEqual([false]);
  });
});

describe('a daemon that cannot be queried', () => {
  it('throws its problem after the first request', async () => {
    const watching = new Watching();
    watching.conntrackd.instead = { fails: 'ECONNREFUSED' };
    const problem = { code: 'conntrackd_down', target: '/run/fw.ctl', loses: 'all' };
    expect(await watching.ask(100)).toMatchObject({ errno: 'ECONNREFUSED', problem });
    expect(watching.conntrackd.taken()).toEqual(['runtime']);
  });

  it('is not queried further after a timeout', async () => {
    const watching = new Watching({ runtime: uptime('0 min'), ct: 'hangs' });
    const round = watching.ask(100);
    await watching.runtime.settle();
    watching.runtime.advanceTo(2);
    expect(await round).toMatchObject({ errno: 'ETIMEDOUT', problem: { code: 'conntrackd_unresponsive' } });
    expect(watching.conntrackd.taken()).toEqual(['runtime', 'process', 'ct']);
  });

  it('loses the whole round when it exits in the middle', async () => {
    const watching = new Watching({ ...recorded('ftfw-udp/active', ...FTFW), link: { fails: 'ECONNREFUSED' } });
    expect(await watching.ask(100)).toMatchObject({ problem: { code: 'conntrackd_down' } });
  });
});

describe('a malformed reply', () => {
  it('does not affect other replies', async () => {
    const watching = new Watching(recorded('ftfw-udp/active', ...FTFW));
    watching.conntrackd.replies.ct = 'cache internal:\ncurrent active connections:\t  99999999999\n';
    watching.conntrackd.replies.network = 'network statistics:\n\trec';
    const { malformed, sheet } = await watching.up(100);
    expect(malformed).toEqual(
      new Map([
        ['ct', '99999999999 exceeds 32 bits'],
        ['network', 'truncated reply'],
      ]),
    );
    const found = flat(sheet);
    expect(found).toMatchObject({ 'queue/errorq.maximum': '128 gauge', 'link/0.running': '1 gauge' });
    expect(found).toHaveProperty(['cache/internal.total']);
    expect(found).not.toHaveProperty(['cache/internal.active']);
  });

  it('is requested again in the next round', async () => {
    const watching = new Watching({ ...recorded('ftfw-udp/active', ...FTFW), link: '?' });
    await watching.requestsOf(100);
    expect(await watching.requestsOf(105)).toEqual([...FTFW].filter((request) => request !== 'expect'));
  });

  it('is distinguished from a defect of this program, which is thrown', async () => {
    const watching = new Watching({ runtime: uptime('0 min') });
    const defect = new TypeError('undefined is not a function');
    vi.spyOn(watching.conntrackd, 'connect').mockImplementation(() => {
      throw defect;
    });
    await expect(watching.daemon.ask(100e6)).rejects.toBe(defect);
  });
});
