/**
 * Module `sockets`: the host's own TCP and UDP sockets by state, counted as often as the CPU share allows. Needs no
 * privilege.
 */

import type { Context, ModuleSettings } from '../context.ts';
import type { Module, Sample, Scope, Status } from '../module.ts';
import { Survey } from '../survey.ts';
import { type SocketCount, SocketSource } from './socket_source.ts';
import { TABLES, type Table } from './socket_tally.ts';

/** Settings of `modules.sockets`. */
export interface SocketsSettings extends ModuleSettings {
  /** Where to count sockets; `auto` is netlink if available, else procfs. */
  readonly read_from: 'auto' | 'netlink' | 'procfs';
  /** Seconds between two counts, if these are cheap. */
  readonly update_every: number;
  /** Percentage of one CPU that counting may use. */
  readonly cpu_share: number;
}

/** The sample of one list of sockets, and its values. */
interface Instance {
  readonly sample: Sample;
  readonly values: Record<string, number | undefined>;
}

const SCOPES: Readonly<Record<Table, Scope>> = { tcp: 'tcp', tcp6: 'tcp', udp: 'udp', udp6: 'udp' };

export class SocketsModule implements Module {
  readonly name = 'sockets';
  readonly #source: SocketSource;
  readonly #survey: Survey<SocketCount>;
  readonly #instances = new Map<Table, Instance>(TABLES.map((table) => [table, instanceOf(table)]));

  constructor({ budget, fs, host, log, runtime, sockDiag }: Context, settings: SocketsSettings) {
    const readFrom = settings.read_from;
    const source = new SocketSource({ connect: sockDiag, fs, host, log, readFrom });
    this.#source = source;
    this.#survey = new Survey({
      log,
      runtime,
      tick: settings.every,
      every: settings.update_every,
      claim: budget.claim(this.name, settings.cpu_share / 100),
      required: settings.enabled === true,
      begin: (at) => source.count(at),
      sign: () => source.totals(),
      release: () => source.close(),
      lost: 'sockets are not counted',
      back: 'sockets can be counted',
      repaced: 'changed the interval between counts of sockets',
      isExceptional: ({ isSecondTry }) => isSecondTry,
      counted: ({ tallies }) => ({ sockets: tallies.reduce((sum, { sockets }) => sum + sockets, 0) }),
      ...(readFrom === 'netlink' ? { from: 'sock_diag' } : { from: 'procfs', target: host.net('tcp') }),
    });
  }

  /** Seconds between two counts at present. */
  get every(): number {
    return this.#survey.every;
  }

  /** Returns the count since the last call, and begins the next one when it is due. */
  collect(at: number, isTaken: boolean): readonly Sample[] {
    const latest = this.#survey.collect(at, isTaken);
    if (latest === undefined) return [];
    return latest.value.tallies.flatMap((tally) => {
      const instance = this.#instances.get(tally.table);
      if (instance === undefined) return [];
      tally.fill(instance.values);
      return [instance.sample];
    });
  }

  status(): Status {
    const { problems, reads } = this.#source.status();
    return { reads, problems: [...this.#survey.problems, ...problems] };
  }

  close(): void {
    this.#survey.close();
  }
}

function instanceOf(table: Table): Instance {
  const values = {};
  return { sample: { scope: SCOPES[table], instance: table, labels: { protocol: table }, values }, values };
}
