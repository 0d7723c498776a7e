/** A survey in memory. */

import { Budget } from '../../collector/modules/budget.ts';
import { messageWithFix, ProblemError } from '../../collector/modules/problem.ts';
import type { Done, Work } from '../../collector/modules/slices.ts';
import { Survey, type SurveyOptions } from '../../collector/modules/survey.ts';
import { FakeRuntime } from './fake_runtime.ts';
import { RecordingLog } from './recording_log.ts';

export const OFF = new ProblemError('events_off', 'ctnetlink');

export const ORDINARY = new ProblemError('tracking_not_loaded', 'ctnetlink');

export const logLine = ({ problem }: ProblemError): string => `wells are not counted: ${messageWithFix(problem)}`;

/** A survey whose result is its number, from 1. */
export class Surveying {
  readonly runtime = new FakeRuntime(500e6);
  readonly log = new RecordingLog();
  readonly survey: Survey<number>;
  /** The seconds at which a run began. */
  readonly begun: number[] = [];
  /** How often its resources were released. */
  released = 0;
  /** Steps so far. */
  steps = 0;
  /** CPU time of a step in microseconds. */
  cost = 0;
  /** Steps of one run. */
  length = 1;
  /** The error of the last step of a run, by its number. */
  failures: (number: number) => unknown = () => undefined;

  constructor(options: Partial<SurveyOptions<number>> = {}) {
    this.survey = new Survey({
      log: this.log,
      runtime: this.runtime,
      tick: 1,
      every: 10,
      claim: new Budget().claim('wells', 0.02),
      begin: (at) => this.#work(at),
      release: () => this.released++,
      lost: 'wells are not counted',
      back: 'wells can be surveyed again',
      repaced: 'changed the interval between surveys of wells',
      counted: (wells) => ({ wells: wells * 100 }),
      from: 'ctnetlink',
      required: false,
      ...options,
    });
  }

  *#work(at: number): Work<number> {
    this.begun.push(at / 1e6);
    const number = this.begun.length;
    for (let step = 1; step < this.length; step++) {
      this.#step();
      yield;
    }
    this.#step();
    const thrown = this.failures(number);
    if (thrown !== undefined) throw thrown;
    return number;
  }

  #step(): void {
    this.steps++;
    this.runtime.compute(this.cost);
  }

  /** Updates, and lets a run that begins finish. */
  async tick(second: number, isTaken = true): Promise<Done<number> | undefined> {
    this.runtime.advanceTo(second);
    const found = this.survey.collect(second * 1e6, isTaken);
    await this.runtime.settle();
    return found;
  }

  /** Updates every `step` seconds. Returns the seconds at which a run began. */
  async begunAt(from: number, to: number, step = 1): Promise<number[]> {
    const before = this.begun.length;
    for (let second = from; second <= to; second += step) await this.tick(second);
    return this.begun.slice(before);
  }
}
