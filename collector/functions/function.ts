/** The interface of a live answer: what it is called, what it accepts, and how it is found. */

import type { Answer } from './answer.ts';
import type { Sources } from './sources.ts';

/** An argument that a function accepts. */
export interface Parameter {
  /** `name:value` in a call of the agent, `--name value` on the command line. */
  readonly name: string;
  /** What it does, as one line of help. */
  readonly help: string;
  /** What is allowed, for help and errors, such as `a port from 0 to 65535`. */
  readonly allowed: string;
  /** The same for a command, where that is different. */
  readonly inCommand?: string;
  /** All values, if these are few; the first is the default of a selector. */
  readonly choices?: readonly Choice[];
  /** Whether the dashboard shows it as a selector. */
  readonly isSelector?: true;
  /** Whether it has no value: given means yes. */
  readonly isFlag?: true;
}

export interface Choice {
  readonly id: string;
  readonly name: string;
}

/** What a caller gave, by parameter; a flag that was given has the value `yes`. */
export type Arguments = Readonly<Record<string, string | undefined>>;

/** A bad argument; the message names it, what was found and what is allowed. */
export class ArgumentError extends Error {}

export interface LiveFunction {
  /** The method: `conntrack:NAME` for the agent. */
  readonly name: string;
  /** The command of the program. */
  readonly command: string;
  /** One line. */
  readonly summary: string;
  /** What the answer shows, and how to read it; a few sentences. */
  readonly help: string;
  readonly parameters: readonly Parameter[];
  /**
   * Finds the answer.
   *
   * @throws {ArgumentError}
   * @throws {ProblemError} when a source cannot be read.
   * @throws an abort error when `signal` is aborted.
   */
  run(given: Arguments, sources: Sources, signal: AbortSignal): Promise<Answer>;
  /** Ends what it keeps between calls, if anything. */
  close?(): void;
}
