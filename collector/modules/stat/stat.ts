/**
 * Module `stat`: the kernel's own counters of connection tracking as rates, the number of entries, and how full the
 * table is. Needs no privilege where the kernel has the statistics file.
 */

import type { Context, ModuleSettings } from '../context.ts';
import type { Module, Sample, Status } from '../module.ts';
import { kernelRelease, rowCpus } from './kernel.ts';
import { Limits } from './limits.ts';
import { NetlinkSource } from './netlink_source.ts';
import { Rates } from './rates.ts';
import { Source, type SourceOptions } from './source.ts';

/** Settings of `modules.stat`. */
export interface StatSettings extends ModuleSettings {
  /** Where the statistics come from; `auto` is netlink if the kernel has no statistics file. */
  readonly read_from: 'auto' | 'procfs' | 'netlink';
  /** Whether rates per CPU are returned too. */
  readonly per_cpu: boolean;
}

/** The sources that the configuration allows. */
function sources({ ctnetlink, log }: Context, settings: StatSettings): Pick<SourceOptions, 'readsFile' | 'netlink'> {
  const { enabled, read_from } = settings;
  if (read_from === 'procfs') return { readsFile: true, netlink: undefined };
  const level = read_from === 'auto' ? 'notice' : enabled === true ? 'error' : 'warning';
  return { readsFile: read_from === 'auto', netlink: new NetlinkSource({ connect: ctnetlink, log, level }) };
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

  constructor(context: Context, settings: StatSettings) {
    const { fs, host, log, release } = context;
    this.every = settings.every;
    const required = settings.enabled === true;
    this.#source = new Source({ fs, host, log, required, ...sources(context, settings) });
    this.#limits = new Limits(fs, host, log);
    this.#rates = new Rates({
      log,
      release: () => kernelRelease(fs, host, release),
      cpus: settings.per_cpu ? ({ cpus, rows }) => cpus ?? rowCpus(fs, host, rows) : undefined,
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
