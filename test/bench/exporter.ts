/** Debian's prometheus-node-exporter with only its conntrack collector, scraped over one kept connection. */

import { type ChildProcess, spawn } from 'node:child_process';
import http from 'node:http';
import { text } from 'node:stream/consumers';

import { end, keep } from './lifetime.ts';

const PROGRAM = 'prometheus-node-exporter';
/** A metric that only the conntrack collector has. */
const METRIC = /^node_nf_conntrack_entries \d/m;
const START_MS = 10_000;

export class Exporter {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #url: string;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  #scrapes = 0;

  private constructor(child: ChildProcess, pid: number, address: string) {
    this.#child = child;
    this.pid = pid;
    this.#url = `http://${address}/metrics`;
  }

  /**
   * Starts the exporter on a free port; `undefined` when the program is not installed.
   *
   * @param procfs where the host's `/proc` is.
   */
  static async start(procfs: string): Promise<Exporter | undefined> {
    const options = ['--collector.disable-defaults', '--collector.conntrack', `--path.procfs=${procfs}`];
    const child = spawn(PROGRAM, [...options, '--web.listen-address=127.0.0.1:0'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const failed = new Promise<'missing'>((resolve, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) =>
        error.code === 'ENOENT' ? resolve('missing') : reject(error),
      );
      child.once('exit', (code, signal) => reject(new Error(`${PROGRAM} ended: ${code ?? signal}`)));
    });
    failed.catch(() => undefined);
    keep(child);
    const address = await Promise.race([failed, addressOf(child)]);
    if (address === 'missing' || child.pid === undefined) return undefined;
    return new Exporter(child, child.pid, address);
  }

  /** Scrapes that were answered so far. */
  get scrapes(): number {
    return this.#scrapes;
  }

  /** Asks for the metrics once. */
  async scrape(): Promise<void> {
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      http.get(this.#url, { agent: this.#agent }, resolve).once('error', reject);
    });
    const body = await text(response);
    if (response.statusCode !== 200 || !METRIC.test(body)) throw new Error(`${this.#url}: no conntrack metrics`);
    this.#scrapes++;
  }

  /** Ends the process and resolves when it is gone. */
  async end(): Promise<void> {
    this.#agent.destroy();
    await end(this.#child);
  }
}

/** The address in the exporter's log. */
function addressOf({ stderr }: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let log = '';
    const timer = setTimeout(() => reject(new Error(`${PROGRAM} does not say where it listens: ${log}`)), START_MS);
    timer.unref();
    stderr?.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString('latin1')).slice(-16_384);
      const address = /\baddress="?(127\.0\.0\.1:\d+)/.exec(log)?.[1];
      if (address === undefined) return;
      clearTimeout(timer);
      resolve(address);
    });
  });
}
