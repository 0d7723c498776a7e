/** Logs the source of the statistics and the effect of not having one: one line per change. */

import { Condition, type Level, type Log } from '../../base/log.ts';
import { messageWithFix, type Problem, problemAt } from '../problem.ts';
import type { CountSource } from './count_source.ts';
import type { FileSource } from './file_source.ts';

/** What the last reading came from, or why there was none. */
export type Origin = 'best' | 'netlink' | 'count' | 'none' | 'unloaded';

export class SourceLog {
  readonly #condition: Condition;
  readonly #file: FileSource | undefined;
  readonly #count: CountSource;
  /** The level if there is nothing to read from the host. */
  readonly #absence: Level;
  #last: Origin | undefined;

  /** @param required whether the operator requires connection tracking. */
  constructor(log: Log, file: FileSource | undefined, count: CountSource, required: boolean) {
    this.#condition = new Condition(log);
    this.#file = file;
    this.#count = count;
    this.#absence = required ? 'error' : 'notice';
  }

  report(origin: Origin): void {
    // Nothing has changed: spares what the line would say.
    if (origin === 'best' && this.#last === 'best') return;
    this.#last = origin;
    const path = this.#file?.target;
    if (origin === 'best') {
      this.#condition.works('the statistics can be read', { path });
    } else if (origin === 'netlink') {
      const message = 'the kernel has no statistics file: the statistics are read over netlink';
      this.#condition.enter(origin, 'info', message, { code: 'no_statistics_file', path });
    } else if (origin === 'unloaded') {
      const count = this.#count.target;
      const problem = problemAt('tracking_not_loaded', count);
      this.#condition.enter(origin, this.#absence, messageWithFix(problem), { code: problem.code, path, count });
    } else if (this.#file?.problem !== undefined) {
      this.#reportFile(this.#file, this.#file.problem, origin === 'count');
    }
  }

  #reportFile(file: FileSource, { code, message }: Problem, hasCount: boolean): void {
    const lost = hasCount ? 'there are no rates, only the use of the table' : 'nothing is collected';
    const isElsewhere = file.isMissing && this.#count.isElsewhere;
    const fields = { code: isElsewhere ? 'other_namespace' : code, path: file.target };
    const enter = (level: Level, text: string, error?: string): void => {
      const reason = code === 'malformed_file' ? code : message;
      this.#condition.enter(`${reason} ${hasCount}`, level, text, { ...fields, error });
    };
    if (!file.isMissing) {
      enter(code === 'namespace_gone' ? 'info' : 'warning', `the statistics cannot be used: ${lost}`, file.error);
    } else if (isElsewhere) {
      const message =
        "the host's statistics file is missing and its number of entries is not visible from this network namespace: " +
        "nothing is collected; run the agent in the host's network namespace";
      enter(this.#absence, message);
    } else if (file.hasWorked) {
      enter('warning', `the statistics file is gone: ${lost}`, file.error);
    } else {
      const why = 'it may be built without CONFIG_NF_CONNTRACK_PROCFS';
      enter('notice', `the kernel has no statistics file (${why}): ${lost}`);
    }
  }
}
