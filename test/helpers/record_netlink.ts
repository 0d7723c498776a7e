/**
 * Records what the kernel this runs on says over ctnetlink and sock_diag, and what `conntrack` and `ss` print of the
 * same, into a folder:
 *
 *     npx esbuild test/helpers/record_netlink.ts --bundle --platform=node --format=cjs --outfile=dist/record.cjs
 *     node dist/record.cjs fixtures/netlink/linux-6.18
 *
 * Needs root, the programs `ip`, `nft`, `conntrack` and `ss`, and the working directory of the project (for koffi).
 * Everything happens in network namespaces of its own, which are removed in the end. Names of the files and their
 * format are told in fixtures/README.md.
 */

import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect as open, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Channel } from '../../collector/netlink/channel.ts';
import { NETLINK_NETFILTER } from '../../collector/netlink/ctnetlink.ts';
import { Foreign } from '../../collector/netlink/foreign.ts';
import { NETLINK_SOCK_DIAG } from '../../collector/netlink/inet_diag.ts';
import { QUESTIONS, type Question, request } from '../../collector/netlink/request.ts';
import { NetlinkSocket } from '../../collector/netlink/socket.ts';
import { TCP_STATES } from './tcp_states.ts';

const NOBODY = 65534;
const GROUPS = { new: 1, update: 2, destroy: 3 };
/** Longer than any datagram of the kernel. */
const ROOM = { slots: 32, slotSize: 64 * 1024 };

/** Conntrack takes the tenth, SYN_SENT2, by another name. */
const TCP_STATE_OPTIONS = TCP_STATES.map((state) => (state === 'SYN_SENT2' ? 'LISTEN' : state));

const IPV4 = '-s 192.0.2.1 -d 198.51.100.1';
const IPV6 = '-s 2001:db8::1 -d 2001:db8::2';

/** Entries as `conntrack -R` takes them. */
const ENTRIES = [
  ...TCP_STATE_OPTIONS.map((state, at) => `${IPV4} -p tcp --sport ${1000 + at} --dport 443 --state ${state}`),
  `${IPV4} -p tcp --sport 1100 --dport 443 --state ESTABLISHED -u SEEN_REPLY,ASSURED`,
  `${IPV4} -p udp --sport 2000 --dport 53`,
  `${IPV4} -p udp --sport 2001 --dport 53 -u SEEN_REPLY`,
  `${IPV4} -p udp --sport 2002 --dport 53 -u SEEN_REPLY,ASSURED`,
  `${IPV4} -p udplite --sport 2100 --dport 53`,
  `${IPV4} -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 3000`,
  `${IPV4} -p sctp --sport 4000 --dport 5000 --state ESTABLISHED --orig-vtag 17 --reply-vtag 23 -u SEEN_REPLY,ASSURED`,
  `${IPV4} -p sctp --sport 4001 --dport 5000 --state COOKIE_WAIT --orig-vtag 17 --reply-vtag 23`,
  `${IPV4} -p gre --srckey 6000 --dstkey 6001 -u SEEN_REPLY`,
  `${IPV4} -p 50`,
  `${IPV4} -p 253 -u SEEN_REPLY`,
  `${IPV4} -p udp --sport 7000 --dport 53 --src-nat 203.0.113.1`,
  `${IPV4} -p udp --sport 7001 --dport 53 --dst-nat 203.0.113.2 -u SEEN_REPLY`,
  `${IPV4} -p udp --sport 7002 --dport 53 --src-nat 203.0.113.1 --dst-nat 203.0.113.2 -u SEEN_REPLY,ASSURED`,
  `${IPV4} -p udp --sport 8000 --dport 53 -w 5`,
  `${IPV4} -p tcp --sport 8001 --dport 443 --state SYN_RECV -w 9 -u SEEN_REPLY -m 11`,
  `${IPV4} -p udp --sport 9000 --dport 53 -u SEEN_REPLY -m 77`,
  `${IPV6} -p tcp --sport 1000 --dport 443 --state TIME_WAIT -u SEEN_REPLY,ASSURED`,
  `${IPV6} -p udp --sport 2000 --dport 53 -m 4294967295`,
  `${IPV6} -p icmpv6 --icmpv6-type 128 --icmpv6-code 0 --icmpv6-id 3000`,
  `${IPV6} -p 50`,
  `${IPV6} -p tcp --sport 7000 --dport 443 --state ESTABLISHED -u SEEN_REPLY,ASSURED --dst-nat 2001:db8::3`,
];

/** Turns tracking on, counts packets, and translates real connections on both ends. */
const RULES = `
table ip recording {
  chain out {
    type nat hook output priority -100;
    ip daddr 203.0.113.9 tcp dport 80 dnat to 198.51.100.2:8080
  }
  chain post {
    type nat hook postrouting priority 100;
    ip daddr 198.51.100.2 tcp dport 8080 snat to 198.51.100.3
  }
}
table inet tracking {
  chain in {
    type filter hook input priority 0;
    ct state new accept
  }
}
`;

/** Keeps connections in states that pass at once otherwise, by the port of their server. */
const PORTS = { free: 9000, silent: 9001, unanswered: 9002, endless: 9003, unended: 9004, both: 9005 };
const HOLDS = `
table inet holds {
  chain in {
    type filter hook input priority 0;
    tcp dport ${PORTS.silent} drop
    tcp sport ${PORTS.unanswered} tcp flags & (syn | ack) == syn | ack drop
    tcp dport ${PORTS.endless} tcp flags & fin == fin drop
    tcp sport ${PORTS.unended} tcp flags & fin == fin drop
  }
}
`;

/** States as `ss` calls them, each of which is there in both address families. */
const SOCKET_STATES = [
  ...['ESTAB', 'SYN-SENT', 'SYN-RECV', 'FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT'],
  ...['CLOSE-WAIT', 'LAST-ACK', 'LISTEN', 'CLOSING'],
];

/** Longer than the kernel puts off an acknowledgement, in milliseconds: it must not be dropped with what carries it. */
const DELAYED_ACK = 60;

/** How many connections there are of each kind, and how many sockets of UDP: in the end no two states have as many. */
interface Traffic {
  readonly established: number;
  readonly halfClosed: number;
  readonly closed: number;
  readonly synSent: number;
  readonly synReceived: number;
  readonly ending: number;
  readonly closing: number;
  readonly lastAck: number;
  readonly udpUnconnected: number;
  readonly udpConnected: number;
}

const TRAFFIC: Readonly<Record<'127.0.0.1' | '::1', Traffic>> = {
  '127.0.0.1': {
    ...{ established: 6, halfClosed: 1, closed: 5, synSent: 6, synReceived: 3, ending: 2, closing: 8, lastAck: 7 },
    ...{ udpUnconnected: 4, udpConnected: 7 },
  },
  '::1': {
    ...{ established: 7, halfClosed: 5, closed: 3, synSent: 6, synReceived: 4, ending: 6, closing: 7, lastAck: 2 },
    ...{ udpUnconnected: 5, udpConnected: 3 },
  },
};

/** Connections from IPv4 to a server of IPv6: one end counts as the one, the other as the other. */
const MIXED = 3;

function run(command: readonly string[], input = ''): string {
  const [program = '', ...args] = command;
  const { error, status, stderr, stdout } = spawnSync(program, args, { encoding: 'utf8', input });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`, { cause: error });
  return stdout;
}

/** Loads entries from a file: conntrack cannot open the socket that standard input is here. */
function load(entries: readonly string[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'record-'));
  const file = join(folder, 'entries');
  writeFileSync(file, entries.map((entry) => `-A -t 3600 ${entry}\n`).join(''));
  run(['conntrack', '-R', file]);
  rmSync(folder, { recursive: true });
}

function hex(channel: Channel, index: number): string {
  const { buffer } = channel.memory.bytes;
  return Buffer.from(buffer, channel.start(index), channel.end(index) - channel.start(index)).toString('hex');
}

class Recorder {
  readonly #folder: string;
  readonly #foreign: Foreign;

  constructor(folder: string) {
    this.#folder = folder;
    this.#foreign = new Foreign(resolve(`node_modules/@koromix/koffi-linux-${process.arch}`));
  }

  socket(name: 'ctnetlink' | 'sock_diag' = 'ctnetlink'): NetlinkSocket {
    const protocol = { ctnetlink: NETLINK_NETFILTER, sock_diag: NETLINK_SOCK_DIAG }[name];
    return new NetlinkSocket(this.#foreign, { ...ROOM, name, protocol });
  }

  /** Everything that is there, one datagram a line. */
  take(channel: Channel): string[] {
    const lines: string[] = [];
    for (let count = channel.receive(); count > 0; count = channel.receive()) {
      for (let index = 0; index < count; index++) lines.push(hex(channel, index));
    }
    return lines;
  }

  ask(name: string, question: Question): void {
    const socket = this.socket(QUESTIONS[question].to);
    socket.send(request(question, 1));
    this.write(`${name}.hex`, this.take(socket));
    socket.close();
  }

  write(name: string, lines: readonly string[]): void {
    writeFileSync(join(this.#folder, name), `${lines.join('\n')}\n`);
  }

  /** The table, and what was printed of it before; the same must be printed after it. */
  table(name: string): void {
    const before = tableText();
    this.ask(name, 'table');
    if (withoutTimes(tableText()) !== withoutTimes(before)) throw new Error('the table changed meanwhile: try again');
    this.write(`${name}.txt`, [before.trimEnd()]);
  }

  statistics(): void {
    this.ask('statistics', 'statistics');
    this.write('statistics.txt', [
      run(['conntrack', '-C']).trim(),
      readFileSync('/proc/sys/net/netfilter/nf_conntrack_max', 'utf8').trim(),
    ]);
    this.ask('cpu_statistics', 'cpuStatistics');
    this.ask('expectation_statistics', 'expectationStatistics');
    this.write('cpu_statistics.txt', [readFileSync('/proc/net/stat/nf_conntrack', 'utf8').trimEnd()]);
  }

  /** Events of entries that come and go. */
  async events(entries: readonly string[]): Promise<void> {
    const file = join(this.#folder, 'events.txt');
    const output = createWriteStream(file);
    const printer = spawn('conntrack', ['-E', '-o', 'extended'], { stdio: ['ignore', 'pipe', 'ignore'] });
    printer.stdout.pipe(output);
    const lines: string[] = [];
    let end = (): void => undefined;
    try {
      await until('conntrack listens', isSomebodyListening);
      const socket = this.socket();
      for (const group of Object.values(GROUPS)) socket.join(group);
      load(entries);
      end = await makeTraffic(8889);
      run(['conntrack', '-F']);
      lines.push(...this.take(socket));
      socket.close();
      await until('all was printed', () => readFileSync(file, 'utf8').split('\n').length > lines.length);
    } finally {
      printer.kill('SIGTERM');
    }
    await once(output, 'close');
    end();
    this.write('events.hex', lines);
  }

  /** Sockets: the answers of sock_diag, the texts of procfs, and what was printed before; the same must be after. */
  sockets(): void {
    const before = [socketsText('t'), socketsText('u')];
    this.ask('tcp_sockets', 'tcpSockets');
    this.ask('udp_sockets', 'udpSockets');
    this.ask('udp6_sockets', 'udp6Sockets');
    for (const table of ['tcp', 'tcp6', 'udp', 'udp6']) {
      this.write(`${table}.txt`, [readFileSync(`/proc/net/${table}`, 'utf8').replace(/\n$/, '')]);
    }
    if (String([socketsText('t'), socketsText('u')]) !== String(before)) {
      throw new Error('the sockets changed meanwhile: try again');
    }
    const [tcp = '', udp = ''] = before;
    this.write('ss_tcp.txt', [tcp.trimEnd()]);
    this.write('ss_udp.txt', [udp.trimEnd()]);
  }

  /** What the kernel says to who may not ask. Nothing that needs privilege can come after it. */
  refusal(): void {
    process.setuid?.(NOBODY);
    const socket = this.socket();
    socket.send(request('table', 1));
    const lines = this.take(socket);
    socket.close();
    process.stdout.write(lines.join('\n'));
  }
}

function tableText(): string {
  return run(['conntrack', '-L', '-o', 'extended']);
}

/** What `ss` prints of the sockets of a protocol, `t` or `u`, without the blanks that it ends lines with. */
function socketsText(protocol: 't' | 'u'): string {
  return run(['ss', `-an${protocol}H`]).replaceAll(/ +$/gm, '');
}

function withoutTimes(text: string): string {
  return text.replace(/^(\S+ +\d+ \S+ +\d+) \d+/gm, '$1');
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    if (isSo()) return;
    await sleep(10);
  }
  throw new Error(`waited in vain: ${what}`);
}

/** Whether somebody in this namespace has joined groups: protocol and groups are the 2nd and the 4th column. */
function isSomebodyListening(): boolean {
  const rows = readFileSync('/proc/net/netlink', 'utf8').split('\n');
  return rows.some((row) => {
    const [, protocol, , groups] = row.trim().split(/ +/);
    return protocol === '12' && Number(`0x${groups}`) !== 0;
  });
}

/** Connections that the kernel tracked itself: UDP that was answered, and TCP that is translated on both ends. */
async function makeTraffic(port: number): Promise<() => void> {
  const answering = createSocket('udp4', (data, from) => answering.send(data, from.port, from.address));
  answering.bind(5353, '198.51.100.2');
  await once(answering, 'listening');
  const asking = createSocket('udp4');
  asking.bind(5454, '198.51.100.1');
  await once(asking, 'listening');
  asking.send('question', 5353, '198.51.100.2');
  await once(asking, 'message');

  const served: Socket[] = [];
  const server = createServer((client) => {
    served.push(client);
    client.write('hello');
  }).listen(8080, '198.51.100.2');
  await once(server, 'listening');
  const client = open({ host: '203.0.113.9', port: 80, localAddress: '198.51.100.1', localPort: port });
  await once(client, 'data');
  return () => {
    // Who was translated and then forgotten is never told of the other's end.
    for (const socket of [client, ...served]) socket.destroy();
    server.close();
    asking.close();
    answering.close();
  };
}

/** Makes sockets in every state that can be held, and resolves, when they are in it, to what ends them. */
async function makeSockets(): Promise<() => void> {
  const sockets = new Sockets();
  for (const [host, of] of Object.entries(TRAFFIC)) {
    const { closed, closing, ending, established, halfClosed, lastAck, synReceived, synSent } = of;
    for (const port of [PORTS.free, PORTS.unanswered, PORTS.endless, PORTS.unended]) await sockets.listen(port, host);
    await sockets.connect(established, PORTS.free, host, []);
    await sockets.connect(halfClosed, PORTS.free, host, ['client']);
    await sockets.connect(closed, PORTS.free, host, ['client', 'served']);
    await sockets.connect(ending, PORTS.endless, host, ['client']);
    await sockets.connect(closing, PORTS.endless, host, ['client', 'served']);
    await sockets.connect(lastAck, PORTS.unended, host, ['client', 'served']);
    sockets.knock(synSent, PORTS.silent, host);
    sockets.knock(synReceived, PORTS.unanswered, host);
    await sockets.udp(host, of);
  }
  await sockets.listen(PORTS.both, '::');
  await sockets.connect(MIXED, PORTS.both, '127.0.0.1', ['client']);
  await until('every state is there', () => {
    const lines = socketsText('t').split('\n');
    const isThere = (state: string, isInet6: boolean): boolean =>
      lines.some((line) => line.startsWith(`${state} `) && /^\S+ +\d+ +\d+ +[[*]/.test(line) === isInet6);
    return SOCKET_STATES.every((state) => isThere(state, false) && isThere(state, true));
  });
  return () => sockets.end();
}

/** Sockets of this process. */
class Sockets {
  readonly #servers = new Map<string, Server>();
  readonly #ends: (() => void)[] = [];

  async listen(port: number, host: string): Promise<void> {
    const server = createServer({ allowHalfOpen: true }).listen(port, host);
    this.#servers.set(`${host === '::' ? '127.0.0.1' : host} ${port}`, server);
    this.#ends.push(() => server.close());
    await once(server, 'listening');
  }

  /** Connects so many times, and ends one side of each connection, or one after the other. */
  async connect(count: number, port: number, host: string, ended: readonly ('client' | 'served')[]): Promise<void> {
    for (let index = 0; index < count; index++) {
      const ends = await this.#connection(port, host);
      for (const side of ended) {
        ends[side].end();
        await once(ends[side], 'finish');
        await sleep(DELAYED_ACK);
      }
    }
  }

  /** Tries to connect so many times, where nobody answers. */
  knock(count: number, port: number, host: string): void {
    for (let index = 0; index < count; index++) this.#keep(open({ port, host }));
  }

  async udp(host: string, { udpConnected, udpUnconnected }: Traffic): Promise<void> {
    for (let index = 0; index < udpConnected + udpUnconnected; index++) {
      const socket = createSocket(host === '::1' ? 'udp6' : 'udp4');
      this.#ends.push(() => socket.close());
      socket.bind(0, host);
      await once(socket, 'listening');
      if (index >= udpConnected) continue;
      socket.connect(53, host);
      await once(socket, 'connect');
    }
  }

  end(): void {
    for (const end of this.#ends) end();
  }

  async #connection(port: number, host: string): Promise<Readonly<Record<'client' | 'served', Socket>>> {
    const server = this.#servers.get(`${host} ${port}`);
    if (server === undefined) throw new Error(`nobody listens at ${host} ${port}`);
    const client = open({ port, host, allowHalfOpen: true });
    const [served]: Socket[] = await once(server, 'connection');
    if (served === undefined) throw new Error('a connection without an end');
    for (const socket of [client, served]) this.#keep(socket.resume());
    return { client, served };
  }

  #keep(socket: Socket): void {
    // The namespace may be gone before the last of them is.
    socket.on('error', () => undefined);
    this.#ends.push(() => socket.destroy());
  }
}

function setUp(): void {
  run(['ip', 'link', 'set', 'lo', 'up']);
  for (const last of [1, 2, 3]) run(['ip', 'address', 'add', `198.51.100.${last}/32`, 'dev', 'lo']);
  run(['ip', 'route', 'add', 'default', 'dev', 'lo', 'src', '198.51.100.1']);
  run(['nft', '-f', '-'], RULES);
  run(['sysctl', '-qw', 'net.netfilter.nf_conntrack_acct=1']);
}

async function recordInside(folder: string): Promise<void> {
  const recorder = new Recorder(folder);
  // Before anything is tracked: an answer without an entry.
  recorder.ask('empty_table', 'table');
  load(ENTRIES);
  setUp();
  const end = await makeTraffic(8888);
  recorder.table('table');
  recorder.statistics();
  end();
  run(['conntrack', '-F']);
  await recorder.events(ENTRIES);
}

async function recordSockets(folder: string): Promise<void> {
  run(['ip', 'link', 'set', 'lo', 'up']);
  run(['nft', '-f', '-'], HOLDS);
  const end = await makeSockets();
  new Recorder(folder).sockets();
  end();
}

/** Does something in a network namespace of its own; it is told what commands that run there begin with. */
function inNamespace(name: string, action: (inside: readonly string[]) => void): void {
  run(['ip', 'netns', 'add', name]);
  try {
    action(['ip', 'netns', 'exec', name]);
  } finally {
    run(['ip', 'netns', 'delete', name]);
  }
}

async function main([folder = '', step]: readonly string[]): Promise<void> {
  if (step === 'inside') return recordInside(folder);
  if (step === 'sockets') return recordSockets(folder);
  if (step === 'refused') return new Recorder(folder).refusal();
  mkdirSync(folder, { recursive: true });
  const self = [process.execPath, resolve(process.argv[1] ?? ''), folder];
  inNamespace(`record-${process.pid}`, (inside) => {
    run([...inside, ...self, 'inside']);
    writeFileSync(join(folder, 'refused.hex'), `${run([...inside, ...self, 'refused'])}\n`);
  });
  inNamespace(`record-sockets-${process.pid}`, (inside) => run([...inside, ...self, 'sockets']));
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
