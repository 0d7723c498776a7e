/**
 * Module `stat`: the kernel's own counters of connection tracking as rates, the number of entries, and how full the
 * table is. Needs no privilege where the kernel has the statistics file.
 */

import type { Log } from '../../base/log.ts';
import type { FileSystem } from '../../procfs/file.ts';
import type { Host } from '../../procfs/host.ts';
import type { Connect } from '../access.ts';
import type { Module, Sample, Status } from '../module.ts';
import { kernelRelease, rowCpus } from './kernel.ts';
import { Limits } from './limits.ts';
import { NetlinkSource } from './netlink_source.ts';
import { Rates } from './rates.ts';
import { Source, type SourceOptions } from './source.ts';

export interface StatOptions {
  readonly fs: FileSystem;
  readonly host: Host;
  readonly log: Log;
  /** Seconds between two readings. */
  readonly every: number;
  /** Whether the counters of every CPU are returned too. */
  readonly perCpu: boolean;
  /** Whether connection tracking is expected to be there: its absence is then an error in the log. */
  readonly required: boolean;
  /** Where the statistics come from; `auto` is netlink where the kernel has no statistics file. */
  readonly readFrom: 'auto' | 'procfs' | 'netlink';
  readonly connect: Connect;
  /** The release of the kernel that this program runs on, for a host that does not tell its own. */
  readonly release: string;
}

/** The sources that the configuration allows. */
function sources({ connect, log, readFrom, required }: StatOptions): Pick<SourceOptions, 'readsFile' | 'netlink'> {
  if (readFrom === 'procfs') return { readsFile: true, netlink: undefined };
  const level = readFrom === 'auto' ? 'notice' : required ? 'error' : 'warning';
  return { readsFile: readFrom === 'auto', netlink: new NetlinkSource({ connect, log, level }) };
}

type Values = Record<string, number | undefined>;

export class StatModule implements Module {
  readonly name = 'stat';
  readonly every: number;
  readonly #source: Source;
  readonly #limits: Limits;
  readonly #rates: Rates;
  readonly #values: Values = {};
  readonly #host: Sample = { scope: 'host', instance: '', labels: {}, values: this.#values };

  constructor(options: StatOptions) {
    const { fs, host, log } = options;
    this.every = options.every;
    this.#source = new Source({ fs, host, log, required: options.required, ...sources(options) });
    this.#limits = new Limits(fs, host, log);
    this.#rates = new Rates({
      log,
      release: () => kernelRelease(fs, host, options.release),
      cpus: options.perCpu ? ({ cpus, rows }) => cpus ?? rowCpus(fs, host, rows) : undefined,
    });
  }

  collect(at: number): readonly Sample[] {
    const values = this.#values;
    const { connections, max: told, restarted, table } = this.#source.read(at);
    if (restarted) this.#rates.forget();
    const hasRates = table !== undefined && this.#rates.update(table, at, values);
    if (!hasRates) for (const metric in values) values[metric] = undefined;
    if (connections === undefined) return [];

    this.#limits.refresh(at, told !== undefined);
    const { buckets, expectMax } = this.#limits;
    const max = told ?? this.#limits.max;
    values['connections'] = connections;
    values['max'] = max;
    values['utilization'] = max === undefined ? undefined : (connections / max) * 100;
    values['buckets'] = buckets;
    values['load'] = buckets === undefined ? undefined : connections / buckets;
    values['expect_max'] = expectMax;
    return hasRates && this.#rates.cpus.length > 0 ? [this.#host, ...this.#rates.cpus] : [this.#host];
  }

  status(): Status {
    return this.#source.status();
  }

  close(): void {
    this.#source.close();
    this.#limits.close();
  }
}
