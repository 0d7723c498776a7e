/**
 * A network laboratory in namespaces of its own: client – router – server, where the router tracks connections.
 *
 * Everything stays inside the namespaces but two settings that the kernel has only once (`nf_conntrack_max` and
 * `nf_conntrack_buckets`); they are put back when the laboratory is closed, and when the process ends without that.
 */

import { type ChildProcess, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export type Node = 'client' | 'router' | 'server';

export const SERVER_ADDRESS = '10.77.2.2';

const NODES = ['client', 'router', 'server'] as const;
const TRAFFIC = fileURLToPath(new URL('traffic.js', import.meta.url));
const GLOBAL_SETTINGS = ['nf_conntrack_max', 'nf_conntrack_buckets'] as const;

/** The router tracks what it forwards, but not what a test and the agent say to each other on its loopback. */
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

export class Laboratory {
  readonly #id: string;
  readonly #processes = new Set<ChildProcess>();
  readonly #settings = new Map<string, string>();
  readonly #restore = (): void => this.#restoreSettings();

  private constructor(id: string) {
    this.#id = id;
  }

  /** Builds the namespaces, links and rules. */
  static create(): Laboratory {
    const laboratory = new Laboratory(`ctlab${process.pid}`);
    laboratory.#build();
    return laboratory;
  }

  namespace(node: Node): string {
    return `${this.#id}-${node}`;
  }

  /** Runs a command in a namespace to its end; throws when it fails. Returns what it printed. */
  run(node: Node, command: readonly string[], input?: string): string {
    return check(['ip', 'netns', 'exec', this.namespace(node), ...command], input).stdout;
  }

  /** Starts a command in a namespace; it is ended with the laboratory at the latest. */
  start(node: Node, command: readonly string[], environment: Readonly<Record<string, string>> = {}): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.namespace(node), ...command], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    this.#processes.add(child);
    child.once('exit', () => this.#processes.delete(child));
    return child;
  }

  /** Starts traffic (see traffic.js) and resolves when it is under way. */
  async traffic(node: Node, ...args: readonly (string | number)[]): Promise<ChildProcess> {
    const child = this.start(node, [process.execPath, TRAFFIC, ...args.map(String)]);
    child.stderr?.pipe(process.stderr);
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`traffic ${args.join(' ')} ended at once`)));
    await Promise.race([child.stdout === null ? ended : once(child.stdout, 'data'), ended]);
    ended.catch(() => undefined);
    return child;
  }

  /** Writes a setting of the router's connection tracking; the global ones are remembered and put back. */
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

  /** Loads entries into the router's table. They are TCP, established and assured, and stay for an hour. */
  load(entries: number, firstPort = 1024): void {
    const lines: string[] = [];
    for (let entry = 0; entry < entries; entry++) {
      const port = firstPort + (entry % 60_000);
      const host = `10.88.${Math.floor(entry / 60_000)}.1`;
      lines.push(
        `-A -t 3600 -s ${host} -d 10.99.0.1 -p tcp --sport ${port} --dport 443 --state ESTABLISHED -u SEEN_REPLY,ASSURED`,
      );
    }
    // conntrack cannot open the socket that a child's standard input is here; a pipe it can.
    this.run('router', ['sh', '-c', 'cat | conntrack -R -'], `${lines.join('\n')}\n`);
  }

  /** Removes every entry of the router's table. */
  flush(): void {
    this.run('router', ['conntrack', '-F']);
  }

  /** Ends what was started, removes the namespaces and puts the settings back. */
  async close(): Promise<void> {
    const ends = [...this.#processes].map((child) => end(child));
    await Promise.all(ends);
    this.#restoreSettings();
    process.off('exit', this.#restore);
    for (const node of NODES) spawnSync('ip', ['netns', 'delete', this.namespace(node)]);
  }

  #build(): void {
    process.on('exit', this.#restore);
    for (const node of NODES) {
      check(['ip', 'netns', 'add', this.namespace(node)]);
      this.run(node, ['ip', 'link', 'set', 'lo', 'up']);
    }
    this.#link('client', '10.77.1.2', '10.77.1.1');
    this.#link('server', SERVER_ADDRESS, '10.77.2.1');
    this.run('router', ['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
    this.run('router', ['nft', '-f', '-'], RULES);
  }

  #link(node: 'client' | 'server', address: string, gateway: string): void {
    const router = this.namespace('router');
    const names = ['netns', router, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', this.namespace(node)];
    check(['ip', 'link', 'add', 'name', node, ...names]);
    this.run('router', ['ip', 'address', 'add', `${gateway}/24`, 'dev', node]);
    this.run('router', ['ip', 'link', 'set', node, 'up']);
    this.run(node, ['ip', 'address', 'add', `${address}/24`, 'dev', 'eth0']);
    this.run(node, ['ip', 'link', 'set', 'eth0', 'up']);
    this.run(node, ['ip', 'route', 'add', 'default', 'via', gateway]);
  }

  #restoreSettings(): void {
    for (const [path, value] of this.#settings) writeFileSync(path, value);
    this.#settings.clear();
  }
}

/** Ends a process that was started here, by force if it does not end itself in time. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(force);
}

function check(command: readonly string[], input?: string): SpawnSyncReturns<string> {
  const [program = '', ...args] = command;
  const result = spawnSync(program, args, { encoding: 'utf8', input: input ?? '', maxBuffer: 256 * 1024 * 1024 });
  if (result.status !== 0) {
    throw new Error(`${command.join(' ')}: exit ${result.status}: ${result.stderr}`, { cause: result.error });
  }
  return result;
}
