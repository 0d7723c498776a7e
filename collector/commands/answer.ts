/**
 * The commands of live answers, such as `conntrack.plugin top`: once or repeatedly, as a table for a person, or whole as
 * text or JSON for a program.
 */

import { isatty } from 'node:tty';
import type { Environment } from '../agent/environment.ts';
import { Output } from '../agent/output.ts';
import type { Log } from '../base/log.ts';
import { ticks } from '../base/scheduler.ts';
import type { CommandLine } from '../cli.ts';
import type { Answer } from '../functions/answer.ts';
import { overview } from '../functions/overview.ts';
import type { Sources } from '../functions/sources.ts';
import { readAbilities } from '../terminal/abilities.ts';
import { answerScreen } from '../terminal/answer_screen.ts';
import { fittingLines, jsonLines, plainTable } from '../terminal/answer_table.ts';
import type { Size } from '../terminal/columns.ts';
import { withEndpoints } from '../terminal/endpoints.ts';
import { netnsLines, withNetns } from '../terminal/netns.ts';
import { overviewLines } from '../terminal/overview.ts';
import { Terminal } from '../terminal/terminal.ts';
import { type Line, paint, styled } from '../terminal/text.ts';
import { holdTerminal, jobControl } from './job_control.ts';
import { functionOf, guarded, sourcesOf } from './live.ts';
import { complain, endWithReader, openOutput, STDOUT } from './streams.ts';
import { clock } from './system.ts';

/** Rows of each ranking of the overview, as many as the largest screens show. */
const LARGEST = 20;

/** Draws in at most as many lines and columns. */
type Draw = (size: Size) => readonly Line[];

/** Prints the answer, once or until it is interrupted. */
export async function answer(commandLine: CommandLine, environment: Environment, log: Log): Promise<void> {
  const { interval, json, ticks: most } = commandLine;
  const isRepeated = interval !== undefined || most !== undefined;
  const sources = await sourcesOf(commandLine, environment, log, !isRepeated);
  const isForPerson = !json && isatty(STDOUT);
  await guarded(() => {
    if (!isForPerson) return printForProgram(commandLine, sources, log);
    return isRepeated && readAbilities(process.env).hasCursor
      ? showScreen(commandLine, sources, log)
      : printForPerson(commandLine, sources, log);
  });
}

/** The whole answer on standard output, and its notes on standard error. */
async function printForProgram(commandLine: CommandLine, sources: Sources, log: Log): Promise<void> {
  const output = outputOf(log);
  await repeat(commandLine, async () => {
    const found = await find(commandLine, sources);
    const placed = withNetns(found, commandLine.netns);
    output.tick(commandLine.json ? jsonLines(placed) : plainTable(placed));
    await output.flush();
    for (const note of found.notes) complain(note);
  });
}

/** The answer as wide as the terminal, one after the other. */
async function printForPerson(commandLine: CommandLine, sources: Sources, log: Log): Promise<void> {
  const output = outputOf(log);
  const abilities = readAbilities(process.env);
  const { size } = new Terminal(process.stdout, undefined, jobControl);
  await repeat(commandLine, async () => {
    const draw = await findDrawn(commandLine, sources);
    // Without a limit, the answer leaves a line for the prompt: what is first must not scroll off the screen.
    const rows = commandLine.given['limit'] === undefined ? size.rows - 1 : Number.POSITIVE_INFINITY;
    const lines = draw({ columns: size.columns, rows });
    output.tick(lines.map((line) => `${styled(line, abilities)}\n`).join(''));
    await output.flush();
  });
}

/** The answer as a screen that is redrawn. */
async function showScreen(commandLine: CommandLine, sources: Sources, log: Log): Promise<void> {
  const output = openOutput(log, () => process.exit(0));
  const abilities = readAbilities(process.env);
  const terminal = new Terminal(process.stdout, process.stdin.isTTY ? process.stdin : undefined, jobControl);
  const view = {
    title: process.argv.slice(2).join(' '),
    every: intervalOf(commandLine),
    time: clock.wall(),
    draw: await findDrawn(commandLine, sources),
  };
  const draw = (): string => {
    if (!terminal.take()) return '';
    const { size } = terminal;
    return paint(answerScreen(view, size), size.columns, abilities);
  };
  holdTerminal(terminal, { redraw: () => output.tick(draw()), resumed: () => undefined });
  try {
    let isFirst = true;
    await repeat(commandLine, async () => {
      if (!isFirst) view.draw = await findDrawn(commandLine, sources);
      isFirst = false;
      view.time = clock.wall();
      if (output.ready()) output.tick(draw());
    });
    await output.flush();
  } finally {
    terminal.restore();
  }
}

function find({ command, given }: CommandLine, sources: Sources): Promise<Answer> {
  return functionOf(command).run(given, sources, new AbortController().signal);
}

/** The answer, below the name of its namespace. */
async function findDrawn(commandLine: CommandLine, sources: Sources): Promise<Draw> {
  const draw = await findLines(commandLine, sources);
  const head = netnsLines(commandLine.netns);
  return ({ columns, rows }) => [...head, ...draw({ columns, rows: rows - head.length })];
}

async function findLines(commandLine: CommandLine, sources: Sources): Promise<Draw> {
  if (isOverview(commandLine)) {
    const found = await overview(sources, LARGEST, new AbortController().signal);
    return (size) => overviewLines(found, size);
  }
  const found = await find(commandLine, sources);
  const joined = withEndpoints(found);
  return (size) => fittingLines(joined, size);
}

/** Whether the command line does not name what to rank. */
function isOverview({ command, given }: CommandLine): boolean {
  return command === 'top' && Object.keys(given).length === 0;
}

/** Once, or at every interval. */
async function repeat(commandLine: CommandLine, action: () => Promise<void>): Promise<void> {
  const { interval, ticks: most } = commandLine;
  let left = most ?? (interval === undefined ? 1 : Number.POSITIVE_INFINITY);
  for await (const _ of ticks(clock, intervalOf(commandLine))) {
    await action();
    if (--left <= 0) return;
  }
}

/** Seconds. */
function intervalOf({ interval = 1 }: CommandLine): number {
  return interval;
}

/** Signals are left to the system, so that the exit code of an interrupted command is not 0. */
function outputOf(log: Log): Output {
  endWithReader(log, () => process.exit(0));
  return new Output(process.stdout, log);
}
