/** `conntrack.plugin show`: the charts as a screen in the terminal, or as lines if standard output is not a terminal. */

import os from 'node:os';
import type { Environment } from '../agent/environment.ts';
import { UsageError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { ticks } from '../base/scheduler.ts';
import type { CommandLine } from '../cli.ts';
import { chartsOf } from '../jobs/job.ts';
import { HOST, Jobs } from '../jobs/jobs.ts';
import { namespaceConfig } from '../jobs/namespace_config.ts';
import { Plugin } from '../jobs/plugin.ts';
import type { Renderer } from '../jobs/renderer.ts';
import { readAbilities } from '../terminal/abilities.ts';
import { Board } from '../terminal/board.ts';
import { Messages } from '../terminal/messages.ts';
import { plainLines } from '../terminal/plain_lines.ts';
import { screenOf } from '../terminal/screen.ts';
import { Terminal } from '../terminal/terminal.ts';
import { paint } from '../terminal/text.ts';
import { hostContext, type Request, readRequestByHand } from './collecting.ts';
import { holdTerminal, jobControl } from './job_control.ts';
import { watchNamespaces } from './namespaces.ts';
import { openOutput } from './streams.ts';
import { clock } from './system.ts';

/**
 * Shows the charts until it is interrupted, or for as many updates as asked for.
 *
 * @throws {UsageError} if no module is enabled.
 */
export async function show(commandLine: CommandLine, environment: Environment, log: Log): Promise<void> {
  const { netns } = commandLine;
  const abilities = readAbilities(process.env);
  const isScreen = process.stdout.isTTY && abilities.hasCursor;
  // Standard error is usually the same terminal, so the screen shows the log.
  const messages = new Messages(clock.wall);
  const shownLog = isScreen ? messages : log;
  const request = await requestOf(commandLine, environment, shownLog);
  const { every } = request;
  const output = openOutput(shownLog, () => process.exit(0));
  const terminal = new Terminal(process.stdout, process.stdin.isTTY ? process.stdin : undefined, jobControl);
  const view = {
    host: os.hostname(),
    netns,
    kernel: `${os.type()} ${os.release()}`,
    every,
    board: new Board(chartsOf(request.config), every),
    messages,
    time: clock.wall(),
  };
  const draw = (): string => {
    if (!terminal.take()) return '';
    const { size } = terminal;
    return paint(screenOf(view, size), size.columns, abilities);
  };
  const renderer: Renderer = {
    render: (at, readings) => {
      view.board.update(at, readings);
      view.time = clock.wall();
      return isScreen ? draw() : plainLines(view.board, view.time, netns);
    },
  };
  const jobs = new Jobs();
  const plugin = new Plugin({ jobs, log: shownLog, output, renderer });
  const context = hostContext(environment, shownLog);
  const namespaces = netns === undefined ? watchNamespaces(context, jobs, shownLog) : undefined;
  if (!jobs.set(HOST, context, { ...request, also: namespaces?.use(request) ?? [] })) {
    throw new UsageError(`${request.file}: every module is turned off: nothing to show`);
  }
  let wasStopped = false;
  if (isScreen) {
    holdTerminal(terminal, {
      redraw: () => output.tick(draw()),
      resumed: () => {
        wasStopped = true;
      },
    });
  }
  try {
    let left = commandLine.ticks ?? Number.POSITIVE_INFINITY;
    for await (const tick of ticks(clock, every)) {
      namespaces?.verify(tick.at);
      // Updates skipped while the process was stopped are no problem to report.
      plugin.tick(wasStopped ? { ...tick, skipped: 0 } : tick);
      wasStopped = false;
      if (--left <= 0) break;
    }
    await output.flush();
    namespaces?.close();
    jobs.close();
  } finally {
    terminal.restore();
  }
}

/** In another network namespace, what the operator requires of the host need not be there; its conntrackd is not shown. */
async function requestOf(commandLine: CommandLine, environment: Environment, log: Log): Promise<Request> {
  const request = await readRequestByHand(commandLine, environment, log);
  return commandLine.netns === undefined ? request : { ...request, config: namespaceConfig(request.config, true) };
}
