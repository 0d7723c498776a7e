/**
 * Runs `check`; for root, as the user that the agent runs as, since the plugin has to work for that user. Root starts the
 * program again as that user, so that the kernel grants it exactly what it grants the agent's plugin. Other processes of
 * that user can take over the descriptors of the new process and forge its output: it gets no terminal of root's, and its
 * report is validated like any other input.
 */

import { escaped } from '../base/text.ts';
import type { Account } from './accounts.ts';
import { type Agent, findAgent } from './agent.ts';
import { checkInstalled, installedProgram } from './agent_findings.ts';
import { NO_INTERPRETER, NOT_EXECUTABLE, wordsAs } from './as_user.ts';
import { capabilityArgument, permittedBy } from './capability.ts';
import { type CheckOptions, check } from './check.ts';
import { realPath } from './files.ts';
import { remedy } from './remedy.ts';
import { render, type Style } from './render.ts';
import { type Finding, fault, parseReport, type Report } from './report.ts';
import { SEEN, seenOf } from './seen.ts';

/** How this program starts itself. */
export interface Self {
  /** The command that starts this program: its executable, or Node.js with its options and the script. */
  readonly words: readonly [executable: string, ...string[]];
  /** Runs a command with these environment variables added, and waits for its end. */
  run(words: readonly string[], variables: Readonly<Record<string, string>>): Promise<Ended>;
}

export interface Ended {
  readonly output: string;
  readonly errors: string;
  /** How it ended, such as `exit code 1`, `killed by SIGTERM` or `timed out after 20 seconds`. */
  readonly how: string;
  /** Its exit code, unless a signal ended it. */
  readonly code?: number | undefined;
}

export interface CommandOptions extends CheckOptions {
  readonly self: Self;
  readonly json: boolean;
  readonly style: Style;
}

/** The text for standard output and for standard error, and the exit code. */
export interface Outcome {
  readonly text: string;
  readonly errors: string;
  readonly code: number;
}

export async function runCheck(all: CommandOptions): Promise<Outcome> {
  const { environment, fs, self, uid } = all;
  // Root sees everything itself.
  const options = uid === 0 ? { ...all, seen: undefined } : all;
  const agent = findAgent(fs, environment, realPath(fs, all.program.path), options.seen);
  const { account, process } = agent;
  if (uid !== 0 || account === undefined || account.uid === 0) return outcome(await check(options), options);
  const seen = process?.isKnown === false ? undefined : seenOf(process);
  const { configFile, netns, program } = options;
  const given = { '--config': configFile, '--netns': netns };
  const others = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
  const words = [...self.words, 'check', '--json', ...others];
  const variables = seen === undefined ? {} : { [SEEN]: JSON.stringify(seen) };
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

/** JSON in ASCII, since other characters can be control sequences of a terminal. */
function printableJson(report: Report): string {
  const code = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(report, null, 2).replace(/[\u007f-\uffff]/g, code);
}

/** Why the check as the agent's user returned no report. */
function withoutReport(account: Account, ended: Ended, agent: Agent, options: CommandOptions): Finding {
  const { group, user } = account;
  const { fs, program, self } = options;
  const installed = installedProgram(fs, agent);
  const isStarted = installed === undefined || realPath(fs, installed) === realPath(fs, program.path);
  // That user needs to run only the program that the agent starts.
  const other = isStarted ? undefined : checkInstalled(fs, installed);
  const [executable] = self.words;
  if (ended.code === NOT_EXECUTABLE) {
    const text = `the agent's user ${user} cannot run ${program.path}`;
    const name = program.packaged ? 'let_run_package' : 'let_run_script';
    const granted = permittedBy(options.capabilities(realPath(fs, program.path)));
    return fault(
      'not_executable',
      text,
      isStarted ? remedy(name, { program: program.path, group, capabilities: capabilityArgument(granted) }) : other,
    );
  }
  if (ended.code === NO_INTERPRETER) {
    // The agent may run the script with another Node.js, from its own PATH.
    const text = `cannot check as ${user}, the agent's user: ${user} cannot run ${executable}`;
    return fault('no_interpreter', text, isStarted ? remedy('let_run_node', {}) : other);
  }
  const [refusal = ''] = ended.errors.split('\n', 1);
  if (refusal.startsWith('setpriv: ') || ended.how.startsWith('spawn ')) {
    const text = `cannot check as ${user}, the agent's user: ${refusal || ended.how}`;
    return fault('no_setpriv', text, remedy('install_setpriv', {}));
  }
  return fault('no_report', `no report from the check as ${user}, the agent's user: ${ended.how}`);
}
