import type { Socket } from 'node:net';
import { Volume } from 'memfs';
import { describe, expect, it, vi } from 'vitest';

import { ConntrackdModule, type ConntrackdSettings } from '../../../collector/modules/conntrackd/conntrackd.ts';
import type { Request } from '../../../collector/modules/conntrackd/request.ts';
import type { Sample } from '../../../collector/modules/module.ts';
import { messageWithFix, problemAt } from '../../../collector/modules/problem.ts';
import { Host } from '../../../collector/procfs/host.ts';
import { MemoryDaemon } from '../../helpers/conntrackd_daemon.ts';
import { contextOf } from '../../helpers/context.ts';
import { FakeRuntime } from '../../helpers/fake_runtime.ts';
import { RecordingLog } from '../../helpers/recording_log.ts';

const FW = '/run/fw.ctl';
const EDGE = '/run/edge.ctl';
const USUAL = '/var/run/conntrackd.ctl';
const CONFIGURATION = '/etc/conntrackd/conntrackd.conf';
const COUNT = '/proc/sys/net/netfilter/nf_conntrack_count';

const runtimeAnswer = (received: number): string =>
  `daemon uptime: 7 min\n\nnetlink stats:\n\tevents received:\t${String(received).padStart(20)}\n`;
const CT = 'cache internal:\ncurrent active connections:\t          41\n';

/** A host with daemons in memory, by the paths of their sockets. */
class Firewall {
  readonly runtime = new FakeRuntime();
  readonly log = new RecordingLog();
  readonly volume = Volume.fromJSON({ '/proc/net/dev': '' });
  readonly daemons = new Map<string, MemoryDaemon>();
  /** The paths that were connected to, in order. */
  readonly connected: string[] = [];
  /** Thrown in place of connecting. */
  defect: unknown;
  readonly module: ConntrackdModule;
  #starts = 0;

  constructor(settings: Partial<ConntrackdSettings> = {}, prefix = '') {
    const { log, runtime, volume } = this;
    const connect = (path: string): Socket => {
      this.connected.push(path);
      if (this.defect !== undefined) throw this.defect;
      const daemon = this.daemons.get(path) ?? new MemoryDaemon();
      if (!this.daemons.has(path)) daemon.instead = { fails: 'ENOENT' };
      return daemon.connect();
    };
    const context = contextOf({ connect, fs: volume, host: new Host(volume, prefix), log, runtime });
    this.module = new ConntrackdModule(context, {
      enabled: 'auto',
      every: 5,
      update_every: 5,
      timeout: 2,
      sockets: [],
      ...settings,
    });
  }

  /** Starts a daemon, or another in its place. */
  start(path: string, replies: MemoryDaemon['replies'] = {}): MemoryDaemon {
    const daemon = new MemoryDaemon({ runtime: runtimeAnswer(100), ct: CT, ...replies });
    this.daemons.set(path, daemon);
    this.volume.mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true });
    this.volume.writeFileSync(path, '');
    this.volume.utimesSync(path, 1000, 1000 + ++this.#starts);
    return daemon;
  }

  stop(path: string): void {
    this.daemons.delete(path);
    this.volume.unlinkSync(path);
  }

  /** Sockets that are listed as those of the host's namespace. */
  listed(...paths: readonly string[]): void {
    const lines = paths.map((path, at) => `00000000: 00000002 00000000 00010000 0001 01 ${12_345 + at} ${path}\n`);
    const text = `Num       RefCount Protocol Flags    Type St Inode Path\n${lines.join('')}`;
    this.volume.writeFileSync('/proc/net/unix', text);
  }

  count(connections: string): void {
    this.volume.mkdirSync(COUNT.slice(0, COUNT.lastIndexOf('/')), { recursive: true });
    this.volume.writeFileSync(COUNT, connections);
  }

  /** Updates at that time, and lets the round that begins come as far as it comes. */
  async tick(second: number, isDrawn = true): Promise<readonly Sample[]> {
    this.runtime.advanceTo(second);
    // What was waited for until now has its turn.
    await this.runtime.settle();
    const samples = this.module.collect(second * 1e6, isDrawn);
    await this.runtime.settle();
    return samples;
  }

  /** Updates every second; returns the times at which there were samples, each with what they were of. */
  async drawn(from: number, to: number): Promise<[number, string][]> {
    const found: [number, string][] = [];
    for (let second = from; second <= to; second++) {
      const samples = await this.tick(second);
      for (const sample of samples) if (sample.scope === 'daemon') found.push([second, stateOf(sample)]);
    }
    return found;
  }

  /** The lines that were logged since the last call. */
  said(): string[] {
    return this.log.entries.splice(0).map(({ fields, level, message }) => `${level} ${message} ${fields?.['path']}`);
  }

  get open(): number {
    return [...this.daemons.values()].reduce((sum, { open }) => sum + open, 0);
  }
}

function stateOf({ instance, values }: Sample): string {
  const states = ['up', 'unresponsive', 'down'].filter((state) => values[state] === 1);
  return `${instance} ${states.join()}`;
}

const DOWN = messageWithFix(problemAt('conntrackd_down', ''));
const SLOW = messageWithFix(problemAt('conntrackd_unresponsive', ''));
const BACK = 'conntrackd answers again';
const DENIED = messageWithFix(problemAt('conntrackd_denied', ''));

describe('the module', () => {
  it('sends requests after the update, and returns replies once', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    const daemon = firewall.start(FW);
    firewall.runtime.advanceTo(100);
    expect(firewall.module.collect(100e6, true)).toEqual([]);
    expect(daemon.asked).toEqual([]);
    await firewall.runtime.settle();
    expect(daemon.taken()).toContain('queue');
    const samples = await firewall.tick(101);
    expect(samples.map(({ instance, scope }) => `${scope} ${instance}`)).toEqual(['daemon fw', 'cache fw_internal']);
    expect(samples[0]?.values).toMatchObject({
      up: 1,
      unresponsive: 0,
      down: 0,
      uptime: 420,
      events_received: undefined,
    });
    expect(samples[1]?.values).toMatchObject({ active: 41 });
    expect(await firewall.tick(102)).toEqual([]);
    expect([firewall.module.name, firewall.module.every, firewall.said(), firewall.open]).toEqual([
      'conntrackd',
      5,
      [],
      0,
    ]);
  });

  it('asks every five seconds, and makes rates of the true time between', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    const daemon = firewall.start(FW);
    expect(await firewall.drawn(100, 111)).toEqual([
      [101, 'fw up'],
      [106, 'fw up'],
      [111, 'fw up'],
    ]);
    daemon.replies.runtime = runtimeAnswer(142);
    // It was asked at 110, and comes late this time.
    await firewall.tick(117);
    const [sample] = await firewall.tick(118);
    expect(sample?.values).toMatchObject({ events_received: 6 });
  });

  it('keeps samples until they are drawn, the newest of each daemon', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    const daemon = firewall.start(FW);
    await firewall.tick(100, false);
    for (const second of [101, 104]) expect(await firewall.tick(second, false)).toHaveLength(2);
    daemon.replies.ct = CT.replace('41', '43');
    await firewall.tick(105, false);
    const samples = await firewall.tick(106);
    expect(samples.map(({ values }) => values['active'])).toEqual([undefined, 43]);
    expect(await firewall.tick(107)).toEqual([]);
  });

  it('draws no rate over a restart', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    firewall.start(FW);
    await firewall.drawn(100, 106);
    firewall.start(FW, { runtime: runtimeAnswer(5000) });
    await firewall.tick(110);
    expect((await firewall.tick(111))[0]?.values).toMatchObject({ up: 1, events_received: undefined });
  });
});

describe('a daemon', () => {
  it('that never ran is not drawn or logged', async () => {
    const firewall = new Firewall();
    expect(await firewall.drawn(0, 200)).toEqual([]);
    expect(firewall.said()).toEqual([]);
    expect(new Set(firewall.connected)).toEqual(new Set([USUAL]));
  });

  it('that never ran is down if configured or required', async () => {
    const configured = new Firewall({ sockets: [FW] });
    expect((await configured.drawn(0, 12)).map(([, state]) => state)).toEqual(['fw down', 'fw down', 'fw down']);
    expect(configured.said()).toEqual([`warning ${DOWN} ${FW}`]);
    const required = new Firewall({ enabled: true });
    expect(await required.drawn(0, 2)).toEqual([[1, 'conntrackd down']]);
    expect(required.said()).toEqual([`error ${DOWN} ${USUAL}`]);
  });

  it('that exits is down, logged once, and so is its return', async () => {
    const firewall = new Firewall();
    firewall.start(USUAL);
    await firewall.drawn(0, 6);
    firewall.stop(USUAL);
    const gone = (await firewall.drawn(7, 30)).map(([, state]) => state);
    expect(new Set(gone)).toEqual(new Set(['conntrackd down']));
    firewall.start(USUAL);
    expect((await firewall.drawn(31, 37)).at(-1)).toEqual([36, 'conntrackd up']);
    expect(firewall.said()).toEqual([`warning ${DOWN} ${USUAL}`, `info ${BACK} ${USUAL}`]);
  });

  it('that starts later is drawn, and not logged', async () => {
    const firewall = new Firewall();
    await firewall.drawn(0, 10);
    firewall.start(USUAL);
    expect(await firewall.drawn(11, 16)).toEqual([[16, 'conntrackd up']]);
    expect(firewall.said()).toEqual([]);
  });

  it('that does not reply in time is unresponsive, logged once', async () => {
    const firewall = new Firewall();
    const daemon = firewall.start(USUAL);
    await firewall.drawn(0, 6);
    daemon.instead = 'hangs';
    const hung = await firewall.drawn(7, 26);
    expect(hung).toEqual([
      [12, 'conntrackd unresponsive'],
      [17, 'conntrackd unresponsive'],
      [22, 'conntrackd unresponsive'],
    ]);
    expect([firewall.open, firewall.runtime.waiting]).toEqual([1, 1]);
    daemon.instead = undefined;
    await firewall.drawn(27, 36);
    expect([firewall.open, firewall.runtime.waiting]).toEqual([0, 0]);
    expect(firewall.said()).toEqual([`warning ${SLOW} ${USUAL}`, `info ${BACK} ${USUAL}`]);
  });

  it('that changes its state is logged once per change', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    const daemon = firewall.start(FW);
    await firewall.drawn(0, 6);
    for (const [at, fails] of ['EAGAIN', 'ECONNREFUSED', 'ETIMEDOUT', 'ENOENT', 'ENOENT'].entries()) {
      daemon.instead = { fails };
      await firewall.drawn(7 + at * 10, 16 + at * 10);
    }
    expect(firewall.said()).toEqual([
      `warning ${SLOW} ${FW}`,
      `warning ${DOWN} ${FW}`,
      `warning ${SLOW} ${FW}`,
      `warning ${DOWN} ${FW}`,
    ]);
  });

  it.each([
    ['EACCES', false, `notice ${DENIED} ${USUAL}`],
    ['EPERM', false, `notice ${DENIED} ${USUAL}`],
    ['EACCES', true, `error ${DENIED} ${USUAL}`],
    ['EMFILE', false, expect.stringMatching(/^warning cannot query conntrackd: request runtime from .*: .*EMFILE/)],
    ['ENOMEM', true, expect.stringMatching(/^error cannot query conntrackd: request runtime from .*: .*ENOMEM/)],
  ])(
    'that cannot be queried because of %s (required: %s) has no state, and is logged once',
    async (fails, required, line) => {
      const firewall = new Firewall({ enabled: required });
      firewall.start(USUAL).instead = { fails };
      expect(await firewall.drawn(0, 30)).toEqual([]);
      expect(firewall.said()).toEqual([line]);
    },
  );

  it('that fails at different requests is logged once', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    const daemon = firewall.start(FW);
    const breaking: readonly Request[] = ['ct', 'runtime', 'link', 'queue'];
    for (const [at, request] of breaking.entries()) {
      const { [request]: reply = '' } = daemon.replies;
      daemon.replies[request] = { fails: 'ENOMEM' };
      await firewall.drawn(at * 10, at * 10 + 9);
      daemon.replies[request] = reply;
    }
    expect(firewall.said()).toEqual([
      expect.stringMatching(/^warning cannot query conntrackd: request ct from .*: .*ENOMEM/),
    ]);
  });

  it('with malformed replies is up; their start and end are logged once', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    const daemon = firewall.start(FW, { ct: 'cache internal:\ncurr', queue: '?' });
    expect((await firewall.drawn(0, 12)).map(([, state]) => state)).toEqual(['fw up', 'fw up', 'fw up']);
    expect(firewall.log.entries.splice(0)).toEqual([
      {
        level: 'warning',
        message: 'malformed reply from conntrackd: ct: truncated reply',
        fields: { code: 'conntrackd_malformed', path: FW },
      },
    ]);
    daemon.replies.ct = CT;
    await firewall.drawn(13, 17);
    expect(firewall.log.entries.splice(0)).toMatchObject([{ message: expect.stringContaining(': queue: ') }]);
    daemon.replies.queue = '';
    await firewall.drawn(18, 30);
    expect(firewall.said()).toEqual([`info the replies of conntrackd are well-formed ${FW}`]);
  });
});

describe('several daemons', () => {
  it('are told apart by their names', async () => {
    const firewall = new Firewall({ sockets: [FW, EDGE] });
    firewall.start(FW);
    firewall.start(EDGE, { ct: CT.replace('41', '17') });
    await firewall.tick(0);
    const samples = await firewall.tick(1);
    expect(samples.map(({ instance, labels, values }) => [instance, labels['daemon'], values['active']])).toEqual([
      ['fw', 'fw', undefined],
      ['fw_internal', 'fw', 41],
      ['edge', 'edge', undefined],
      ['edge_internal', 'edge', 17],
    ]);
  });

  it('are drawn on time while one of them hangs', async () => {
    const firewall = new Firewall({ sockets: [FW, EDGE] });
    firewall.start(FW).instead = 'hangs';
    firewall.start(EDGE);
    expect(await firewall.drawn(0, 8)).toEqual([
      [1, 'edge up'],
      [2, 'fw unresponsive'],
      [6, 'edge up'],
      [7, 'fw unresponsive'],
    ]);
  });

  it('are queried on time while one needs longer than the interval for its replies', async () => {
    const firewall = new Firewall({ sockets: [FW, EDGE], timeout: 60 });
    firewall.start(FW).instead = 'hangs';
    const edge = firewall.start(EDGE);
    expect(await firewall.drawn(0, 16)).toEqual([
      [1, 'edge up'],
      [6, 'edge up'],
      [11, 'edge up'],
      [16, 'edge up'],
    ]);
    // The other is asked once at a time.
    expect(firewall.connected.filter((path) => path === FW)).toHaveLength(1);
    expect(edge.asked.filter((request) => request === 'runtime')).toHaveLength(4);
  });
});

describe('the entries of the kernel', () => {
  const kernelOf = async (firewall: Firewall): Promise<number | undefined> => {
    await firewall.tick(0);
    return (await firewall.tick(1))[0]?.values['kernel_connections'];
  };

  it('are drawn beside those of a daemon in the same namespace', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    firewall.start(FW);
    firewall.listed('/run/other.ctl', FW, '/run/last.ctl');
    firewall.count('43\n');
    expect(await kernelOf(firewall)).toBe(43);
    firewall.count('44\n');
    await firewall.tick(5);
    expect((await firewall.tick(6))[0]?.values).toMatchObject({ kernel_connections: 44, internal_connections: 41 });
  });

  it.each([
    ['of another path', [`${FW}.old`, `/srv${FW}`]],
    ['of none', []],
  ])('are not drawn when the sockets of the namespace are those %s', async (_which, paths) => {
    const firewall = new Firewall({ sockets: [FW] });
    firewall.start(FW);
    firewall.listed(...paths);
    firewall.count('43\n');
    expect(await kernelOf(firewall)).toBeUndefined();
  });

  it('are not drawn when neither the sockets nor the entries can be read', async () => {
    const blind = new Firewall({ sockets: [FW] });
    blind.start(FW);
    blind.count('43\n');
    expect(await kernelOf(blind)).toBeUndefined();
    const unloaded = new Firewall({ sockets: [FW] });
    unloaded.start(FW);
    unloaded.listed(FW);
    expect(await kernelOf(unloaded)).toBeUndefined();
    expect([blind.said(), unloaded.said()]).toEqual([[], []]);
  });

  it('are not drawn when this process runs in another namespace', async () => {
    const firewall = new Firewall({ sockets: [FW] }, '/host');
    firewall.start(FW);
    firewall.volume.fromJSON({
      '/host/proc/1/net/dev': '',
      '/host/proc/1/net/unix': `x ${FW}\n`,
      '/proc/self/net/dev': '',
    });
    firewall.volume.mkdirSync('/host/proc/sys/net/netfilter', { recursive: true });
    firewall.volume.writeFileSync(`/host${COUNT}`, '43\n');
    expect(await kernelOf(firewall)).toBeUndefined();
  });

  it('are not drawn once a restarted daemon runs in another namespace', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    firewall.start(FW);
    firewall.listed(FW);
    firewall.count('43\n');
    expect(await kernelOf(firewall)).toBe(43);
    firewall.listed();
    firewall.start(FW);
    await firewall.tick(5);
    expect((await firewall.tick(6))[0]?.values['kernel_connections']).toBeUndefined();
  });
});

describe('the configuration of conntrackd', () => {
  const configure = (firewall: Firewall, path: string): void => {
    firewall.volume.mkdirSync('/etc/conntrackd', { recursive: true });
    firewall.volume.writeFileSync(CONFIGURATION, `General {\n UNIX {\n  Path ${path}\n }\n}\n`);
  };

  it('is read every minute', async () => {
    const firewall = new Firewall();
    firewall.start(FW);
    await firewall.drawn(0, 20);
    configure(firewall, FW);
    expect(await firewall.drawn(21, 66)).toEqual([
      [61, 'fw up'],
      [66, 'fw up'],
    ]);
    // Where there never was one is not asked any more.
    expect(new Set(firewall.connected.slice(-9))).toEqual(new Set([FW]));
  });

  it('can move a daemon, which is then down at its old path', async () => {
    const firewall = new Firewall();
    configure(firewall, FW);
    firewall.start(FW);
    await firewall.drawn(0, 55);
    firewall.stop(FW);
    configure(firewall, EDGE);
    firewall.start(EDGE);
    expect((await firewall.drawn(56, 66)).filter(([second]) => second > 60)).toEqual([
      [61, 'fw down'],
      [66, 'edge up'],
      [66, 'fw down'],
    ]);
  });

  it('can name the same socket in another way: no two daemons have one name', async () => {
    const firewall = new Firewall();
    firewall.start(USUAL);
    firewall.start('/run/conntrackd.ctl');
    await firewall.drawn(0, 55);
    configure(firewall, '/run/conntrackd.ctl');
    expect((await firewall.drawn(56, 66)).filter(([second]) => second > 60)).toEqual([
      [61, 'conntrackd up'],
      [66, 'conntrackd up'],
    ]);
  });

  it('does not reset known daemons', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    const daemon = firewall.start(FW);
    await firewall.drawn(0, 56);
    daemon.replies.runtime = runtimeAnswer(130);
    await firewall.tick(60);
    expect((await firewall.tick(61))[0]?.values).toMatchObject({ events_received: 6 });
  });
});

describe('a module that is closed', () => {
  it('in the middle of a round aborts it, and sends no more requests', async () => {
    const firewall = new Firewall({ sockets: [FW, EDGE] });
    const hanging = firewall.start(FW, { cache: 'hangs' });
    const answering = firewall.start(EDGE);
    let asked = 0;
    answering.onAsk = () => {
      if (++asked === 3) firewall.module.close();
    };
    await firewall.tick(0);
    firewall.runtime.advanceTo(60);
    await firewall.runtime.settle();
    expect([asked, firewall.open, firewall.runtime.waiting]).toEqual([3, 0, 0]);
    expect(hanging.asked.length).toBeLessThanOrEqual(5);
    expect(firewall.said()).toEqual([]);
  });

  it('before a round starts does not start it', async () => {
    const firewall = new Firewall();
    firewall.start(USUAL);
    const held = descriptorsOf(firewall);
    const release = firewall.runtime.hold();
    firewall.module.collect(0, true);
    firewall.module.close();
    release();
    await firewall.runtime.settle();
    expect([firewall.connected, firewall.runtime.waiting, held()]).toEqual([[], 0, { opened: 0, open: 0 }]);
  });

  it('at the end of a round ignores the replies', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    firewall.start(FW);
    firewall.listed(FW);
    firewall.count('43\n');
    const held = descriptorsOf(firewall);
    const socket = firewall.volume.statSync(FW);
    let looks = 0;
    const statSync = (): unknown => {
      // Before the round, and after it.
      if (++looks === 2) firewall.module.close();
      return socket;
    };
    Object.assign(firewall.volume, { statSync });
    await firewall.tick(0);
    expect([looks, held(), firewall.said()]).toEqual([2, { opened: 0, open: 0 }, []]);
  });

  it('closes its files', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    const held = descriptorsOf(firewall);
    firewall.start(FW);
    firewall.listed(FW);
    firewall.count('43\n');
    await firewall.drawn(0, 70);
    firewall.module.close();
    firewall.module.close();
    expect(held()).toEqual({ opened: 2, open: 0 });
  });
});

/** From now on counts how often a file is opened, or was to be, and the files that are not closed. */
function descriptorsOf({ volume }: Firewall): () => { opened: number; open: number } {
  const open = vi.spyOn(volume, 'openSync');
  const close = vi.spyOn(volume, 'closeSync');
  return () => {
    const got = open.mock.results.filter(({ type }) => type === 'return').length;
    return { opened: open.mock.calls.length, open: got - close.mock.calls.length };
  };
}

describe('a defect of this program', () => {
  it('is thrown by the next update, once, and does not stop the module', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    firewall.start(FW);
    const defect = new TypeError('undefined is not a function');
    firewall.defect = defect;
    await firewall.tick(0);
    await expect(firewall.tick(1)).rejects.toBe(defect);
    expect(await firewall.tick(2)).toEqual([]);
    firewall.defect = undefined;
    expect(await firewall.drawn(3, 6)).toEqual([[6, 'fw up']]);
    expect(firewall.said()).toEqual([]);
  });
});

describe('the status', () => {
  const problems = async (firewall: Firewall): Promise<readonly string[]> => {
    await firewall.drawn(0, 3);
    return firewall.module.status().problems.map(({ code, loses, target }) => `${target} ${code}, loses ${loses}`);
  };

  it('names no socket at first, then the one where a daemon would be', async () => {
    const firewall = new Firewall();
    expect(firewall.module.status()).toEqual({ reads: [], problems: [] });
    expect(await problems(firewall)).toEqual([`${USUAL} conntrackd_down, loses nothing`]);
    expect(firewall.module.status().reads).toEqual([USUAL]);
  });

  it('has no problem while the daemon answers', async () => {
    const firewall = new Firewall();
    firewall.start(USUAL);
    expect(await problems(firewall)).toEqual([]);
  });

  it.each([
    [{ fails: 'EACCES' }, 'conntrackd_denied', 'all'],
    [{ fails: 'EPERM' }, 'conntrackd_denied', 'all'],
    [{ fails: 'EMFILE' }, 'conntrackd_failed', 'all'],
    ['hangs', 'conntrackd_unresponsive', 'all'],
    [{ fails: 'ECONNREFUSED' }, 'conntrackd_down', 'nothing'],
  ] as const)('of a daemon that %j has the problem %s, which loses %s', async (instead, code, loses) => {
    const firewall = new Firewall();
    firewall.start(USUAL).instead = instead;
    expect(await problems(firewall)).toEqual([`${USUAL} ${code}, loses ${loses}`]);
  });

  it('has a problem for each daemon that is down and was configured, required or seen before', async () => {
    const configured = new Firewall({ sockets: [FW, EDGE] });
    configured.start(EDGE);
    expect(await problems(configured)).toEqual([`${FW} conntrackd_down, loses all`]);
    expect(await problems(new Firewall({ enabled: true }))).toEqual([`${USUAL} conntrackd_down, loses all`]);
    const found = new Firewall();
    found.start(USUAL);
    await found.drawn(0, 3);
    found.stop(USUAL);
    await found.drawn(4, 12);
    expect(found.module.status().problems).toMatchObject([{ code: 'conntrackd_down', loses: 'all' }]);
  });

  it('loses a part while replies to some requests are malformed', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    firewall.start(FW, { ct: 'cache internal:\ncurr', queue: '?' });
    await firewall.drawn(0, 3);
    expect(firewall.module.status().problems).toMatchObject([
      { code: 'conntrackd_malformed', target: FW, loses: 'part', message: expect.stringContaining(': ct: ') },
      { code: 'conntrackd_malformed', target: FW, loses: 'part', message: expect.stringContaining(': queue: ') },
    ]);
  });
});
