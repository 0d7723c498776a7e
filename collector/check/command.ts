/**
 * How `check` is run: by root as the user that the agent runs as, since that user's plugin must work, and not root's.
 * The program then starts anew, so that the kernel gives it exactly what it gives the agent's plugin. Other programs of
 * that user can take its descriptors and meddle with what it says: it gets no terminal of root's, and its report is read
 * as any text from outside.
 */

import { constants } from 'node:fs';

import { errorCode } from '../errors.ts';
import { escaped } from '../text.ts';
import type { Account } from './accounts.ts';
import { type Agent, findAgent } from './agent.ts';
import { type CheckOptions, check } from './check.ts';
import { installedProgram } from './environs.ts';
import { isAllowed, realPath } from './files.ts';
import { type RemedyName, remedy } from './remedies.ts';
import { render, type Style } from './render.ts';
import type { Finding, Report } from './report.ts';
import { parseReport } from './report_schema.ts';
import { formatSeen, lookAt, SEEN } from './seen.ts';

/** This process, as far as it can become another. */
export interface Self {
  /** The executable: the program itself, or Node.js. */
  readonly executable: string;
  /** Becomes another user, for good. */
  become(account: Account): void;
  /** Runs the program again with these words and environment variables, and waits for its end. */
  runAgain(words: readonly string[], variables: Readonly<Record<string, string>>): Promise<Ended>;
}

/** How a program ended. */
export interface Ended {
  readonly output: string;
  readonly errors: string;
  /** Its end, for a person: an exit code, a signal, or that it was not waited for any longer. */
  readonly how: string;
}

export interface CommandOptions extends CheckOptions {
  readonly self: Self;
  readonly json: boolean;
  readonly style: Style;
}

/** What is to be printed on standard output and on standard error, and the exit code. */
export interface Outcome {
  readonly text: string;
  readonly errors: string;
  readonly code: number;
}

export async function runCheck(given: CommandOptions): Promise<Outcome> {
  const { environment, fs, self, uid } = given;
  // Root looks for itself.
  const options = uid === 0 ? { ...given, seen: undefined } : given;
  const agent = findAgent(fs, environment, options.seen);
  const { account, process } = agent;
  if (uid !== 0 || account === undefined || account.uid === 0) return outcome(await check(options), options);
  const seen = process?.isKnown === false ? undefined : lookAt(fs, process?.pid);
  if (!hasBecome(self, account)) return outcome(await check(options), options);

  const become = { ...options, uid: account.uid, seen };
  const unusable = unusableFor(account, agent, options);
  if (unusable !== undefined) return outcome(await check(become, unusable), options);
  const { asked } = options;
  const words = ['check', '--json', ...(asked === undefined ? [] : ['--config', asked])];
  const ended = await self.runAgain(words, seen === undefined ? {} : { [SEEN]: formatSeen(seen) });
  const report = parseReport(ended.output) ?? (await check(become, withoutReport(account, ended)));
  return outcome(report, options, ended.errors);
}

/** Root cannot become every user, where a container keeps it from that. */
function hasBecome(self: Self, account: Account): boolean {
  try {
    self.become(account);
    return true;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return false;
  }
}

function outcome(report: Report, { json, style }: CommandOptions, errors = ''): Outcome {
  return {
    text: json ? `${printableJson(report)}\n` : render(report, style),
    errors: errors
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => `${escaped(line)}\n`)
      .join(''),
    code: report.works ? 0 : 1,
  };
}

/** JSON in ASCII: a terminal may obey other characters. */
function printableJson(report: Report): string {
  const code = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(report, null, 2).replace(/[\u007f-\uffff]/g, code);
}

function withoutReport({ user }: Account, { how }: Ended): Finding {
  const text = `the program, run as ${user}, told nothing: ${how}`;
  return { severity: 'fault', code: 'no_report', text, remedy: undefined };
}

/** Why this process, which has become the agent's user, may not run the program. */
function unusableFor({ group, user }: Account, agent: Agent, options: CommandOptions): Finding | undefined {
  const { fs, program, self } = options;
  const installed = installedProgram(fs, agent);
  const isStarted = installed === undefined || realPath(fs, installed) === realPath(fs, program.path);
  const fault = (code: string, text: string, name: RemedyName): Finding => {
    // Nobody but the agent's plugin need be run by that user.
    const places = { program: program.path, group, ...(installed === undefined ? {} : { installed }) };
    return { severity: 'fault', code, text, remedy: remedy(isStarted ? name : 'check_installed', places) };
  };
  const mode = program.packaged ? constants.X_OK : constants.R_OK | constants.X_OK;
  if (!isAllowed(fs, program.path, mode)) {
    const text = `${user}, as whom the agent runs its plugins, may not run ${program.path}`;
    return fault('not_executable', text, program.packaged ? 'let_run_package' : 'let_run_script');
  }
  if (!isAllowed(fs, self.executable, constants.X_OK)) {
    // The agent runs the script by the Node.js of its own PATH, which may be another.
    const text = `${user} may not run ${self.executable}, as this check must to see what works for ${user}`;
    return fault('no_interpreter', text, 'let_run_node');
  }
  return undefined;
}
