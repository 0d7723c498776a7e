/** `conntrack.plugin show`: the charts for a person, on the terminal, or line by line where there is none. */

import os from 'node:os';
import type { Environment } from '../agent/environment.ts';
import { UsageError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { ticks } from '../base/scheduler.ts';
import type { CommandLine } from '../cli.ts';
import { chartsOf } from '../jobs/job.ts';
import { HOST, Jobs } from '../jobs/jobs.ts';
import { Plugin } from '../jobs/plugin.ts';
import type { Renderer } from '../jobs/renderer.ts';
import { readAbilities } from '../terminal/abilities.ts';
import { Messages } from '../terminal/messages.ts';
import { PlainRenderer } from '../terminal/plain_renderer.ts';
import { ScreenRenderer } from '../terminal/screen_renderer.ts';
import { Terminal } from '../terminal/terminal.ts';
import { hostContext, readRequest } from './collecting.ts';
import { holdTerminal, jobControl } from './job_control.ts';
import { openOutput } from './streams.ts';
import { clock } from './system.ts';

/** Shows the charts to a person: on the terminal, or line by line where standard output is none. */
export async function show(commandLine: CommandLine, environment: Environment, log: Log): Promise<void> {
  const request = readRequest(commandLine, environment);
  const { every, file } = request;
  const charts = chartsOf(request.config);
  const abilities = readAbilities(process.env);
  const isScreen = process.stdout.isTTY && abilities.hasCursor;
  // Standard error is usually the same terminal.
  const messages = new Messages(clock.wall);
  const told = isScreen ? messages : log;
  const output = openOutput(told, () => process.exit(0));
  const terminal = new Terminal(process.stdout, process.stdin.isTTY ? process.stdin : undefined, jobControl);
  const facts = { host: os.hostname(), kernel: `${os.type()} ${os.release()}`, every };
  let wasStopped = false;
  const screen = (): Renderer => {
    const renderer = new ScreenRenderer({
      charts,
      facts,
      abilities,
      messages,
      size: () => (terminal.take() ? terminal.size : undefined),
      now: clock.wall,
      monotonic: clock.monotonic,
    });
    holdTerminal(terminal, {
      redraw: () => output.tick(renderer.redraw()),
      goOn: () => {
        wasStopped = true;
      },
    });
    return renderer;
  };
  const jobs = new Jobs();
  const renderer = isScreen ? screen() : new PlainRenderer({ charts, every, now: clock.wall });
  const plugin = new Plugin({ jobs, log: told, output, renderer });
  if (!jobs.set(HOST, hostContext(environment, told), request))
    throw new UsageError(`${file}: every module is turned off: nothing to show`);
  try {
    let left = commandLine.ticks ?? Number.POSITIVE_INFINITY;
    for await (const tick of ticks(clock, every)) {
      // To be suspended is no fault.
      plugin.tick(wasStopped ? { ...tick, skipped: 0 } : tick);
      wasStopped = false;
      if (--left <= 0) break;
    }
    await output.flush();
    jobs.close();
  } finally {
    terminal.giveBack();
  }
}
