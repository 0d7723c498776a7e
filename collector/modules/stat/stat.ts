/**
 * Module `stat`: the kernel's connection tracking counters as rates, the number of entries, and the use of the table.
 * Needs no privilege if the kernel has the statistics file.
 */

import type { Context, ModuleSettings } from '../context.ts';
import type { Module, Sample, Status } from '../module.ts';
import { rowCpus } from './kernel.ts';
import type { Limits } from './limits.ts';
import type { StatTable } from './nf_conntrack_stat.ts';
import { Rates } from './rates.ts';
import { Sources } from './sources.ts';

/** Settings of `modules.stat`. */
export interface StatSettings extends ModuleSettings {
  /** Where the statistics come from; `auto` is netlink if the kernel has no statistics file. */
  readonly read_from: 'auto' | 'procfs' | 'netlink';
  /** Whether rates per CPU are returned too. */
  readonly per_cpu: boolean;
}

type Values = Record<string, number | undefined>;

export class StatModule implements Module {
  readonly name = 'stat';
  readonly every: number;
  readonly #sources: Sources;
  readonly #limits: Limits;
  readonly #rates: Rates;
  readonly #values: Values = {};
  readonly #host: Sample = { scope: 'host', instance: '', labels: {}, values: this.#values };
  readonly #hostAlone: readonly Sample[] = [this.#host];

  constructor(context: Context, settings: StatSettings) {
    const { ctnetlink, fs, host, limits, log, release } = context;
    this.every = settings.every;
    const required = settings.enabled === true;
    this.#sources = new Sources({ fs, host, log, connect: ctnetlink, readFrom: settings.read_from, required });
    this.#limits = limits;
    const cpusOf = ({ cpus, rows }: StatTable): readonly number[] => cpus ?? rowCpus(fs, host, rows);
    this.#rates = new Rates(log, release, settings.per_cpu ? cpusOf : undefined);
  }

  collect(at: number): readonly Sample[] {
    const values = this.#values;
    const { connections, max: sent, restarted, table } = this.#sources.read(at);
    if (restarted) this.#rates.forget();
    const hasRates = table !== undefined && this.#rates.update(table, at, values);
    if (!hasRates) for (const metric in values) values[metric] = undefined;
    if (connections === undefined) return [];

    this.#limits.refresh(at, sent !== undefined);
    const max = sent ?? (this.#limits.max.value || undefined);
    const buckets = this.#limits.buckets.value || undefined;
    values['connections'] = connections;
    values['max'] = max;
    values['utilization'] = max === undefined ? undefined : (connections / max) * 100;
    values['buckets'] = buckets;
    values['load'] = buckets === undefined ? undefined : connections / buckets;
    values['expect_max'] = this.#limits.expectMax.value;
    return hasRates && this.#rates.cpus.length > 0 ? [this.#host, ...this.#rates.cpus] : this.#hostAlone;
  }

  status(): Status {
    return this.#sources.status();
  }

  close(): void {
    this.#sources.close();
    this.#limits.close();
  }
}
