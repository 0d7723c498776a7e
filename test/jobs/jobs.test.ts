import { Volume } from 'memfs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Emitter } from '../../collector/agent/emit.ts';
import { Output } from '../../collector/agent/output.ts';
import { parseConfig } from '../../collector/config/parse.ts';
import { createContext } from '../../collector/jobs/context.ts';
import { chartsOf } from '../../collector/jobs/job.ts';
import { HOST, Jobs } from '../../collector/jobs/jobs.ts';
import { Plugin } from '../../collector/jobs/plugin.ts';
import { createAccess, type EventChannel, type ReceiveBuffer } from '../../collector/modules/access.ts';
import { Budget } from '../../collector/modules/budget.ts';
import type { Context } from '../../collector/modules/context.ts';
import { receiveMemory } from '../../collector/netlink/foreign.ts';
import { MemoryDaemon } from '../helpers/conntrackd_daemon.ts';
import { recording } from '../helpers/conntrackd_text.ts';
import { FakeRuntime } from '../helpers/fake_runtime.ts';
import {
  cpuStatistics,
  diagnosed,
  done,
  entry,
  error,
  event,
  expectationStatistics,
  FakeChannel,
  statistics,
} from '../helpers/netlink_channel.ts';
import { SETTINGS, STAT } from '../helpers/recorded_host.ts';
import { RecordingLog } from '../helpers/recording_log.ts';
import { StallingPipe } from '../helpers/stalling_pipe.ts';
import { NAMES, OLD_NAMES, statRow, statText } from '../helpers/stat_text.ts';

vi.mock(import('../../collector/modules/access.ts'), async (original) => ({
  ...(await original()),
  createAccess: vi.fn(),
}));

/** Which module a channel to ctnetlink was opened by, told by the room that it wants. */
const OPENERS: Readonly<Record<string, string>> = { '256x2048': 'events', '4x32768': 'flows', '1x32768': 'stat' };

/** The place where conntrackd is looked for on a host without its configuration. */
const USUAL = '/var/run/conntrackd.ctl';

/** A collector on a host in memory with a kernel that answers. */
class Collecting {
  readonly pipe = new StallingPipe();
  readonly log = new RecordingLog();
  readonly runtime = new FakeRuntime(300e6);
  readonly volume: Volume;
  /** The channels that were opened, by module. */
  readonly channels = new Map<string, FakeChannel>();
  readonly context: Context;
  readonly jobs = new Jobs();
  readonly emitter = new Emitter({ charts: [], source: '' });
  readonly plugin = new Plugin({
    jobs: this.jobs,
    log: this.log,
    output: new Output(this.pipe, this.log),
    renderer: this.emitter,
  });
  /** Whether the configuration left any module. */
  hasModules = false;
  readonly daemon = new MemoryDaemon({
    runtime: recording('ftfw-udp/active/runtime'),
    ct: recording('ftfw-udp/active/ct'),
  });
  /** The paths of UNIX sockets that were connected to. */
  readonly connected = new Set<string>();
  use = statistics({ entries: 77, max: 100 });
  socket = diagnosed({ state: 6, type: 18 });
  #second = 300;

  constructor(config: string, { every = 1, prefix = '', release = '6.18.0' } = {}) {
    const settings = { max: '4000\n', count: '900\n', buckets: '1024\n', expect_max: '96\n', events: '1\n' };
    const files = Object.entries(settings).map(([name, text]) => [`${prefix}${SETTINGS}${name}`, text]);
    this.volume = Volume.fromJSON(Object.fromEntries(files));
    this.stat(NAMES, {}, prefix);
    vi.mocked(createAccess).mockReturnValue({
      ctnetlink: (room) => this.#open(room, OPENERS[`${room.slots}x${room.slotSize}`] ?? 'nobody'),
      sockDiag: (room) => this.#open(room, 'sockets'),
    });
    this.context = createContext({
      hostPrefix: prefix,
      release,
      library: '/usr/lib/conntrack-koffi',
      fs: this.volume,
      runtime: this.runtime,
      connect: (path) => {
        this.connected.add(path);
        return this.daemon.connect();
      },
      budget: new Budget(),
      memory: receiveMemory(0),
      log: this.log,
    });
    this.configure(config, every);
  }

  /** Puts a configuration into effect, the first or another. */
  configure(text: string, every = 1): void {
    const config = parseConfig('conntrack.conf', text);
    this.emitter.use({ charts: chartsOf(config), source: config.source });
    this.hasModules = this.jobs.set(HOST, this.context, { config, every });
  }

  #open(room: ReceiveBuffer, module: string): EventChannel {
    const channel = new FakeChannel({ ...room, around: new Uint8Array(room.slotSize).fill(0xff) });
    channel.replyWith('statistics', () => [[this.use]]);
    channel.reply('cpuStatistics', [cpuStatistics(0), done()]);
    channel.reply('expectationStatistics', [expectationStatistics(0), done()]);
    channel.reply('table', [entry({ protocol: 132 }), done()]);
    channel.replyWith('tcpSockets', () => [[this.socket, diagnosed({ state: 10, type: 18 }), done()]]);
    channel.reply('udpSockets', [diagnosed({ state: 7 }), done()]);
    channel.reply('udp6Sockets', [diagnosed({ family: 10, state: 1 }), done()]);
    this.channels.set(module, channel);
    return channel;
  }

  stat(names: readonly string[], values: Readonly<Record<string, number>>, prefix = ''): void {
    this.volume.mkdirSync(`${prefix}/proc/net/stat`, { recursive: true });
    this.volume.writeFileSync(`${prefix}${STAT}`, statText(names, [statRow({ entries: 812, ...values }, names)]));
  }

  hear(...events: readonly Uint8Array[]): void {
    this.channels.get('events')?.queue(events);
  }

  /** Updates every so many seconds, so many times; returns what was sent, line by line. */
  async update(times: number, every = 1): Promise<string[]> {
    const before = this.pipe.text.length;
    for (let time = 0; time < times; time++) {
      this.runtime.advanceTo(this.#second);
      this.plugin.tick({ at: this.#second * 1e6, skipped: 0 });
      this.#second += every;
      await this.runtime.settle();
    }
    return this.pipe.text.slice(before).trim().split('\n');
  }
}

/** The lines between the BEGIN of a chart and its END, of its last update. */
function drawn(lines: readonly string[], chart: string): string[] {
  const begin = lines.findLastIndex((line) => line.split(' ', 2).join(' ') === `BEGIN conntrack.${chart}`);
  return begin < 0 ? [] : lines.slice(begin + 1, lines.indexOf('END', begin));
}

/** One chart of each module. */
const SIGNS = {
  stat: 'sockets',
  events: 'new_by_protocol',
  flows: 'flows_by_protocol',
  sockets: 'socket_states_udp',
  conntrackd: 'conntrackd_state_conntrackd',
};

const ALL = Object.keys(SIGNS);

/** The modules whose charts are drawn. */
function working(lines: readonly string[]): string[] {
  return Object.entries(SIGNS).flatMap(([module, chart]) => (drawn(lines, chart).length > 0 ? [module] : []));
}

const off = (...modules: readonly string[]): string =>
  `modules: {${modules.map((module) => `${module}: {enabled: no}`).join(', ')}}\n`;

/** One module with options, and the others off. */
const only = (module: string, options: string): string =>
  `modules: {${ALL.map((one) => `${one}: {${one === module ? options : 'enabled: no'}}`).join(', ')}}\n`;

beforeEach(() => {
  vi.mocked(createAccess).mockReset();
});

describe('a collector', () => {
  it.each<[string, string, string[], string[]]>([
    ['nothing that is configured', '', ALL, ['events', 'flows', 'sockets']],
    ['advanced mode', 'mode: advanced', ALL, ['events', 'flows', 'sockets']],
    ['basic mode', 'mode: basic', ['stat'], []],
    [
      'basic mode, whatever else is on',
      'mode: basic\nmodules: {events: {enabled: yes}, flows: {enabled: yes}, sockets: {enabled: yes}, conntrackd: {enabled: yes}}',
      ['stat'],
      [],
    ],
    ['stat turned off', off('stat'), ['events', 'flows', 'sockets', 'conntrackd'], ['events', 'flows', 'sockets']],
    ['events turned off', off('events'), ['stat', 'flows', 'sockets', 'conntrackd'], ['flows', 'sockets']],
    ['flows turned off', off('flows'), ['stat', 'events', 'sockets', 'conntrackd'], ['events', 'sockets']],
    ['sockets turned off', off('sockets'), ['stat', 'events', 'flows', 'conntrackd'], ['events', 'flows']],
    [
      'conntrackd turned off',
      off('conntrackd'),
      ['stat', 'events', 'flows', 'sockets'],
      ['events', 'flows', 'sockets'],
    ],
    ['stat alone', off('events', 'flows', 'sockets', 'conntrackd'), ['stat'], []],
    ['stat over netlink alone', only('stat', 'read_from: netlink'), ['stat'], ['stat']],
    ['flows alone', off('stat', 'events', 'sockets', 'conntrackd'), ['flows'], ['flows']],
    ['sockets alone', off('stat', 'events', 'flows', 'conntrackd'), ['sockets'], ['sockets']],
    ['conntrackd alone', off('stat', 'events', 'flows', 'sockets'), ['conntrackd'], []],
  ])('with %s has the modules for it, and asks nobody for another', async (_what, config, modules, channels) => {
    const collecting = new Collecting(config);
    expect(working(await collecting.update(3))).toEqual(modules);
    expect([...collecting.channels.keys()].sort()).toEqual([...channels].sort());
    expect([...collecting.connected]).toEqual(modules.includes('conntrackd') ? [USUAL] : []);
  });

  it.each([
    ['every module turned off', off(...ALL)],
    ['basic mode and its only module turned off', `mode: basic\n${off('stat')}`],
  ])('is none with %s', (_what, config) => {
    const { channels, connected, hasModules } = new Collecting(config);
    expect(hasModules).toBe(false);
    expect([channels.size, connected.size]).toEqual([0, 0]);
  });

  it('is told the file system, the host and the library for its way to the kernel, once', () => {
    const { volume } = new Collecting('', { prefix: '/host' });
    expect(createAccess).toHaveBeenCalledTimes(1);
    const [options] = vi.mocked(createAccess).mock.calls[0] ?? [];
    expect(options?.fs).toBe(volume);
    expect(options?.host.path('/proc')).toBe('/host/proc');
    expect(options?.library).toBe('/usr/lib/conntrack-koffi');
  });

  it('draws the new and deleted connections that the kernel only reports beside those that it counts', async () => {
    const collecting = new Collecting('');
    collecting.volume.writeFileSync(`${SETTINGS}count`, '0\n');
    await collecting.update(2);
    collecting.stat(NAMES, { invalid: 3, insert: 8 });
    collecting.volume.writeFileSync(`${SETTINGS}count`, '2\n');
    collecting.hear(...[6, 17, 17].map((protocol) => event('new', { protocol })), event('destroy', { protocol: 6 }));
    const lines = await collecting.update(1);
    expect(drawn(lines, 'new')).toEqual(['SET new = 3000', 'SET invalid = 3000']);
    expect(drawn(lines, 'changes')).toEqual(['SET inserted = 8000', 'SET deleted = 1000']);
    expect(drawn(lines, 'new_by_protocol').slice(0, 2)).toEqual(['SET tcp = 1000', 'SET udp = 2000']);
  });

  it('draws them without the module that counts the others', async () => {
    const collecting = new Collecting(off('stat', 'flows'));
    collecting.volume.writeFileSync(`${SETTINGS}count`, '0\n');
    await collecting.update(1);
    collecting.hear(event('new', { protocol: 6 }), event('destroy', { protocol: 6 }));
    const lines = await collecting.update(1);
    expect([drawn(lines, 'new'), drawn(lines, 'changes')]).toEqual([['SET new = 1000'], ['SET deleted = 1000']]);
  });

  it('believes the count of a kernel that counts them', async () => {
    const collecting = new Collecting('', { release: '4.4.0-210-generic' });
    collecting.stat(OLD_NAMES, { new: 100, delete: 50 });
    await collecting.update(2);
    collecting.stat(OLD_NAMES, { new: 109, delete: 57 });
    collecting.hear(event('new', { protocol: 6 }));
    const lines = await collecting.update(1);
    expect(drawn(lines, 'new')).toContain('SET new = 9000');
    expect(drawn(lines, 'changes')).toContain('SET deleted = 7000');
    expect(drawn(lines, 'new_by_protocol')).toContain('SET tcp = 1000');
  });

  it('draws sockets by list and state', async () => {
    const collecting = new Collecting('');
    // A host that has lists, and none of TCP over IPv6.
    collecting.volume.writeFileSync('/proc/net/tcp', '');
    const lines = await collecting.update(2);
    expect(drawn(lines, 'socket_states_tcp').filter((line) => !line.endsWith(' 0'))).toEqual([
      'SET time_wait = 1',
      'SET listen = 1',
    ]);
    expect(drawn(lines, 'socket_states_udp')).toEqual(['SET connected = 0', 'SET unconnected = 1']);
    expect(drawn(lines, 'socket_states_udp6')).toEqual(['SET connected = 1', 'SET unconnected = 0']);
    expect(drawn(lines, 'socket_states_tcp6')).toEqual([]);
  });

  it('draws conntrackd beside the connections of the kernel, if it lives where the plugin does', async () => {
    const collecting = new Collecting('', { prefix: '/host' });
    // A file tells namespaces apart by its inode: two names of one.
    collecting.volume.mkdirSync('/proc/self/net', { recursive: true });
    collecting.volume.mkdirSync('/host/proc/1/net', { recursive: true });
    collecting.volume.writeFileSync('/proc/self/net/dev', '');
    collecting.volume.linkSync('/proc/self/net/dev', '/host/proc/1/net/dev');
    collecting.volume.writeFileSync('/host/proc/1/net/unix', `00: 00000002 00000000 00010000 0001 01 7 ${USUAL}\n`);
    // On the host itself `/var/run` is a link to it.
    collecting.volume.mkdirSync('/host/run', { recursive: true });
    collecting.volume.writeFileSync('/host/run/conntrackd.ctl', '');
    const lines = await collecting.update(2);
    expect([...collecting.connected]).toEqual(['/host/run/conntrackd.ctl']);
    expect(drawn(lines, 'conntrackd_sync_conntrackd')).toEqual([
      'SET kernel = 900',
      'SET internal = 96',
      'SET external = 3',
    ]);
  });

  it('draws what was dumped while the agent did not read as soon as it does', async () => {
    const collecting = new Collecting(off('events', 'sockets'));
    collecting.pipe.stall();
    // What is drawn of the first update waits, so that nothing is drawn of the next three.
    await collecting.update(4);
    expect(collecting.pipe.text).toBe('');
    collecting.pipe.proceed();
    await collecting.runtime.settle();
    expect(drawn(await collecting.update(1), 'flows_by_protocol')).toContain('SET sctp = 1');
    expect(collecting.channels.get('flows')?.timesAsked('table')).toBe(1);
  });

  it('lets go of every channel and connection when it is closed', async () => {
    const collecting = new Collecting('modules: {stat: {read_from: netlink}}');
    collecting.daemon.instead = 'hangs';
    await collecting.update(2);
    expect(collecting.daemon.open).toBe(1);
    collecting.jobs.close();
    const isClosed = [...collecting.channels].map(([module, channel]) => [module, channel.isClosed]).sort();
    expect(isClosed).toEqual([
      ['events', true],
      ['flows', true],
      ['sockets', true],
      ['stat', true],
    ]);
    expect(collecting.daemon.open).toBe(0);
  });
});

describe('applying another configuration', () => {
  const charts = (lines: readonly string[], pattern: RegExp): string[] =>
    lines.flatMap((line) => (pattern.test(line) ? [/^CHART conntrack\.(\S+)/.exec(line)?.[1] ?? ''] : []));

  it('changes nothing if it is the same: no module is replaced, and no chart is defined again', async () => {
    const collecting = new Collecting('');
    await collecting.update(3);
    const channels = [...collecting.channels.values()];
    collecting.configure('modules: { flows: { update_every: 10 } }');
    const lines = await collecting.update(2);
    expect([...collecting.channels.values()]).toEqual(channels);
    expect(channels.map(({ isClosed }) => isClosed)).toEqual(channels.map(() => false));
    expect(charts(lines, /^CHART/)).toEqual([]);
    expect(lines).toContain('BEGIN conntrack.sockets 1000000');
    expect(drawn(lines, 'errors')).toContain('SET drop = 0');
  });

  it('closes a module that is turned off and removes its charts with the next update, and leaves the others alone', async () => {
    const collecting = new Collecting('');
    await collecting.update(3);
    collecting.configure(off('sockets', 'conntrackd'));
    const lines = await collecting.update(1);
    expect(collecting.channels.get('sockets')?.isClosed).toBe(true);
    expect(collecting.daemon.open).toBe(0);
    const gone = charts(lines, /obsolete/);
    expect(gone).toEqual(expect.arrayContaining([SIGNS.sockets, SIGNS.conntrackd]));
    expect(gone.filter((chart) => !/^(socket_states|conntrackd)_/.test(chart))).toEqual([]);
    expect(collecting.channels.get('events')?.isClosed).toBe(false);
    expect(lines).toContain('BEGIN conntrack.sockets 1000000');
    expect(working(await collecting.update(10))).toEqual(['stat', 'events', 'flows']);
  });

  it('replaces a module whose options change, and no other', async () => {
    const collecting = new Collecting('');
    await collecting.update(3);
    const { events, flows } = Object.fromEntries(collecting.channels);
    collecting.configure('modules: { flows: { update_every: 4 } }');
    const lines = await collecting.update(5);
    expect([events?.isClosed, flows?.isClosed]).toEqual([false, true]);
    expect(collecting.channels.get('flows')).not.toBe(flows);
    expect(charts(lines, /'flows'$/)).toContain(SIGNS.flows);
    expect(lines.find((line) => line.startsWith('BEGIN conntrack.flows_by_protocol'))).toMatch(/ \d+$/);
    expect(charts(lines, /obsolete/)).toEqual([]);
  });

  it('removes the charts that basic mode leaves out, and advanced mode brings them back', async () => {
    const collecting = new Collecting('');
    await collecting.update(3);
    collecting.configure('mode: basic');
    const lines = await collecting.update(1);
    expect(charts(lines, /obsolete/)).toEqual(expect.arrayContaining(['new', 'errors', SIGNS.events, SIGNS.flows]));
    expect(working(lines)).toEqual(['stat']);
    collecting.configure('');
    expect(working(await collecting.update(3))).toEqual(ALL);
  });

  it('defines the charts again for another interval, each with the true time since its last update', async () => {
    const collecting = new Collecting(off('conntrackd'));
    await collecting.update(3);
    collecting.configure(off('conntrackd'), 5);
    const lines = await collecting.update(2, 5);
    expect(lines.find((line) => line.startsWith('CHART conntrack.sockets '))).toMatch(
      / 5 '' 'conntrack.plugin' 'stat'$/,
    );
    expect(lines).toContain('BEGIN conntrack.sockets 1000000');
    expect(lines).toContain('BEGIN conntrack.sockets 5000000');
  });

  it('removes every chart when no module is left', async () => {
    const collecting = new Collecting(off('conntrackd'));
    await collecting.update(3);
    const known = new Set(charts(collecting.pipe.text.split('\n'), /^CHART/));
    collecting.configure(off(...ALL));
    expect(collecting.hasModules).toBe(false);
    expect(charts(await collecting.update(1), /obsolete/).sort()).toEqual([...known].sort());
  });
});

describe('jobs', () => {
  it('are added and removed without touching the others', () => {
    const { context, jobs } = new Collecting('');
    const own = jobs.modules;
    expect(own.map(({ name }) => name)).toEqual(['stat', 'events', 'flows', 'sockets', 'conntrackd']);
    jobs.set('guest', context, { config: parseConfig('conntrack.conf', off('events', 'conntrackd')), every: 7 });
    const guests = jobs.modules.filter((module) => !own.includes(module));
    expect(guests.map(({ every, name }) => `${name} ${every}`)).toEqual(['stat 7', 'flows 14', 'sockets 7']);
    const closed: string[] = [];
    for (const module of own) vi.spyOn(module, 'close').mockImplementation(() => closed.push(`own ${module.name}`));
    for (const module of guests) vi.spyOn(module, 'close').mockImplementation(() => closed.push(module.name));
    jobs.remove('guest');
    expect(closed).toEqual(['stat', 'flows', 'sockets']);
    expect(jobs.modules).toEqual(own);
  });

  it('share the CPU time of their background work, until one is removed', () => {
    const { context, jobs } = new Collecting('');
    const flows = context.budget.claim('flows', 0.06);
    expect(flows.share).toBe(0.03);
    jobs.set('guest', context, { config: parseConfig('conntrack.conf', ''), every: 1 });
    expect(flows.share).toBe(0.02);
    jobs.remove('guest');
    expect(flows.share).toBe(0.03);
  });

  it('that are replaced give up what their modules had claimed', () => {
    const collecting = new Collecting('');
    const flows = collecting.context.budget.claim('flows', 0.06);
    collecting.configure('modules: {flows: {cpu_share: 9}}');
    expect(flows.share).toBe(0.03);
  });
});

describe('the configuration of a collector', () => {
  const every = (lines: readonly string[], chart: string): string | undefined =>
    lines
      .findLast((line) => line.startsWith(`CHART conntrack.${chart} `))
      ?.match(/ (\d+) '[a-z ]*' 'conntrack.plugin'/)?.[1];

  it.each([
    ['receive_buffer: 3', 3 * 1024 * 1024],
    ['receive_buffer: 1024', 1024 * 1024 * 1024],
    ['', 64 * 1024 * 1024],
  ])('says in mebibytes how much may wait: {%s} is %i bytes', async (options, bytes) => {
    const collecting = new Collecting(`modules: {events: {${options}}}`);
    await collecting.update(1);
    expect(collecting.channels.get('events')?.receiveBuffer).toBe(bytes);
  });

  it('says how many events are too many', async () => {
    const collecting = new Collecting('modules: {events: {most_per_second: 1000}}');
    await collecting.update(1);
    const channel = collecting.channels.get('events');
    for (let second = 0; second < 5; second++) {
      expect(channel?.isClosed).toBe(false);
      collecting.hear(...Array.from({ length: 1001 }, () => event('destroy', { protocol: 6 })));
      await collecting.update(1);
    }
    expect(channel?.isClosed).toBe(true);
    expect(collecting.log.messages).toEqual([expect.stringContaining('more than 1000 events per second')]);
  });

  it.each([
    ['', 1, '10'],
    ['update_every: 25', 1, '25'],
    ['update_every: 25', 10, '30'],
    ['update_every: 5', 20, '20'],
    ['full_above: 77', 1, '10'],
    ['full_above: 76.5', 1, '20'],
  ])('says how often the table is dumped: {%s}, updated every %i s, every %s s', async (options, tick, expected) => {
    const collecting = new Collecting(`modules: {flows: {${options}}}`, { every: tick });
    const lines = await collecting.update(2, tick);
    expect(every(lines, 'flows_by_protocol')).toBe(expected);
    expect(every(lines, 'sockets')).toBe(String(tick));
  });

  it.each([
    ['0.5', '40'],
    ['2', '10'],
    ['20', '10'],
  ])('says in percent how much of a CPU dumping may take: %s', async (share, expected) => {
    const collecting = new Collecting(`modules: {flows: {cpu_share: ${share}}}`);
    await collecting.update(1);
    const receive = FakeChannel.prototype.receive;
    vi.spyOn(collecting.channels.get('flows') ?? new FakeChannel(), 'receive').mockImplementation(function (
      this: FakeChannel,
    ) {
      // Once for the use of the table, once for the table.
      collecting.runtime.compute(95_000);
      return receive.call(this);
    });
    expect(every(await collecting.update(12), 'flows_by_protocol')).toBe(expected);
  });

  it.each([
    ['', 1, '5'],
    ['update_every: 7', 1, '7'],
    ['update_every: 7', 4, '8'],
    ['update_every: 1', 1, '1'],
  ])('says how often sockets are counted: {%s}, updated every %i s, every %s s', async (options, tick, expected) => {
    const collecting = new Collecting(`modules: {sockets: {${options}}}`, { every: tick });
    const lines = await collecting.update(2, tick);
    expect(every(lines, 'socket_states_tcp')).toBe(expected);
  });

  it.each([
    ['0.1', '60'],
    ['0.5', '10'],
    ['2', '5'],
    ['20', '5'],
  ])('says in percent how much of a CPU counting sockets may take: %s', async (share, expected) => {
    const collecting = new Collecting(`modules: {sockets: {cpu_share: ${share}}}`);
    await collecting.update(1);
    const receive = FakeChannel.prototype.receive;
    vi.spyOn(collecting.channels.get('sockets') ?? new FakeChannel(), 'receive').mockImplementation(function (
      this: FakeChannel,
    ) {
      // Once for each of three questions.
      collecting.runtime.compute(15_000);
      return receive.call(this);
    });
    expect(every(await collecting.update(12), 'socket_states_tcp')).toBe(expected);
  });

  it.each([
    ['auto', ['SET unconnected = 1'], []],
    ['netlink', ['SET unconnected = 1'], []],
    ['procfs', [], ['open /proc/net/tcp: ENOENT']],
  ])('says where sockets are counted: %s', async (readFrom, sets, said) => {
    const collecting = new Collecting(`modules: {sockets: {read_from: ${readFrom}}}`);
    const lines = await collecting.update(3);
    expect(drawn(lines, 'socket_states_udp').slice(1)).toEqual(sets);
    expect(collecting.log.messages).toEqual(said.map((what) => expect.stringContaining(what)));
    expect(collecting.channels.has('sockets')).toBe(readFrom !== 'procfs');
  });

  it.each([
    ['', 1, '5'],
    ['update_every: 7', 1, '7'],
    ['update_every: 7', 4, '8'],
    ['update_every: 5', 20, '20'],
    ['update_every: 1', 1, '1'],
  ])('says how often conntrackd is asked: {%s}, updated every %i s, every %s s', async (options, tick, expected) => {
    const collecting = new Collecting(`modules: {conntrackd: {${options}}}`, { every: tick });
    expect(every(await collecting.update(2, tick), SIGNS.conntrackd)).toBe(expected);
    collecting.daemon.taken();
    // Asked at the first update and then every so many seconds.
    await collecting.update(Number(expected) / tick - 2, tick);
    expect(collecting.daemon.taken()).toEqual([]);
    await collecting.update(1, tick);
    expect(collecting.daemon.taken()).toContain('runtime');
  });

  it('says where daemons listen, and which of them is which', async () => {
    const collecting = new Collecting('modules: {conntrackd: {sockets: [/run/east.ctl, /run/west.sock]}}');
    const lines = await collecting.update(2);
    expect([...collecting.connected].sort()).toEqual(['/run/east.ctl', '/run/west.sock']);
    for (const name of ['east', 'west']) expect(drawn(lines, `conntrackd_state_${name}`)).toContain('SET up = 1');
    expect(drawn(lines, SIGNS.conntrackd)).toEqual([]);
  });

  it.each([
    ['', 2000],
    ['timeout: 1', 1000],
    ['timeout: 10', 10_000],
  ])('says in seconds how long an answer may take: {%s} is %i ms', async (options, milliseconds) => {
    const collecting = new Collecting(only('conntrackd', options));
    await collecting.update(1);
    expect(new Set(collecting.runtime.asked)).toEqual(new Set([milliseconds]));
  });

  it.each([
    ['auto', []],
    ['yes', ['error conntrackd is not running; start it with "systemctl start conntrackd"']],
  ])('says by enabled: %s whether conntrackd is expected to be there', async (enabled, said) => {
    const collecting = new Collecting(`modules: {conntrackd: {enabled: ${enabled}}}`);
    collecting.daemon.instead = { fails: 'ENOENT' };
    const lines = await collecting.update(3);
    expect(collecting.log.entries.map(({ level, message }) => `${level} ${message}`)).toEqual(said);
    expect(drawn(lines, SIGNS.conntrackd)).toEqual(
      enabled === 'yes' ? ['SET up = 0', 'SET unresponsive = 0', 'SET down = 1'] : [],
    );
  });

  it('says whether a CPU has charts of its own, and where the counters come from', async () => {
    const collecting = new Collecting('modules: {stat: {per_cpu: yes, read_from: netlink}}');
    const lines = await collecting.update(2);
    expect(drawn(lines, 'cpu_events_cpu0')).not.toEqual([]);
    expect(drawn(lines, 'sockets')).toContain('SET connections = 77');
    expect(drawn(await new Collecting('').update(2), 'sockets')).toContain('SET connections = 812');
  });

  it.each([
    ['auto', 'notice'],
    ['yes', 'error'],
  ])('says by enabled: %s how severe it is that a module cannot work', async (enabled, level) => {
    const modules = ['events', 'flows', 'sockets'].map((module) => `${module}: {enabled: ${enabled}}`);
    const collecting = new Collecting(`modules: {${modules.join(', ')}}`);
    collecting.socket = error(1);
    collecting.use = statistics({ entries: 1 }).slice(0, 18);
    collecting.volume.writeFileSync(`${SETTINGS}events`, '0\n');
    await collecting.update(3);
    expect(collecting.log.entries.map((said) => [said.level, said.message.split(': ', 1)[0]])).toEqual([
      [level, 'new and destroyed connections are not drawn'],
      ['info', 'sockets are counted from procfs, which costs more CPU time'],
      [level, 'the composition of the connection table is not drawn'],
      [level, 'sockets are not drawn'],
    ]);
  });

  it('says which source every chart is labelled with', async () => {
    const lines = await new Collecting('source: rack 7').update(2);
    const charts = lines.filter((line) => line.startsWith('CHART '));
    expect(lines.filter((line) => line === "CLABEL 'source' 'rack 7' 2")).toHaveLength(charts.length);
  });
});
