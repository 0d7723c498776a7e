import { beforeEach, describe, expect, it, vi } from 'vitest';

import { createAccess } from '../../collector/modules/access.ts';
import { Collecting, only, SIGNS, valuesOf } from '../helpers/collecting.ts';
import { error, event, FakeChannel, statistics } from '../helpers/netlink_channel.ts';
import { SETTINGS } from '../helpers/recorded_host.ts';

vi.mock(import('../../collector/modules/access.ts'), async (original) => ({
  ...(await original()),
  createAccess: vi.fn(),
}));

beforeEach(() => {
  vi.mocked(createAccess).mockReset();
});

describe('the configuration of a job', () => {
  const every = (lines: readonly string[], chart: string): string | undefined =>
    lines
      .findLast((line) => line.startsWith(`CHART conntrack.${chart} `))
      ?.match(/ (\d+) '[a-z ]*' 'conntrack.plugin'/)?.[1];

  it.each([
    ['receive_buffer: 3', 3 * 1024 * 1024],
    ['receive_buffer: 1024', 1024 * 1024 * 1024],
    ['', 64 * 1024 * 1024],
  ])('sets the receive buffer in mebibytes: {%s} is %i bytes', async (options, bytes) => {
    const collecting = new Collecting(`modules: {events: {${options}}}`);
    await collecting.update(1);
    expect(collecting.channels.get('events')?.receiveBuffer).toBe(bytes);
  });

  it('sets how many events per second are too many', async () => {
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
  ])('sets how often the table is dumped: {%s}, updated every %i s, is every %s s', async (options, tick, expected) => {
    const collecting = new Collecting(`modules: {flows: {${options}}}`, { every: tick });
    const lines = await collecting.update(2, tick);
    expect(every(lines, 'flows_by_protocol')).toBe(expected);
    expect(every(lines, 'sockets')).toBe(String(tick));
  });

  it.each([
    ['0.5', '40'],
    ['2', '10'],
    ['20', '10'],
  ])('sets the share of a CPU for dumps: at %s %% every %s s', async (share, expected) => {
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
  ])('sets how often sockets are counted: {%s}, updated every %i s, is every %s s', async (options, tick, expected) => {
    const collecting = new Collecting(`modules: {sockets: {${options}}}`, { every: tick });
    const lines = await collecting.update(2, tick);
    expect(every(lines, 'socket_states_tcp')).toBe(expected);
  });

  it.each([
    ['0.1', '60'],
    ['0.5', '10'],
    ['2', '5'],
    ['20', '5'],
  ])('sets the share of a CPU for counting sockets: at %s %% every %s s', async (share, expected) => {
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
  ])('sets where sockets are counted: %s', async (readFrom, sets, said) => {
    const collecting = new Collecting(`modules: {sockets: {read_from: ${readFrom}}}`);
    const lines = await collecting.update(3);
    expect(valuesOf(lines, 'socket_states_udp').slice(1)).toEqual(sets);
    expect(collecting.log.messages).toEqual(said.map((what) => expect.stringContaining(what)));
    expect(collecting.channels.has('sockets')).toBe(readFrom !== 'procfs');
  });

  it.each([
    ['', 1, '5'],
    ['update_every: 7', 1, '7'],
    ['update_every: 7', 4, '8'],
    ['update_every: 5', 20, '20'],
    ['update_every: 1', 1, '1'],
  ])(
    'sets how often conntrackd is queried: {%s}, updated every %i s, is every %s s',
    async (options, tick, expected) => {
      const collecting = new Collecting(`modules: {conntrackd: {${options}}}`, { every: tick });
      expect(every(await collecting.update(2, tick), SIGNS.conntrackd)).toBe(expected);
      collecting.daemon.taken();
      // Asked at the first update and then every so many seconds.
      await collecting.update(Number(expected) / tick - 2, tick);
      expect(collecting.daemon.taken()).toEqual([]);
      await collecting.update(1, tick);
      expect(collecting.daemon.taken()).toContain('runtime');
    },
  );

  it('sets the paths of several conntrackd, which are named after them', async () => {
    const collecting = new Collecting('modules: {conntrackd: {sockets: [/run/east.ctl, /run/west.sock]}}');
    collecting.volume.fromJSON({ '/run/east.ctl': '', '/run/west.sock': '' });
    const lines = await collecting.update(2);
    expect([...collecting.connected].sort()).toEqual(['/run/east.ctl', '/run/west.sock']);
    for (const name of ['east', 'west']) expect(valuesOf(lines, `conntrackd_state_${name}`)).toContain('SET up = 1');
    expect(valuesOf(lines, SIGNS.conntrackd)).toEqual([]);
  });

  it.each([
    ['', 2000],
    ['timeout: 1', 1000],
    ['timeout: 10', 10_000],
  ])('sets the timeout of conntrackd in seconds: {%s} is %i ms', async (options, milliseconds) => {
    const collecting = new Collecting(only('conntrackd', options));
    await collecting.update(1);
    expect(new Set(collecting.runtime.asked)).toEqual(new Set([milliseconds]));
  });

  it.each([
    ['auto', []],
    ['yes', ['error conntrackd is not running; start it with "systemctl start conntrackd"']],
  ])('with enabled: %s decides whether the log says that conntrackd is not running', async (enabled, said) => {
    const collecting = new Collecting(`modules: {conntrackd: {enabled: ${enabled}}}`);
    collecting.daemon.instead = { fails: 'ENOENT' };
    const lines = await collecting.update(3);
    expect(collecting.log.entries.map(({ level, message }) => `${level} ${message}`)).toEqual(said);
    expect(valuesOf(lines, SIGNS.conntrackd)).toEqual(
      enabled === 'yes' ? ['SET up = 0', 'SET unresponsive = 0', 'SET down = 1'] : [],
    );
  });

  it('sets whether each CPU has charts, and the source of the counters', async () => {
    const collecting = new Collecting('modules: {stat: {per_cpu: yes, read_from: netlink}}');
    const lines = await collecting.update(2);
    expect(valuesOf(lines, 'cpu_events_cpu0')).not.toEqual([]);
    expect(valuesOf(lines, 'sockets')).toContain('SET connections = 77');
    expect(valuesOf(await new Collecting('').update(2), 'sockets')).toContain('SET connections = 812');
  });

  it.each([
    ['auto', 'notice'],
    ['yes', 'error'],
  ])('with enabled: %s sets the level of a log line about a module that cannot work', async (enabled, level) => {
    const modules = ['events', 'flows', 'sockets'].map((module) => `${module}: {enabled: ${enabled}}`);
    const collecting = new Collecting(`modules: {${modules.join(', ')}}`);
    collecting.socket = error(1);
    collecting.use = statistics({ entries: 1 }).slice(0, 18);
    collecting.volume.writeFileSync(`${SETTINGS}events`, '0\n');
    await collecting.update(3);
    expect(collecting.log.entries.map((said) => [said.level, said.message.split(': ', 1)[0]])).toEqual([
      [level, 'new and destroyed connections are not collected'],
      ['info', 'sockets are counted from procfs, which costs more CPU time'],
      [level, 'the composition of the connection table is not collected'],
      [level, 'sockets are not counted'],
    ]);
  });

  it('sets the label source of every chart', async () => {
    const lines = await new Collecting('source: rack 7').update(2);
    const charts = lines.filter((line) => line.startsWith('CHART '));
    expect(lines.filter((line) => line === "CLABEL 'source' 'rack 7' 2")).toHaveLength(charts.length);
  });
});
