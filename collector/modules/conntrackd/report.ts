/** Samples from a daemon's replies: gauges as they are, counters as rates. */

import type { InstanceIds } from '../instance_ids.ts';
import type { Sample } from '../module.ts';
import { CounterRates } from './counter_rates.ts';
import type { Round } from './daemon.ts';
import { DAEMON, type FactSheet, type Facts, type Subject } from './facts.ts';
import { LinkNames } from './links.ts';

/** The states of a daemon, as metrics: exactly one is 1. */
const STATES = ['up', 'unresponsive', 'down'] as const;

/** The limit that a queue without a limit reports. */
const UNLIMITED = 2 ** 31 - 1;

export class Report {
  readonly #name: string;
  readonly #ids: InstanceIds;
  readonly #links = new LinkNames();
  readonly #rates = new CounterRates();

  /**
   * @param name of the daemon in charts.
   * @param ids shared by all daemons.
   */
  constructor(name: string, ids: InstanceIds) {
    this.#name = name;
    this.#ids = ids;
  }

  /**
   * Samples of an answered round.
   *
   * @param connections entries of the kernel's table, if the daemon replicates that table.
   */
  up({ restarted, sheet }: Round, connections: number | undefined): Sample[] {
    // The daemon is up even if its replies are malformed.
    const { gauges } = sheet.of(DAEMON);
    for (const [metric, value] of Object.entries({ ...states('up'), ...sync(sheet, connections) })) {
      if (value !== undefined) gauges.set(metric, value);
    }
    if (restarted) {
      this.#rates.forget();
      this.#links.forget();
    }
    this.#links.settle(sheet);
    this.#rates.begin();
    return [...sheet.all()].map((facts) => {
      const { subject } = facts;
      return this.#sample(subject.scope === 'link' ? this.#links.named(subject) : subject, this.#values(facts));
    });
  }

  /** Samples of a daemon that did not answer. */
  absent(state: 'unresponsive' | 'down'): Sample[] {
    return [this.#sample(DAEMON, states(state))];
  }

  #values({ counters, gauges, subject, times }: Facts): Record<string, number | undefined> {
    const values: Record<string, number | undefined> = Object.fromEntries(gauges);
    for (const [metric, counter] of counters) {
      const at = times.get(metric) ?? 0;
      values[metric] = this.#rates.rate(`${subject.scope} ${subject.name} ${metric}`, counter, at);
    }
    const { elements, maximum } = values;
    if (elements !== undefined && maximum !== undefined && maximum > 0 && maximum < UNLIMITED) {
      values['fill'] = (elements / maximum) * 100;
    }
    return values;
  }

  #sample({ labels, name, scope }: Subject, values: Sample['values']): Sample {
    // The daemon's own name is a valid part of an id.
    const instance = name === '' ? this.#name : this.#ids.of(scope, `${this.#name} ${name}`, `${this.#name}_${name}`);
    return { scope, instance, labels: { daemon: this.#name, ...labels }, values };
  }
}

function states(current: (typeof STATES)[number]): Record<string, number> {
  return Object.fromEntries(STATES.map((state) => [state, state === current ? 1 : 0]));
}

/** The sizes of the kernel's table, of its copy, and of what the other firewall has sent. */
function sync(sheet: FactSheet, connections: number | undefined): Record<string, number | undefined> {
  const active = (name: string): number | undefined =>
    [...sheet.all()].find(({ subject }) => subject.scope === 'cache' && subject.name === name)?.gauges.get('active');
  const internal = active('internal');
  if (internal === undefined) return {};
  return { kernel_connections: connections, internal_connections: internal, external_connections: active('external') };
}
