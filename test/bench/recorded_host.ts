/**
 * A made-up host: the kernel files that the collector reads, as a real file tree, with counters that grow. The header
 * is the one of kernels since 5.15. Source: `ct_cpu_seq_show` in net/netfilter/nf_conntrack_standalone.c.
 */

import fs from 'node:fs';
import path from 'node:path';

const HEADER =
  'entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop ' +
  'icmp_error  expect_new expect_create expect_delete search_restart\n';

const COLUMNS = HEADER.trim().split(/ +/);
/** Columns that those kernels print and do not count. */
const UNCOUNTED = new Set(['new', 'ignore', 'delete']);
/** The kernel prints two blanks before these columns. */
const SET_APART = new Set(['clashres', 'expect_new']);

const SETTINGS = { nf_conntrack_max: 262_144, nf_conntrack_buckets: 65_536, nf_conntrack_expect_max: 1024 } as const;

export class RecordedHost {
  /** What `NETDATA_HOST_PREFIX` is to be. */
  readonly prefix: string;
  readonly #cpus: number;
  readonly #counters: Uint32Array;
  #seconds = 0;

  /** @param prefix an empty folder, which gets the tree. */
  constructor(prefix: string, cpus: number) {
    this.prefix = prefix;
    this.#cpus = cpus;
    this.#counters = new Uint32Array(cpus * COLUMNS.length);
    this.#write('proc/sys/kernel/osrelease', '6.1.0-26-amd64\n');
    this.#write('sys/devices/system/cpu/possible', cpus === 1 ? '0\n' : `0-${cpus - 1}\n`);
    for (const [name, value] of Object.entries(SETTINGS)) this.#write(`proc/sys/net/netfilter/${name}`, `${value}\n`);
    this.advance();
  }

  /** The statistics file. */
  get statistics(): string {
    return path.join(this.prefix, 'proc/net/stat/nf_conntrack');
  }

  /** One second later, each file replaced as a whole. */
  advance(): void {
    this.#write('proc/net/stat/nf_conntrack', this.nextStatistics());
    this.#write('proc/sys/net/netfilter/nf_conntrack_count', `${this.#entries}\n`);
  }

  /** The statistics of one second later, always of the same length. */
  nextStatistics(): string {
    this.#seconds++;
    const rows = Array.from({ length: this.#cpus }, (_, cpu) => this.#row(cpu));
    return HEADER + rows.join('');
  }

  get #entries(): number {
    return 40_000 + ((this.#seconds * 37) % 10_000);
  }

  #row(cpu: number): string {
    let text = '';
    for (const [column, name] of COLUMNS.entries()) {
      const cell = cpu * COLUMNS.length + column;
      this.#counters[cell] =
        name === 'entries' ? this.#entries : (this.#counters[cell] ?? 0) + this.#growth(cpu, column);
      const blanks = column === 0 ? '' : SET_APART.has(name) ? '  ' : ' ';
      text += blanks + (this.#counters[cell] ?? 0).toString(16).padStart(8, '0');
    }
    return `${text}\n`;
  }

  #growth(cpu: number, column: number): number {
    if (UNCOUNTED.has(COLUMNS[column] ?? '')) return 0;
    return (this.#seconds * 7 + cpu * 31 + column * 131) % 977;
  }

  #write(name: string, text: string): void {
    const file = path.join(this.prefix, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(`${file}.new`, text);
    fs.renameSync(`${file}.new`, file);
  }
}
