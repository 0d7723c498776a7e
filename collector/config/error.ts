/** What is wrong with a configuration file. */

import { UsageError } from '../base/errors.ts';

/** A mistake in a configuration file. */
export interface ConfigProblem {
  /** Counted from 1; `undefined` when the mistake is not in one line. */
  readonly line: number | undefined;
  /** What is wrong and, where known, what is allowed. */
  readonly text: string;
}

/**
 * A configuration file is missing, cannot be read or is invalid. The message lists every problem in one line, in
 * the order of the file.
 */
export class ConfigError extends UsageError {
  readonly file: string;
  readonly problems: readonly ConfigProblem[];

  constructor(file: string, problems: readonly ConfigProblem[], options?: ErrorOptions) {
    const sorted = [...problems].sort((one, other) => (one.line ?? 0) - (other.line ?? 0));
    // Two checks can find the same problem.
    const byText = new Map(sorted.map((problem) => [inWords(problem), problem]));
    super(`${file}: ${[...byText.keys()].join('; ')}`, options);
    this.file = file;
    this.problems = [...byText.values()];
  }
}

function inWords({ line, text }: ConfigProblem): string {
  return line === undefined ? text : `line ${line}: ${text}`;
}
