/**
 * Records what the kernel this runs on says over ctnetlink, and what `conntrack` prints of the same, into a folder:
 *
 *     npx esbuild test/helpers/record_netlink.ts --bundle --platform=node --format=cjs --outfile=dist/record.cjs
 *     node dist/record.cjs fixtures/netlink/linux-6.18
 *
 * Needs root, the programs `ip`, `nft` and `conntrack`, and the working directory of the project (for koffi). Everything
 * happens in a network namespace of its own, which is removed in the end. Names of the files and their format are told
 * in fixtures/README.md.
 */

import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect as open, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Channel } from '../../collector/netlink/channel.ts';
import { NETLINK_NETFILTER } from '../../collector/netlink/ctnetlink.ts';
import { Foreign } from '../../collector/netlink/foreign.ts';
import { type Question, request } from '../../collector/netlink/request.ts';
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

  socket(): NetlinkSocket {
    return new NetlinkSocket(this.#foreign, { ...ROOM, name: 'ctnetlink', protocol: NETLINK_NETFILTER });
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
    const socket = this.socket();
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

async function main([folder = '', step]: readonly string[]): Promise<void> {
  if (step === 'inside') return recordInside(folder);
  if (step === 'refused') return new Recorder(folder).refusal();
  mkdirSync(folder, { recursive: true });
  const namespace = `record-${process.pid}`;
  run(['ip', 'netns', 'add', namespace]);
  try {
    const inside = ['ip', 'netns', 'exec', namespace, process.execPath, resolve(process.argv[1] ?? ''), folder];
    run([...inside, 'inside']);
    writeFileSync(join(folder, 'refused.hex'), `${run([...inside, 'refused'])}\n`);
  } finally {
    run(['ip', 'netns', 'delete', namespace]);
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
