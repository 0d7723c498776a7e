/**
 * A network laboratory in separate namespaces: client – router – server, where the router tracks connections.
 *
 * Two settings are shared by all namespaces, `nf_conntrack_max` and `nf_conntrack_buckets`. They are restored when the
 * laboratory is closed or the process ends.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { establishedConnections, RESTORE, run } from './conntrack.ts';

export type Node = 'client' | 'router' | 'server';

export const SERVER_ADDRESS = '10.77.2.2';
export const SERVER_ADDRESS_6 = 'fd77:2::2';
/** The router's address on the client's side, for connections with NAT. */
export const ROUTER_ADDRESS = '10.77.1.1';
/** The first of 30,000 ports of the server that never answer. */
export const BLACK_HOLE = 20_000;

const NODES = ['client', 'router', 'server'] as const;
const TRAFFIC = fileURLToPath(new URL('traffic.js', import.meta.url));
const GLOBAL_SETTINGS = ['nf_conntrack_max', 'nf_conntrack_buckets'] as const;

/** The router tracks what it forwards, but not the traffic between a test and the agent on its loopback. */
const RULES = `
table inet laboratory {
  chain loopback_in {
    type filter hook prerouting priority raw; policy accept;
    iif lo notrack
  }
  chain loopback_out {
    type filter hook output priority raw; policy accept;
    oif lo notrack
  }
  chain forward {
    type filter hook forward priority 0; policy accept;
    ct state invalid counter accept
    ct state new counter accept
  }
}
`;

/** Packets that the server drops. It tracks nothing itself. */
const SERVER_RULES = `
table inet laboratory {
  chain black_hole {
    type filter hook input priority 0; policy accept;
    meta l4proto { tcp, udp } th dport ${BLACK_HOLE}-${BLACK_HOLE + 29_999} drop
  }
}
`;

let laboratories = 0;

export class Laboratory {
  readonly #id: string;
  readonly #processes = new Set<ChildProcess>();
  readonly #settings = new Map<string, string>();
  readonly #restore = (): void => {
    this.#restoreSettings();
    for (const node of NODES) spawnSync('ip', ['netns', 'delete', this.namespace(node)]);
  };

  private constructor(id: string) {
    this.#id = id;
  }

  /** Builds the namespaces, links and rules. */
  static create(): Laboratory {
    const laboratory = new Laboratory(`ctlab${process.pid}-${laboratories++}`);
    laboratory.#build();
    return laboratory;
  }

  namespace(node: Node): string {
    return `${this.#id}-${node}`;
  }

  /** The command prefix that runs a program in a namespace. */
  via(node: Node): readonly string[] {
    return ['ip', 'netns', 'exec', this.namespace(node)];
  }

  /** Runs a command in a namespace to its end and returns its output; throws when it fails. */
  run(node: Node, command: readonly string[], input?: string): string {
    return run([...this.via(node), ...command], input);
  }

  /** Starts a command in a namespace; it is stopped with the laboratory at the latest. */
  start(
    node: Node,
    command: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    input: 'ignore' | 'pipe' = 'ignore',
  ): ChildProcess {
    const [program = '', ...words] = [...this.via(node), ...command];
    const child = spawn(program, words, {
      stdio: [input, 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    this.#processes.add(child);
    child.once('exit', () => this.#processes.delete(child));
    return child;
  }

  /** Starts traffic (see traffic.js) and resolves when it is under way. */
  async traffic(node: Node, ...args: readonly (string | number)[]): Promise<ChildProcess> {
    const child = this.#startTraffic(node, args);
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`traffic ${args.join(' ')} ended at once`)));
    await Promise.race([child.stdout === null ? ended : once(child.stdout, 'data'), ended]);
    ended.catch(() => undefined);
    return child;
  }

  /** Runs traffic (see traffic.js) until all of it is sent. */
  async finishedTraffic(node: Node, ...args: readonly (string | number)[]): Promise<void> {
    const child = this.#startTraffic(node, args);
    child.stdout?.resume();
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`traffic ${args.join(' ')}: exit ${code}`);
  }

  /**
   * Fills the router's table with assured connections and starts 200 flows per second that find it full: new ones are
   * dropped, unreplied ones evicted. Resolves when the traffic has started.
   */
  async overfill(): Promise<ChildProcess> {
    this.set('nf_conntrack_buckets', 4096);
    this.set('nf_conntrack_max', 1200);
    this.load(1000);
    await this.traffic('server', 'udp-sink', 5000, 60);
    return this.traffic('client', 'udp-flows', SERVER_ADDRESS, 5000, 200, 60);
  }

  /** Adds nftables rules to a namespace. */
  addRules(node: Node, rules: string): void {
    this.run(node, ['nft', '-f', '-'], rules);
  }

  /** Writes a setting of the router's connection tracking; shared ones are restored at the end. */
  set(name: string, value: number): void {
    const global = GLOBAL_SETTINGS.find((setting) => setting === name);
    if (global === undefined) {
      this.run('router', ['sh', '-c', `echo ${value} > /proc/sys/net/netfilter/${name}`]);
      return;
    }
    const path = `/proc/sys/net/netfilter/${name}`;
    if (!this.#settings.has(path)) this.#settings.set(path, readFileSync(path, 'utf8'));
    writeFileSync(path, String(value));
  }

  /** Entries in the router's table, as `conntrack -C` counts them. */
  count(): number {
    return Number(this.run('router', ['conntrack', '-C']).trim());
  }

  /** Loads established, assured TCP entries into the router's table, with a timeout of one hour. */
  load(entries: number, firstPort = 1024): void {
    this.restore(establishedConnections(entries, firstPort));
  }

  /** Loads entries into the router's table, each given as options of `conntrack`. */
  restore(lines: readonly string[]): void {
    this.run('router', RESTORE, `${lines.join('\n')}\n`);
  }

  /** The router's table as text: one line per entry of both address families and all zones. */
  table(): string {
    return this.run('router', ['conntrack', '-L', '-o', 'extended']);
  }

  /** Deletes every entry of the router's table. */
  flush(): void {
    this.run('router', ['conntrack', '-F']);
  }

  /** Stops all processes, removes the namespaces and restores the settings. */
  async close(): Promise<void> {
    const ends = [...this.#processes].map((child) => end(child));
    await Promise.all(ends);
    process.off('exit', this.#restore);
    this.#restore();
  }

  #startTraffic(node: Node, args: readonly (string | number)[]): ChildProcess {
    const child = this.start(node, [process.execPath, TRAFFIC, ...args.map(String)]);
    child.stderr?.on('data', (text) => process.stderr.write(text));
    return child;
  }

  #build(): void {
    process.on('exit', this.#restore);
    for (const node of NODES) {
      run(['ip', 'netns', 'add', this.namespace(node)]);
      this.run(node, ['ip', 'link', 'set', 'lo', 'up']);
    }
    this.#link('client', ['10.77.1.2/24', 'fd77:1::2/64'], [ROUTER_ADDRESS, 'fd77:1::1']);
    this.#link('server', [`${SERVER_ADDRESS}/24`, `${SERVER_ADDRESS_6}/64`], ['10.77.2.1', 'fd77:2::1']);
    for (const setting of ['ipv4/ip_forward', 'ipv6/conf/all/forwarding']) {
      this.run('router', ['sh', '-c', `echo 1 > /proc/sys/net/${setting}`]);
    }
    this.addRules('router', RULES);
    this.addRules('server', SERVER_RULES);
  }

  /** Links a node to the router; addresses of both families, and the router's in the same order. */
  #link(node: 'client' | 'server', addresses: readonly string[], gateways: readonly string[]): void {
    const router = this.namespace('router');
    const names = ['netns', router, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', this.namespace(node)];
    run(['ip', 'link', 'add', 'name', node, ...names]);
    this.run('router', ['ip', 'link', 'set', node, 'up']);
    this.run(node, ['ip', 'link', 'set', 'eth0', 'up']);
    for (const [place, address] of addresses.entries()) {
      const gateway = gateways[place] ?? '';
      const length = address.split('/')[1];
      // No other node can have the addresses, so duplicate detection is not needed.
      const options = address.includes(':') ? ['nodad'] : [];
      this.run('router', ['ip', 'address', 'add', `${gateway}/${length}`, 'dev', node, ...options]);
      this.run(node, ['ip', 'address', 'add', address, 'dev', 'eth0', ...options]);
      this.run(node, ['ip', 'route', 'add', 'default', 'via', gateway]);
    }
  }

  #restoreSettings(): void {
    for (const [path, value] of this.#settings) writeFileSync(path, value);
    this.#settings.clear();
  }
}

/** Stops a child process, by SIGKILL if it does not exit within five seconds of SIGTERM. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(force);
}
