/** New connections in a network namespace, counted where they are made and where the plugin reports them. */

import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { end, keep } from '../bench/lifetime.ts';
import type { ConntrackdLaboratory } from '../helpers/conntrackd_lab.ts';

const SENDER = path.resolve('dist/soak/sender.cjs');

/** Counts new connections, one datagram each, and drops the datagrams so that none is answered. */
const RULES = `
table inet soak {
  chain made {
    type filter hook output priority 0; policy accept;
    oif lo meta l4proto udp ct state new counter
  }
  chain arrival {
    type filter hook prerouting priority raw; policy accept;
    iif lo meta l4proto udp drop
  }
}
`;

/** UDP flows of one datagram each, at a steady rate, on the loopback of the active node. */
export class MadeFlows {
  readonly #laboratory: ConntrackdLaboratory;
  readonly #child: ChildProcess;

  /** @param seconds after which it exits. */
  constructor(laboratory: ConntrackdLaboratory, rate: number, seconds: number) {
    this.#laboratory = laboratory;
    laboratory.run('active', ['nft', '-f', '-'], RULES);
    const [program = '', ...words] = laboratory.via('active');
    const sender = [process.execPath, SENDER, String(rate), String(seconds)];
    this.#child = spawn(program, [...words, ...sender], { stdio: ['ignore', 'ignore', 'inherit'] });
    keep(this.#child);
  }

  /**
   * Flows so far, as the kernel counts them.
   *
   * @throws when the sender has exited.
   */
  count(): number {
    const { exitCode } = this.#child;
    if (exitCode !== null) throw new Error(`the sender ended: ${exitCode}`);
    const rules = this.#laboratory.run('active', ['nft', 'list', 'chain', 'inet', 'soak', 'made']);
    const [, packets] = /\bcounter packets (\d+)/.exec(rules) ?? [];
    if (packets === undefined) throw new Error(`nft: no counter in ${JSON.stringify(rules)}`);
    return Number(packets);
  }

  async end(): Promise<void> {
    await end(this.#child);
  }
}

/** Adds up the new connections in a plugins.d stream that comes in pieces: each rate times the time it covers. */
export class ReportedFlows {
  #unfinished = '';
  #isOpen = false;
  #microseconds = 0;
  #sum = 0;

  /** @param piece the output since the last call. */
  add(piece: string): void {
    const lines = (this.#unfinished + piece).split('\n');
    this.#unfinished = lines.pop() ?? '';
    for (const line of lines) this.#read(line);
  }

  count(): number {
    return Math.round(this.#sum);
  }

  #read(line: string): void {
    const [keyword, name, value, last] = line.split(' ');
    if (keyword === 'BEGIN') {
      this.#isOpen = name === 'conntrack.new';
      this.#microseconds = Number(value ?? 0);
    } else if (this.#isOpen && keyword === 'SET' && name === 'new') {
      // Rates are sent in thousandths.
      this.#sum += (Number(last) * this.#microseconds) / 1e9;
    }
  }
}
