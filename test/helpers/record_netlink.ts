/**
 * Records the replies of this kernel over ctnetlink and sock_diag, and the output of `conntrack` and `ss` at the same time,
 * into a folder:
 *
 *     npx esbuild test/helpers/record_netlink.ts --bundle --platform=node --format=cjs --outfile=dist/record.cjs
 *     node dist/record.cjs fixtures/netlink/linux-6.18
 *
 * Needs root, the programs `ip`, `nft`, `conntrack` and `ss`, and the working directory of the project (for koffi).
 * It uses network namespaces that are removed in the end. fixtures/README.md describes the files.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import type { Channel } from '../../collector/netlink/channel.ts';
import { NETLINK_NETFILTER } from '../../collector/netlink/ctnetlink.ts';
import { Foreign } from '../../collector/netlink/foreign.ts';
import { NETLINK_SOCK_DIAG } from '../../collector/netlink/inet_diag.ts';
import { QUESTIONS, type Question, request } from '../../collector/netlink/request.ts';
import { NetlinkSocket } from '../../collector/netlink/socket.ts';
import { RESTORE, run } from './conntrack.ts';
import { ENTRIES, makeTraffic, RULES } from './recording_entries.ts';
import { HOLDS, makeSockets, socketsText } from './recording_sockets.ts';
import { until } from './until.ts';

const UNPRIVILEGED = 65534;
const GROUPS = { new: 1, update: 2, destroy: 3 };
/** Longer than any datagram of the kernel. */
const ROOM = { slots: 32, slotSize: 64 * 1024 };

function load(entries: readonly string[]): void {
  run(
    RESTORE,
    entries
      .map(
        (entry) => `-A -t 3600 ${entry}
`,
      )
      .join(''),
  );
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

  /** The queued datagrams, one per line. */
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

  /** The table and its text, which must be the same before and after. */
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

  /** The events of new and destroyed entries. */
  async events(entries: readonly string[]): Promise<void> {
    const file = join(this.#folder, 'events.txt');
    const output = createWriteStream(file);
    const printer = spawn('conntrack', ['-E', '-o', 'extended'], { stdio: ['ignore', 'pipe', 'ignore'] });
    printer.stdout.pipe(output);
    const lines: string[] = [];
    let end = (): void => undefined;
    try {
      await until('conntrack listens', 5, isListening);
      const socket = this.socket();
      for (const group of Object.values(GROUPS)) socket.join(group);
      load(entries);
      end = await makeTraffic(8889);
      run(['conntrack', '-F']);
      lines.push(...this.take(socket));
      socket.close();
      await until('all events are printed', 5, () => readFileSync(file, 'utf8').split('\n').length > lines.length);
    } finally {
      printer.kill('SIGTERM');
    }
    await once(output, 'close');
    end();
    this.write('events.hex', lines);
  }

  /** The replies of sock_diag, the lists of procfs, and the output of `ss`, which must be the same before and after. */
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

  /** The refusal of a request without privileges, which this process drops for good. */
  refusal(): void {
    process.setuid?.(UNPRIVILEGED);
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

/** Whether a socket in this namespace has joined groups: protocol and groups are the 2nd and the 4th column. */
function isListening(): boolean {
  const rows = readFileSync('/proc/net/netlink', 'utf8').split('\n');
  return rows.some((row) => {
    const [, protocol, , groups] = row.trim().split(/ +/);
    return protocol === '12' && Number(`0x${groups}`) !== 0;
  });
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
  // Before anything is tracked: a reply without an entry.
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

/** Acts in a new network namespace; `inside` is the command prefix that runs a program there. */
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
