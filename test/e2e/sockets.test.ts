/** The built program on real sockets in every state, compared with `ss` in the same namespace. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';

import { AS_NOBODY, withHostAt, withMount } from '../helpers/container.ts';
import { Laboratory, type Node, ROUTER_ADDRESS } from '../helpers/laboratory.ts';
import { copyForEverybody, Program, type ProgramOptions } from '../helpers/program.ts';
import { SocketStates } from '../helpers/socket_states.ts';
import { type SocketCounts, SocketHolder, socketsBySs } from '../helpers/sockets.ts';
import { lastValues, type Stream } from '../helpers/stream.ts';
import { until } from '../helpers/until.ts';

/** Keeps the thousands of connections whose sockets are counted out of the table. */
const UNTRACKED = `
table inet untracked {
  chain before { type filter hook prerouting priority raw; policy accept; notrack; }
  chain output { type filter hook output priority raw; policy accept; notrack; }
}
`;

const TABLES = ['tcp', 'tcp6', 'udp', 'udp6'] as const;
/** Files of a host without IPv6 below `/proc/net`: its lists of sockets, and `dev`, which identifies its namespace. */
const OF_IPV4 = ['dev', 'tcp', 'udp'];
/** NETLINK_SOCK_DIAG, the protocol number. */
const SOCK_DIAG = '4';

describe.skipIf(inject('missing').kernel !== undefined)('sockets', () => {
  let laboratory: Laboratory;
  let folder = '';
  const programs: Program[] = [];

  beforeAll(() => {
    laboratory = Laboratory.create();
    laboratory.addRules('router', UNTRACKED);
    folder = mkdtempSync(join(tmpdir(), 'conntrack-sockets-'));
    mkdirSync(join(folder, 'proc'));
  });

  afterEach(async () => {
    await Promise.all(programs.splice(0).map((program) => program.stop()));
  });

  afterAll(async () => {
    await laboratory?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function start(
    readFrom: 'auto' | 'netlink' | 'procfs',
    via: readonly string[],
    options: ProgramOptions = {},
    environment: Readonly<Record<string, string>> = {},
  ): Program {
    const others = 'stat: { enabled: no }, events: { enabled: no }, flows: { enabled: no }';
    const sockets = `sockets: { enabled: yes, read_from: ${readFrom}, update_every: 1, cpu_share: 100 }`;
    const program = new Program(['1'], environment, { via, config: `modules: { ${others}, ${sockets} }`, ...options });
    programs.push(program);
    return program;
  }

  /** Whether a namespace has a sock_diag socket. */
  function isAsked(node: Node): boolean {
    const lines = laboratory.run(node, ['cat', '/proc/net/netlink']).split('\n').slice(1);
    return lines.some((line) => {
      const [, protocol, port] = line.split(/ +/);
      // The kernel's own socket has port 0 and always exists.
      return protocol === SOCK_DIAG && port !== '0';
    });
  }

  it('in every state are counted as ss lists them: over netlink, from procfs, as an unprivileged user, and for a host below a prefix', async () => {
    const router = laboratory.via('router');
    await new SocketStates(laboratory).make();
    await until('every socket is in its state', 120, () => {
      expect(socketsBySs(laboratory, 'router')).toEqual(SocketStates.expected);
      return true;
    });
    // Some of those in FIN_WAIT2 no longer belong to a process: the kernel keeps them like those in TIME_WAIT.
    const orphans = laboratory.run('router', ['ss', '-tnoH', 'state', 'fin-wait-2']).match(/timer:\(timewait,/g);
    expect(orphans).toHaveLength(6 + 2 + 5);

    const netlink = start('netlink', router);
    await until('sock_diag is asked', 120, () => isAsked('router'));
    const procfs = start('procfs', router);
    const auto = start('auto', router);
    const asNobody = { plugin: copyForEverybody(folder), cwd: '/' };
    const unprivileged = start('netlink', [...router, ...AS_NOBODY], asNobody);
    // The host is the router, with its /proc below the prefix; the program itself runs on the server.
    const onServer = [...router, ...withHostAt(join(folder, 'proc')), ...laboratory.via('server')];
    const below = start('auto', onServer, {}, { NETDATA_HOST_PREFIX: folder });
    const counting = { netlink, procfs, auto, unprivileged, below };

    await expectEqual(counting, () => socketsBySs(laboratory, 'router'));
    for (const [name, { stream }] of Object.entries(counting)) {
      expect(countsOf(stream), name).toEqual(SocketStates.expected);
      expect(stream.definitions['conntrack.socket_states_tcp6']?.labels, name).toEqual({ protocol: 'tcp6' });
      expect(stream.definitions['conntrack.socket_states_udp']?.labels, name).toEqual({ protocol: 'udp' });
    }
    expect(isAsked('server')).toBe(false);
    for (const { err } of [netlink, procfs, auto, unprivileged]) expect(err).toBe('');
    expect(below.err.match(/\n/g)).toHaveLength(1);
    expect(below.err).toMatch(
      / level=info msg="sockets are counted from procfs, which costs more CPU time: .*" code=other_namespace retry=600s\n$/,
    );
  });

  it('are counted while thousands open and close every second', async () => {
    const counting = [start('netlink', laboratory.via('router')), start('procfs', laboratory.via('router'))];
    await Promise.all(counting.map((program) => program.updated('conntrack.socket_states_tcp', 2)));
    const [server, client] = [new SocketHolder(laboratory, 'router', 120), new SocketHolder(laboratory, 'client', 120)];
    await server.do('serve', ROUTER_ADDRESS, 7001);
    const before = counting.map(({ stream }) => updatesOf(stream));
    const began = performance.now();
    await client.do('visit', ROUTER_ADDRESS, 7001, 20_000, 4000, 100);
    const seconds = (performance.now() - began) / 1000;
    expect(seconds).toBeLessThan(100);
    for (const [at, { stream, err }] of counting.entries()) {
      expect(updatesOf(stream) - (before[at] ?? 0)).toBeGreaterThan(seconds / 2);
      expect(err).toBe('');
    }
    await Promise.all(counting.map((program) => program.updated('conntrack.socket_states_tcp', 3)));
    // Connections that the router closed; the client has reused the ports of many of them.
    for (const { stream } of counting) expect(countsOf(stream).tcp?.['time_wait']).toBeGreaterThan(1000);
  });

  it('are counted if /proc hides their lists, but not for an address family without a list', async () => {
    const holder = new SocketHolder(laboratory, 'server', 60);
    await holder.do('bind', 'udp', 'udp4', '127.0.0.1', 19);
    const hidden = [...withMount('-t proc -o subset=pid proc'), '/proc'];
    const hiding = start('auto', [...laboratory.via('server'), ...hidden]);
    // The namespace's lists, without those of IPv6.
    const host = join(folder, 'host');
    mkdirSync(join(host, 'proc/1/net'), { recursive: true });
    for (const name of OF_IPV4) writeFileSync(join(host, 'proc/1/net', name), '');
    const bind = OF_IPV4.map((name) => `mount --bind /proc/self/net/${name} "$1/proc/1/net/${name}"`).join(' && ');
    const without = ['sh', '-c', `${bind} && shift && exec "$@"`, 'sh', host];
    const lacking = start('auto', [...laboratory.via('server'), ...without], {}, { NETDATA_HOST_PREFIX: host });
    await expectEqual({ hiding }, () => socketsBySs(laboratory, 'server'));
    await lacking.updated('conntrack.socket_states_udp', 3);
    const { tcp, udp } = socketsBySs(laboratory, 'server');
    expect(countsOf(lacking.stream)).toEqual({ tcp, udp });

    await holder.do('bind', 'udp', 'udp6', '::1', 23);
    await expectEqual({ hiding }, () => socketsBySs(laboratory, 'server'));
    expect(countsOf(hiding.stream)['udp6']).toEqual({ connected: 0, unconnected: 23 });
    for (const { err } of [hiding, lacking]) expect(err).toBe('');
  });
});

/** Expects that programs draw what `ss` lists, while the sockets do not change. */
async function expectEqual(
  counting: Readonly<Record<string, Program>>,
  listed: () => Partial<SocketCounts>,
): Promise<void> {
  let before: Partial<SocketCounts> = {};
  let seen: (readonly [string, Partial<Record<string, Record<string, number>>>])[] = [];
  await until('the sockets are unchanged', 120, async () => {
    before = listed();
    await Promise.all(Object.values(counting).map((program) => program.updated('conntrack.socket_states_udp', 3)));
    seen = Object.entries(counting).map(([name, { stream }]) => [name, countsOf(stream)]);
    return isDeepStrictEqual(listed(), before);
  });
  for (const [name, counts] of seen) expect(counts, name).toEqual(before);
}

/** The last values by list and state. */
function countsOf(stream: Stream): Partial<Record<string, Record<string, number>>> {
  const charts = TABLES.map((table) => [table, lastValues(stream, `conntrack.socket_states_${table}`)] as const);
  return Object.fromEntries(charts.filter(([, counts]) => counts !== undefined));
}

function updatesOf(stream: Stream): number {
  return stream.updates.filter(({ chart }) => chart === 'conntrack.socket_states_tcp').length;
}
