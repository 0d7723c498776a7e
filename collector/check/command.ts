/**
 * How `check` is run: by root as the user that the agent runs as, since that user's plugin must work, and not root's.
 * Root starts the program again as that user, so that the kernel gives it exactly what it gives the agent's plugin, and
 * stays root itself. Other programs of that user can take the descriptors of the one that was started and meddle with
 * what it says: it gets no terminal of root's, and its report is read as any text from outside.
 */

import { escaped } from '../base/text.ts';
import type { Account } from './accounts.ts';
import { type Agent, findAgent } from './agent.ts';
import { NO_INTERPRETER, NOT_EXECUTABLE, wordsAs } from './as_user.ts';
import { type CheckOptions, check } from './check.ts';
import { checkInstalled, installedProgram } from './environs.ts';
import { realPath } from './files.ts';
import { remedy } from './remedies.ts';
import { render, type Style } from './render.ts';
import { type Finding, parseReport, type Remedy, type Report } from './report.ts';
import { formatSeen, lookAt, SEEN } from './seen.ts';

/** This process, as far as it starts others. */
export interface Self {
  /** The words that start this program: its executable, which is Node.js for a script, and what that is given. */
  readonly words: readonly [executable: string, ...string[]];
  /** Runs a program with these environment variables, and waits for its end. */
  run(words: readonly string[], variables: Readonly<Record<string, string>>): Promise<Ended>;
}

/** How a program ended. */
export interface Ended {
  readonly output: string;
  readonly errors: string;
  /** Its end, for a person: an exit code, a signal, or that it was not waited for any longer. */
  readonly how: string;
  /** Its exit code, if it ended by itself. */
  readonly code?: number | undefined;
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
  const agent = findAgent(fs, environment, realPath(fs, given.program.path), options.seen);
  const { account, process } = agent;
  if (uid !== 0 || account === undefined || account.uid === 0) return outcome(await check(options), options);
  const seen = process?.isKnown === false ? undefined : lookAt(fs, process, agent.plugin);
  const { asked, program } = options;
  const words = [...self.words, 'check', '--json', ...(asked === undefined ? [] : ['--config', asked])];
  const variables = seen === undefined ? {} : { [SEEN]: formatSeen(seen) };
  const ended = await self.run(wordsAs(account, program.path, words), variables);
  const report = parseReport(ended.output);
  if (report !== undefined) return outcome(report, options, ended.errors);
  const unusable = withoutReport(account, ended, agent, options);
  return outcome(await check({ ...options, uid: account.uid, seen }, unusable), options, ended.errors);
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

/** Why the program, run as the agent's user, gave no report. */
function withoutReport(account: Account, ended: Ended, agent: Agent, options: CommandOptions): Finding {
  const { group, user } = account;
  const { fs, program, self } = options;
  const fault = (code: string, text: string, fix?: Remedy): Finding => {
    return { severity: 'fault', code, text, remedy: fix };
  };
  const installed = installedProgram(fs, agent);
  const isStarted = installed === undefined || realPath(fs, installed) === realPath(fs, program.path);
  // Nobody but the agent's plugin need be run by that user.
  const other = isStarted ? undefined : checkInstalled(fs, installed);
  const [executable] = self.words;
  if (ended.code === NOT_EXECUTABLE) {
    const text = `${user}, as whom the agent runs its plugins, may not run ${program.path}`;
    const name = program.packaged ? 'let_run_package' : 'let_run_script';
    return fault('not_executable', text, isStarted ? remedy(name, { program: program.path, group }) : other);
  }
  if (ended.code === NO_INTERPRETER) {
    // The agent runs the script by the Node.js of its own PATH, which may be another.
    const text = `${user} may not run ${executable}, as this check must to see what works for ${user}`;
    return fault('no_interpreter', text, isStarted ? remedy('let_run_node', {}) : other);
  }
  const [refusal = ''] = ended.errors.split('\n', 1);
  if (refusal.startsWith('setpriv: ') || ended.how.startsWith('spawn ')) {
    const text = `cannot check as ${user}, the agent's user: ${refusal || ended.how}`;
    return fault('no_setpriv', text, remedy('install_setpriv', {}));
  }
  return fault('no_report', `the program, run as ${user}, told nothing: ${ended.how}`);
}
