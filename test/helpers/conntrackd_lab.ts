/**
 * A laboratory of real conntrackd daemons: two nodes in namespaces, joined by dedicated links, each with its own
 * configuration, socket, lock file and log. Daemons run in the foreground, as child processes.
 *
 * A janitor process removes what is left, even if this process is killed: it is started first and waits for the end of
 * its standard input.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { REQUESTS, type Request } from '../../collector/modules/conntrackd/request.ts';
import { RESTORE, run } from './conntrack.ts';
import {
  address,
  type ConntrackdMode,
  type ConntrackdNode,
  configurationText,
  filesOf,
  type Mode,
  setupOf,
} from './conntrackd_modes.ts';
import { askConntrackd } from './conntrackd_requests.ts';
import { JANITOR, RULES, SENDER } from './conntrackd_scripts.ts';
import { exchangeUdp, openFtp } from './conntrackd_traffic.ts';
import { until } from './until.ts';

interface Daemon {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
}

let laboratories = 0;

export class ConntrackdLaboratory {
  readonly mode: ConntrackdMode;
  readonly nodes: readonly ConntrackdNode[];
  /** Holds all files of the daemons; other users can enter it. */
  readonly folder: string;
  readonly #id: string;
  readonly #janitor: ChildProcess;
  readonly #daemons = new Map<ConntrackdNode, Daemon>();
  readonly #setup: Mode;

  private constructor(mode: ConntrackdMode) {
    this.mode = mode;
    this.#setup = setupOf(mode);
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

  /** A command prefix that runs a command in a namespace. */
  via(node: ConntrackdNode): readonly string[] {
    return ['ip', 'netns', 'exec', this.namespace(node)];
  }

  /** Runs a command in a namespace to its end; throws when it fails. Returns what it printed. */
  run(node: ConntrackdNode, command: readonly string[], input?: string): string {
    return run([...this.via(node), ...command], input);
  }

  /** The daemon's socket; it stays the same over restarts. */
  socket(node: ConntrackdNode): string {
    return filesOf(this.folder, node).socket;
  }

  /** The path of the daemon's configuration file. */
  configuration(node: ConntrackdNode): string {
    return filesOf(this.folder, node).configuration;
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

  /** Starts a daemon; resolves when it answers. */
  async start(node: ConntrackdNode): Promise<void> {
    if (this.#daemons.has(node)) throw new Error(`conntrackd of the ${node} node runs already`);
    // A killed daemon leaves it behind.
    rmSync(filesOf(this.folder, node).lock, { force: true });
    const [program = '', ...words] = [...this.via(node), 'conntrackd', '-C', this.configuration(node)];
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    const said: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => said.push(part));
    this.#daemons.set(node, { child, ended: once(child, 'exit') });
    child.once('exit', () => this.#daemons.delete(node));
    await until(`conntrackd of the ${node} node answers`, 120, async () => {
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
  kill(node: ConntrackdNode): Promise<void> {
    return this.#end(node, 'SIGKILL');
  }

  /** Suspends a daemon: connections to it get no answer. */
  freeze(node: ConntrackdNode): void {
    process.kill(this.pid(node), 'SIGSTOP');
  }

  thaw(node: ConntrackdNode): void {
    process.kill(this.pid(node), 'SIGCONT');
  }

  /** With TCP, waits until the daemons are connected in both directions, which takes a while after a start or a cut. */
  async connected(): Promise<void> {
    if (this.#setup.transport !== 'TCP') return;
    await until('the daemons are connected', 120, async () => {
      const answers = await Promise.all(this.nodes.map((node) => this.ask(node, 'ct')));
      const connected = / server=connected client=connected:\n +[1-9]\d* Bytes sent +[1-9]/;
      return answers.every((answer) => connected.test(answer));
    });
  }

  /** Takes a dedicated link down at the active node: it is DOWN there, and NO-CARRIER at the other end. */
  cut(link = 0): void {
    this.run('active', ['ip', 'link', 'set', `sync${link}`, 'down']);
  }

  /** Takes it up again. */
  repair(link = 0): void {
    this.run('active', ['ip', 'link', 'set', `sync${link}`, 'up']);
  }

  /** Removes a dedicated link at both ends. */
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

  /** Makes answered UDP flows within a node; resolves when all datagrams are exchanged. */
  traffic(node: ConntrackdNode, flows: number, datagrams: number): Promise<void> {
    return exchangeUdp(this.via(node), flows, datagrams);
  }

  /** Opens FTP connections that last as long as the laboratory, with one expectation each for five minutes. */
  expectations(node: ConntrackdNode, count: number): Promise<void> {
    return openFtp(this.via(node), count);
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

  async #end(node: ConntrackdNode, signal: NodeJS.Signals): Promise<void> {
    const daemon = this.#daemons.get(node);
    if (daemon === undefined) return;
    daemon.child.kill(signal);
    await daemon.ended;
  }

  #build(): void {
    for (const node of this.nodes) {
      run(['ip', 'netns', 'add', this.namespace(node)]);
      this.run(node, ['ip', 'link', 'set', 'lo', 'up']);
      this.run(node, ['nft', '-f', '-'], RULES);
      // Of this namespace alone.
      this.run(node, ['sysctl', '-qw', 'net.netfilter.nf_conntrack_acct=1']);
      // Flows stay as long as a test takes.
      this.run(node, ['sysctl', '-qw', 'net.netfilter.nf_conntrack_udp_timeout=600']);
    }
    if (this.#setup.sync !== undefined) for (let link = 0; link < this.#setup.links; link++) this.#link(link);
    for (const node of this.nodes) {
      writeFileSync(this.configuration(node), configurationText(this.mode, node, this.folder));
    }
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
}
