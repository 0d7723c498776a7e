/**
 * A network namespace of the benchmark's own, whose connection tracking works: what is sent to its loopback becomes
 * a connection and goes nowhere. It is removed, and the kernel's limit put back, when the benchmark ends.
 */

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

export class Namespace {
  static #made = 0;
  readonly name: string;
  readonly #max = fs.readFileSync(MAX, 'utf8');

  /** @param least entries that the table must be able to hold while the namespace is there. */
  constructor(least: number) {
    this.name = `ctbench${process.pid}-${++Namespace.#made}`;
    process.on('exit', this.#close);
    run(['ip', 'netns', 'add', this.name]);
    if (Number(this.#max) < least) fs.writeFileSync(MAX, String(least));
    this.run(['ip', 'link', 'set', 'lo', 'up']);
    this.run(['nft', '-f', '-'], RULES);
  }

  /** The command line that runs a command in the namespace. */
  command(command: readonly string[]): readonly [string, ...string[]] {
    return ['ip', 'netns', 'exec', this.name, ...command];
  }

  /** Runs a command to its end and returns what it printed. */
  run(command: readonly string[], input = ''): string {
    return run(this.command(command), input);
  }

  /** Loads TCP connections, established and assured. */
  load(entries: number): void {
    this.run(RESTORE, `${establishedConnections(entries).join('\n')}\n`);
  }

  /** Removes every entry. */
  flush(): void {
    this.run(['conntrack', '-F']);
  }

  close(): void {
    process.off('exit', this.#close);
    this.#close();
  }

  readonly #close = (): void => {
    spawnSync('ip', ['netns', 'delete', this.name]);
    if (fs.readFileSync(MAX, 'utf8') !== this.#max) fs.writeFileSync(MAX, this.#max);
  };
}
