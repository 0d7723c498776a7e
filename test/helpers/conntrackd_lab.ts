/**
 * A laboratory of real conntrackd daemons: two nodes in namespaces, joined by dedicated links, each with its own
 * configuration, socket, lock file and log. Daemons run in the foreground, as child processes.
 *
 * A janitor process removes what is left, even if this process is killed: it is started first and waits for the end of
 * its standard input.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { endianness, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { REQUESTS, type Request } from '../../collector/modules/conntrackd/request.ts';
import { RESTORE, run } from './conntrack.ts';
import { until } from './until.ts';

export type ConntrackdNode = 'active' | 'backup';

/** Requests that change the daemon's state, for tests only. */
export const CHANGING_REQUESTS = { commit: 18, flushCaches: 19, bulk: 22, resyncFromOther: 23 } as const;

/** Messages for {@link ConntrackdLaboratory.send}; a daemon counts each as a different error. */
export const BAD_MESSAGES = {
  truncated: '000000',
  wrongVersion: 'f000000800000001',
  badSize: '100000c800000001',
  before: '100000100000000100080000ffff0001',
} as const;

type Transport = 'UDP' | 'Multicast' | 'TCP';

interface Mode {
  readonly nodes: readonly ConntrackdNode[];
  /** Dedicated links; the second is a backup channel. */
  readonly links: 1 | 2;
  readonly transport: Transport;
  /** `Mode …` and its clauses; without it, it is a statistics daemon. */
  readonly sync?: string;
  /** Clauses of `Options`. */
  readonly options?: string;
}

const PAIR = { nodes: ['active', 'backup'], links: 1, transport: 'UDP' } as const;

export const CONNTRACKD_MODES = {
  'ftfw-udp': { ...PAIR, sync: 'FTFW { }' },
  'ftfw-multicast': { ...PAIR, transport: 'Multicast', sync: 'FTFW { }' },
  'ftfw-two-links': { ...PAIR, links: 2, sync: 'FTFW { }' },
  'ftfw-expectations': { ...PAIR, sync: 'FTFW { }', options: 'ExpectationSync { ftp }' },
  'ftfw-no-external-cache': { ...PAIR, sync: 'FTFW { DisableExternalCache On }' },
  alarm: { ...PAIR, sync: 'ALARM { RefreshTime 1\nCacheTimeout 180 }' },
  notrack: { ...PAIR, sync: 'NOTRACK { }' },
  'notrack-no-caches': {
    ...PAIR,
    sync: 'NOTRACK { DisableInternalCache On\nDisableExternalCache On }',
    options: 'ExpectationSync { ftp }',
  },
  'notrack-tcp': { ...PAIR, transport: 'TCP', sync: 'NOTRACK { }' },
  stats: { ...PAIR, nodes: ['active'] },
} as const satisfies Readonly<Record<string, Mode>>;

export type ConntrackdMode = keyof typeof CONNTRACKD_MODES;

/** From the project's folder, for the benchmark that this is bundled into lies elsewhere. */
const TRAFFIC = resolve('test/helpers/traffic.js');

/** Tracks everything but the dedicated links. FTP is helped, as some expect it of port 21. */
const RULES = `
table inet laboratory {
  ct helper ftp {
    type "ftp" protocol tcp;
  }
  chain in {
    type filter hook prerouting priority raw; policy accept;
    iifname "sync*" notrack
  }
  chain out {
    type filter hook output priority raw; policy accept;
    oifname "sync*" notrack
  }
  chain lossy {
    type filter hook input priority 0; policy accept;
  }
  chain help {
    type filter hook output priority 0; policy accept;
    tcp dport 21 ct helper set "ftp"
    ct state new counter accept
  }
}
`;

/** Waits for the end of its input, kills all processes in the given namespaces, and removes them and the folder. */
const JANITOR = `
cat > /dev/null
folder=$1
shift
for namespace; do
  ip netns pids "$namespace" 2> /dev/null | xargs -r kill -9
  ip netns delete "$namespace"
done
rm -rf "$folder"
`;

/** Announces a data connection on every control connection. The kernel parses whole lines after the first. */
const FTP_SERVER = `
let port = 256 * 100;
require('node:net').createServer((socket) => {
  port++;
  const place = '227 Entering Passive Mode (127,0,0,1,' + (port >> 8) + ',' + (port & 255) + ')\\r\\n';
  socket.on('error', () => socket.destroy());
  socket.on('data', () => socket.write(place));
  socket.write('220 ready\\r\\n');
}).listen(21, '127.0.0.1', () => process.stdout.write('listening\\n'));
`;

/** Opens control connections and keeps them. The kernel expects one data connection for each. */
const FTP_CLIENT = `
let left = Number(process.argv[1]);
for (let count = left; count > 0; count--) {
  const socket = require('node:net').connect(21, '127.0.0.1');
  socket.on('data', (line) => {
    if (String(line).startsWith('220')) socket.write('PASV\\r\\n');
    else if (--left === 0) process.stdout.write('expected\\n');
  });
}
`;

/**
 * Sends a request to a daemon and reads its answer to the end: no bytes where the daemon has no such answer.
 *
 * @throws what connect() throws, or when there is no end within ten seconds.
 */
export async function askConntrackd(path: string, code: number): Promise<Buffer> {
  const socket = connect(path);
  // A client that connects and sends nothing blocks the daemon.
  const request = Buffer.alloc(4);
  if (endianness() === 'LE') request.writeInt32LE(code);
  else request.writeInt32BE(code);
  socket.setTimeout(10_000, () =>
    socket.destroy(new Error(`conntrackd at ${path}: request ${code}: no end of answer`)),
  );
  socket.write(request);
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part);
  return Buffer.concat(parts);
}

/** Sends datagrams, each given in hexadecimal digits, to a port of a host from port 3999. */
const SENDER = `
const [host, port, ...datagrams] = process.argv.slice(1);
const socket = require('node:dgram').createSocket('udp4').bind(3999, async () => {
  for (const datagram of datagrams) await new Promise((sent) => socket.send(Buffer.from(datagram, 'hex'), port, host, sent));
  socket.close();
});
`;

interface Daemon {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
}

let laboratories = 0;

export class ConntrackdLaboratory {
  readonly mode: ConntrackdMode;
  readonly nodes: readonly ConntrackdNode[];
  /** All files of the daemons; other users may enter it. */
  readonly folder: string;
  readonly #id: string;
  readonly #janitor: ChildProcess;
  readonly #daemons = new Map<ConntrackdNode, Daemon>();
  readonly #setup: Mode;

  private constructor(mode: ConntrackdMode) {
    this.mode = mode;
    this.#setup = CONNTRACKD_MODES[mode];
    this.nodes = this.#setup.nodes;
    this.#id = `cdlab${process.pid}-${laboratories++}`;
    this.folder = mkdtempSync(join(tmpdir(), 'conntrackd-'));
    chmodSync(this.folder, 0o755);
    const namespaces = this.nodes.map((node) => this.namespace(node));
    // In a separate session it survives Ctrl-C.
    this.#janitor = spawn('sh', ['-c', JANITOR, 'janitor', this.folder, ...namespaces], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
  }

  /**
   * Builds the namespaces and links and starts every daemon; resolves when all of them answer, and with TCP, which takes
   * seconds, when they are connected.
   */
  static async create(mode: ConntrackdMode): Promise<ConntrackdLaboratory> {
    const laboratory = new ConntrackdLaboratory(mode);
    try {
      laboratory.#build();
      await Promise.all(laboratory.nodes.map((node) => laboratory.start(node)));
      await laboratory.connected();
    } catch (error) {
      await laboratory.close();
      throw error;
    }
    return laboratory;
  }

  namespace(node: ConntrackdNode): string {
    return `${this.#id}-${node}`;
  }

  /** The words that run what follows them in a namespace. */
  via(node: ConntrackdNode): readonly string[] {
    return ['ip', 'netns', 'exec', this.namespace(node)];
  }

  /** Runs a command in a namespace to its end; throws when it fails. Returns what it printed. */
  run(node: ConntrackdNode, command: readonly string[], input?: string): string {
    return run([...this.via(node), ...command], input);
  }

  /** The daemon's socket; it stays the same over restarts. */
  socket(node: ConntrackdNode): string {
    return join(this.folder, `${node}.ctl`);
  }

  /** What the daemon logged so far. */
  log(node: ConntrackdNode): string {
    return readFileSync(join(this.folder, `${node}.log`), 'utf8');
  }

  /** The daemon's configuration file, as it is given to it. */
  configuration(node: ConntrackdNode): string {
    return join(this.folder, `${node}.conf`);
  }

  /** The daemon's process id, from start() to stop() or kill(). */
  pid(node: ConntrackdNode): number {
    const pid = this.#daemons.get(node)?.child.pid;
    if (pid === undefined) throw new Error(`conntrackd of the ${node} node does not run`);
    return pid;
  }

  /** Sends a request to a daemon and returns its answer. */
  async ask(node: ConntrackdNode, request: Request): Promise<string> {
    return (await askConntrackd(this.socket(node), REQUESTS[request])).toString('latin1');
  }

  /** Sends a request that changes a daemon's state. */
  async order(node: ConntrackdNode, request: keyof typeof CHANGING_REQUESTS): Promise<void> {
    await askConntrackd(this.socket(node), CHANGING_REQUESTS[request]);
  }

  /** Starts a daemon; resolves when it answers. */
  async start(node: ConntrackdNode): Promise<void> {
    if (this.#daemons.has(node)) throw new Error(`conntrackd of the ${node} node runs already`);
    // A killed daemon leaves it behind.
    rmSync(this.#lockFile(node), { force: true });
    const [program = '', ...words] = [...this.via(node), 'conntrackd', '-C', this.configuration(node)];
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    const said: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => said.push(part));
    this.#daemons.set(node, { child, ended: once(child, 'exit') });
    child.once('exit', () => this.#daemons.delete(node));
    await until(`conntrackd of the ${node} node answers`, 20, async () => {
      const isOver = child.exitCode !== null || child.signalCode !== null;
      if (isOver) throw new Error(`it exited: ${Buffer.concat(said).toString()}`);
      return (await this.ask(node, 'runtime')) !== '';
    });
  }

  /** Stops a daemon with SIGTERM, and with SIGKILL after five seconds. */
  async stop(node: ConntrackdNode): Promise<void> {
    const force = setTimeout(() => this.#daemons.get(node)?.child.kill('SIGKILL'), 5000);
    await this.#end(node, 'SIGTERM');
    clearTimeout(force);
  }

  /** Kills a daemon: its socket remains and refuses connections. */
  async kill(node: ConntrackdNode): Promise<void> {
    await this.#end(node, 'SIGKILL');
  }

  /** Suspends a daemon: connections to it get no answer. */
  freeze(node: ConntrackdNode): void {
    process.kill(this.pid(node), 'SIGSTOP');
  }

  thaw(node: ConntrackdNode): void {
    process.kill(this.pid(node), 'SIGCONT');
  }

  async restart(node: ConntrackdNode): Promise<void> {
    await this.stop(node);
    await this.start(node);
  }

  /** With TCP, waits until the daemons are connected in both directions, as they are not after a start or a cut. */
  async connected(): Promise<void> {
    if (this.#setup.transport !== 'TCP') return;
    await until('the daemons are connected', 30, async () => {
      const answers = await Promise.all(this.nodes.map((node) => this.ask(node, 'ct')));
      return answers.every((answer) =>
        / server=connected client=connected:\n +[1-9]\d* Bytes sent +[1-9]/.test(answer),
      );
    });
  }

  /** Takes a dedicated link down at the active node: it is DOWN there, and NO-CARRIER at the other end. */
  cut(link = 0): void {
    this.run('active', ['ip', 'link', 'set', `sync${link}`, 'down']);
  }

  mend(link = 0): void {
    this.run('active', ['ip', 'link', 'set', `sync${link}`, 'up']);
  }

  /** Removes a dedicated link for good, at both ends. */
  remove(link: number): void {
    this.run('active', ['ip', 'link', 'delete', `sync${link}`]);
  }

  /** Drops every message to a node, while the link stays up. */
  lose(node: ConntrackdNode): void {
    this.run(node, ['nft', 'add', 'rule', 'inet', 'laboratory', 'lossy', 'iifname', 'sync*', 'drop']);
  }

  loseNothing(node: ConntrackdNode): void {
    this.run(node, ['nft', 'flush', 'chain', 'inet', 'laboratory', 'lossy']);
  }

  /** Sends a node datagrams, given in hexadecimal, over its first link, as if they came from the other daemon. */
  send(node: ConntrackdNode, datagrams: readonly string[]): void {
    const from = node === 'active' ? 'backup' : 'active';
    this.run(from, [process.execPath, '-e', SENDER, address(0, node), '3780', ...datagrams]);
  }

  /** Loads entries into a node's table, each a line of options of `conntrack`. */
  restore(node: ConntrackdNode, lines: readonly string[]): void {
    this.run(node, RESTORE, `${lines.join('\n')}\n`);
  }

  /** Entries in a node's table. */
  count(node: ConntrackdNode): number {
    return Number(this.run(node, ['conntrack', '-C']).trim());
  }

  /** Makes answered UDP flows within a node; resolves when all datagrams are exchanged. They end within a minute. */
  async traffic(node: ConntrackdNode, flows: number, datagrams: number): Promise<void> {
    const echo = this.#background(node, [TRAFFIC, 'udp-echo', '7000', '60']);
    await firstOutput(echo);
    const talk = this.#background(node, [TRAFFIC, 'udp-talk', '127.0.0.1', '7000', `${flows}`, `${datagrams}`, '60']);
    await firstOutput(talk);
    await Promise.all([echo, talk].map(endByForce));
  }

  /** Opens FTP connections that last as long as the laboratory, with one expectation each for five minutes. */
  async expectations(node: ConntrackdNode, count: number): Promise<void> {
    await firstOutput(this.#background(node, ['-e', FTP_SERVER]));
    await firstOutput(this.#background(node, ['-e', FTP_CLIENT, `${count}`]));
  }

  /** Stops every daemon and removes the namespaces and files. */
  async close(): Promise<void> {
    await Promise.all([...this.#daemons.keys()].map((node) => this.stop(node)));
    const { exitCode, signalCode } = this.#janitor;
    if (exitCode !== null || signalCode !== null) return;
    const ended = once(this.#janitor, 'exit');
    this.#janitor.stdin?.end();
    await ended;
  }

  #background(node: ConntrackdNode, args: readonly string[]): ChildProcess {
    const [program = '', ...words] = [...this.via(node), process.execPath, ...args];
    return spawn(program, words, { stdio: ['ignore', 'pipe', 'ignore'] });
  }

  async #end(node: ConntrackdNode, signal: NodeJS.Signals): Promise<void> {
    const daemon = this.#daemons.get(node);
    if (daemon === undefined) return;
    daemon.child.kill(signal);
    await daemon.ended;
  }

  #lockFile(node: ConntrackdNode): string {
    return join(this.folder, `${node}.lock`);
  }

  #build(): void {
    for (const node of this.nodes) {
      run(['ip', 'netns', 'add', this.namespace(node)]);
      this.run(node, ['ip', 'link', 'set', 'lo', 'up']);
      this.run(node, ['nft', '-f', '-'], RULES);
      // Of this namespace alone.
      this.run(node, ['sysctl', '-qw', 'net.netfilter.nf_conntrack_acct=1']);
    }
    if (this.#setup.sync !== undefined) for (let link = 0; link < this.#setup.links; link++) this.#link(link);
    for (const node of this.nodes) writeFileSync(this.configuration(node), this.#configurationText(node));
  }

  #link(link: number): void {
    const name = `sync${link}`;
    const peer = ['peer', 'name', name, 'netns', this.namespace('backup')];
    run(['ip', 'link', 'add', 'name', name, 'netns', this.namespace('active'), 'type', 'veth', ...peer]);
    for (const node of this.nodes) {
      this.run(node, ['ip', 'address', 'add', `${address(link, node)}/24`, 'dev', name]);
      this.run(node, ['ip', 'link', 'set', name, 'up']);
    }
  }

  #configurationText(node: ConntrackdNode): string {
    const { links, options, sync, transport } = this.#setup;
    const general = `General {
  HashSize 1024
  HashLimit 65536
  LogFile ${join(this.folder, `${node}.log`)}
  LockFile ${this.#lockFile(node)}
  UNIX { Path ${this.socket(node)} }
  NetlinkBufferSize 262144
  NetlinkBufferSizeMaxGrowth 1048576
}\n`;
    if (sync === undefined) return `${general}Stats { }\n`;
    const channels = Array.from({ length: links }, (_, link) => {
      const role = links > 1 && link === 0 ? 'Default ' : '';
      return `  ${transport} ${role}{\n    ${channel(transport, link, node).join('\n    ')}\n  }\n`;
    });
    const more = options === undefined ? '' : `  Options { ${options} }\n`;
    return `Sync {\n  Mode ${sync}\n${channels.join('')}${more}}\n${general}`;
  }
}

function address(link: number, node: ConntrackdNode): string {
  return `10.78.${link}.${node === 'active' ? 1 : 2}`;
}

function channel(transport: Transport, link: number, node: ConntrackdNode): string[] {
  const own = address(link, node);
  const other = address(link, node === 'active' ? 'backup' : 'active');
  const common = [`Interface sync${link}`, 'Checksum on'];
  if (transport === 'Multicast') {
    return [`IPv4_address 225.0.0.${50 + link}`, `Group ${3780 + link}`, `IPv4_interface ${own}`, ...common];
  }
  return [`IPv4_address ${own}`, `IPv4_Destination_Address ${other}`, `Port ${3780 + link}`, ...common];
}

async function firstOutput(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit').then(() =>
    Promise.reject(new Error(`${child.spawnargs.join(' ')}: ended at once`)),
  );
  await Promise.race([child.stdout === null ? ended : once(child.stdout, 'data'), ended]);
  ended.catch(() => undefined);
}

async function endByForce(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
