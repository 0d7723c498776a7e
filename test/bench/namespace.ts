/** Network namespaces of the benchmark, removed when it ends for any reason. */

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

import { establishedConnections, RESTORE, run } from '../helpers/conntrack.ts';

const MAX = '/proc/sys/net/netfilter/nf_conntrack_max';

const RULES = `
table inet benchmark {
  chain arrival {
    type filter hook prerouting priority raw; policy accept;
    iif lo drop
  }
  chain output {
    type filter hook output priority 0; policy accept;
    ct state new counter accept
  }
}
`;

/** A namespace with only a loopback device. */
export class Namespace {
  static #made = 0;
  readonly name: string;

  constructor() {
    this.name = `ctbench${process.pid}-${++Namespace.#made}`;
    process.on('exit', this.#remove);
    run(['ip', 'netns', 'add', this.name]);
    this.run(['ip', 'link', 'set', 'lo', 'up']);
  }

  /** The command line that runs a command in the namespace. */
  command(command: readonly string[]): readonly [string, ...string[]] {
    return ['ip', 'netns', 'exec', this.name, ...command];
  }

  /** Runs a command to its end and returns what it printed. */
  run(command: readonly string[], input = ''): string {
    return run(this.command(command), input);
  }

  close(): void {
    process.off('exit', this.#remove);
    this.#remove();
  }

  readonly #remove = (): void => {
    spawnSync('ip', ['netns', 'delete', this.name]);
  };
}

/**
 * A namespace with connection tracking: packets to its loopback become connections. The kernel's limit is restored
 * when it is closed.
 */
export class TrackingNamespace extends Namespace {
  readonly #max = fs.readFileSync(MAX, 'utf8');

  /** @param least number of entries that the table must be able to hold. */
  constructor(least: number) {
    super();
    process.on('exit', this.#restore);
    if (Number(this.#max) < least) fs.writeFileSync(MAX, String(least));
    this.run(['nft', '-f', '-'], RULES);
  }

  /** Loads TCP connections, established and assured. */
  load(entries: number): void {
    this.restore(establishedConnections(entries));
  }

  /** Loads entries, each as `conntrack -R` reads it. */
  restore(lines: readonly string[]): void {
    this.run(RESTORE, `${lines.join('\n')}\n`);
  }

  /** Deletes every entry. */
  flush(): void {
    this.run(['conntrack', '-F']);
  }

  override close(): void {
    super.close();
    process.off('exit', this.#restore);
    this.#restore();
  }

  readonly #restore = (): void => {
    if (fs.readFileSync(MAX, 'utf8') !== this.#max) fs.writeFileSync(MAX, this.#max);
  };
}
