/** The built program beside a real conntrackd: its charts, compared with the counters of the daemon. */

import { expect } from 'vitest';

import { type Counters, countersOf } from './conntrackd_counters.ts';
import type { ConntrackdLaboratory } from './conntrackd_lab.ts';
import type { ConntrackdNode } from './conntrackd_modes.ts';
import { NotedRounds } from './noted_rounds.ts';
import { type Ended, Program, type ProgramOptions } from './program.ts';
import { lastValues } from './stream.ts';

/** Configuration with only the module conntrackd enabled. */
export function onlyConntrackd(options: string): string {
  const off = ['stat', 'events', 'flows', 'sockets'].map((module) => `${module}: { enabled: no }`);
  return `modules: { ${off.join(', ')}, conntrackd: { ${options} } }\n`;
}

/** Counters of the daemon before and after a round of requests; tick number `ticks` draws that round. */
export interface Mark {
  readonly ticks: number;
  readonly before: Counters;
  readonly after: Counters;
}

export interface WatchOptions extends ProgramOptions {
  /** More options of the module. */
  readonly module?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export class ConntrackdWatch {
  readonly program: Program;
  readonly #laboratory: ConntrackdLaboratory;
  readonly #node: ConntrackdNode;
  readonly #rounds = new NotedRounds();

  /** Starts the program in the node's namespace. */
  constructor(laboratory: ConntrackdLaboratory, node: ConntrackdNode, options: WatchOptions = {}) {
    // A daemon on a busy machine is not unresponsive: the longest timeout.
    const { environment = {}, module = 'update_every: 1, timeout: 10', ...rest } = options;
    this.#laboratory = laboratory;
    this.#node = node;
    const config = onlyConntrackd(`sockets: [${laboratory.socket(node)}], ${module}`);
    this.program = new Program(
      ['1'],
      { ...environment, ...this.#rounds.environment },
      { via: laboratory.via(node), config, ...rest },
    );
  }

  /**
   * Waits until the daemon has charts.
   *
   * @param before the daemon's counters before the program was started.
   */
  async begun(before: Counters): Promise<Mark> {
    await this.program.printed(`BEGIN ${this.id('state')}`);
    const ticks = this.program.ticks.length;
    return { ticks, before, after: await countersOf(this.#laboratory, this.#node) };
  }

  /** Id of a chart of the daemon, or of one of its caches, links or queues. */
  id(chart: string, part = ''): string {
    return `conntrack.conntrackd_${chart}_${this.#node}${part === '' ? '' : `_${part}`}`;
  }

  /** The last update of a chart. */
  latest(chart: string, part = ''): Record<string, number> | undefined {
    const values = lastValues(this.program.stream, this.id(chart, part));
    // A dimension with a negative multiplier has -0 for 0.
    return values && Object.fromEntries(Object.entries(values).map(([dimension, value]) => [dimension, value + 0]));
  }

  /** The log, without times. */
  get lines(): string[] {
    const lines = this.program.err.split('\n').filter((line) => line !== '');
    return lines.map((line) => line.replace(/^time=\S+ comm=\S+ source=\S+ /, ''));
  }

  /** Reads the daemon's counters before and after a later round. */
  async mark(): Promise<Mark> {
    const before = await countersOf(this.#laboratory, this.#node);
    // The first may have been under way, and a tick draws the replies of the previous one.
    await this.program.updated(this.id('state'), 3);
    const ticks = this.program.ticks.length;
    return { ticks, before, after: await countersOf(this.#laboratory, this.#node) };
  }

  /**
   * Expects that the rates between two marks add up to the counters of the daemon, as exactly as the times of the rounds
   * allow (see {@link NotedRounds.events}).
   *
   * @param least minimum counts by chart and dimension, so that the comparison is not empty.
   */
  expectCounted(from: Mark, to: Mark, least: Counters): void {
    for (const [key, counters] of Object.entries(to.after)) {
      for (const [dimension, last] of Object.entries(counters)) {
        const lower = counted(to.before, key, dimension) - counted(from.after, key, dimension);
        const upper = last - counted(from.before, key, dimension);
        this.expectEvents([from.ticks, to.ticks], key, dimension, [lower, upper]);
      }
    }
    for (const [key, counters] of Object.entries(least)) {
      for (const [dimension, number] of Object.entries(counters)) {
        const lower = counted(to.before, key, dimension) - counted(from.after, key, dimension);
        expect(lower, `${this.#node}: ${key} ${dimension}`).toBeGreaterThanOrEqual(number);
      }
    }
  }

  /**
   * Expects that the rates of a dimension add up to a number of events.
   *
   * @param ticks the first one, and the one after the last.
   * @param key the chart, and the cache or link after a blank, as in {@link Counters}.
   * @param events least and greatest number.
   */
  expectEvents(
    ticks: readonly [number, number],
    key: string,
    dimension: string,
    [lower, upper]: readonly [number, number],
  ): void {
    const [chart = '', part] = key.split(' ');
    const rate = { chart: this.id(chart, part), dimension };
    const { least, most } = this.#rounds.events(this.program.ticks, ticks, this.id('state'), rate);
    const what = `${this.#node}: ${key} ${dimension}, from ${lower} to ${upper}, charted ${least} to ${most}`;
    expect(most, what).toBeGreaterThanOrEqual(lower);
    expect(least, what).toBeLessThanOrEqual(upper);
  }

  /** Stops the program. */
  async stop(): Promise<Ended> {
    const ended = await this.program.stop();
    this.#rounds.close();
    return ended;
  }
}

function counted(counters: Counters, key: string, dimension: string): number {
  return counters[key]?.[dimension] ?? 0;
}
