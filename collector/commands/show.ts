/** `conntrack.plugin show`: the charts for a person, on the terminal, or line by line where there is none. */

import os from 'node:os';
import type { Environment } from '../agent/environment.ts';
import { UsageError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { ticks } from '../base/scheduler.ts';
import type { CommandLine } from '../cli.ts';
import { Collector, chartsOf } from '../jobs/collector.ts';
import type { Renderer } from '../jobs/renderer.ts';
import { readAbilities } from '../terminal/abilities.ts';
import { Messages } from '../terminal/messages.ts';
import { PlainRenderer } from '../terminal/plain_renderer.ts';
import { ScreenRenderer } from '../terminal/screen_renderer.ts';
import { Terminal } from '../terminal/terminal.ts';
import { readAsked, surroundings } from './collecting.ts';
import { holdTerminal, jobControl } from './job_control.ts';
import { openOutput } from './streams.ts';
import { clock } from './system.ts';

/** Shows the charts to a person: on the terminal, or line by line where standard output is none. */
export async function show(commandLine: CommandLine, environment: Environment, log: Log): Promise<void> {
  const asked = readAsked(commandLine, environment);
  const { every, file } = asked;
  const charts = chartsOf(asked.config);
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
  const collector = new Collector({
    ...surroundings(environment, told),
    output,
    renderer: isScreen ? screen() : new PlainRenderer({ charts, every, now: clock.wall }),
  });
  if (!collector.apply(asked)) throw new UsageError(`${file}: every module is turned off: nothing to show`);
  try {
    let left = commandLine.ticks ?? Number.POSITIVE_INFINITY;
    for await (const tick of ticks(clock, every)) {
      // To be suspended is no fault.
      collector.tick(wasStopped ? { ...tick, skipped: 0 } : tick);
      wasStopped = false;
      if (--left <= 0) break;
    }
    await output.flush();
    collector.close();
  } finally {
    terminal.giveBack();
  }
}
