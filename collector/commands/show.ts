/** `conntrack.plugin show`: the charts for a person, on the terminal, or line by line where there is none. */

import os from 'node:os';

import type { Chart } from '../../charts/types.ts';
import { readAbilities } from '../abilities.ts';
import type { CommandLine } from '../cli.ts';
import { createCollector } from '../collector.ts';
import type { Environment } from '../environment.ts';
import { UsageError } from '../errors.ts';
import type { Face } from '../face.ts';
import type { Log } from '../log.ts';
import type { Tick } from '../scheduler.ts';
import { Messages } from '../show/messages.ts';
import { PlainFace } from '../show/plain_face.ts';
import { ScreenFace } from '../show/screen_face.ts';
import { Terminal } from '../show/terminal.ts';
import { drive, moduleOptions, readAsked } from './collecting.ts';
import { holdTerminal, job } from './job.ts';
import { openOutput } from './streams.ts';
import { clock } from './system.ts';

/** Shows the charts to a person: on the terminal, or line by line where standard output is none. */
export async function show(commandLine: CommandLine, environment: Environment, log: Log): Promise<void> {
  const { config, every, file } = readAsked(commandLine, environment);
  const abilities = readAbilities(process.env);
  const isScreen = process.stdout.isTTY && abilities.hasCursor;
  // Standard error is usually the same terminal.
  const messages = new Messages(clock.wall);
  const told = isScreen ? messages : log;
  const output = openOutput(told, () => process.exit(0));
  const terminal = new Terminal(process.stdout, process.stdin.isTTY ? process.stdin : undefined, job);
  const facts = { host: os.hostname(), kernel: `${os.type()} ${os.release()}`, every };
  let wasStopped = false;
  const screen = (charts: readonly Chart[]): Face => {
    const face = new ScreenFace({
      charts,
      facts,
      abilities,
      messages,
      size: () => (terminal.take() ? terminal.size : undefined),
      now: clock.wall,
      monotonic: clock.monotonic,
    });
    holdTerminal(terminal, {
      redraw: () => output.tick(face.redraw()),
      goOn: () => {
        wasStopped = true;
      },
    });
    return face;
  };
  const collector = createCollector({
    ...moduleOptions(config, every, environment, told),
    output,
    face: (charts) => (isScreen ? screen(charts) : new PlainFace({ charts, every, now: clock.wall })),
  });
  if (collector === undefined) throw new UsageError(`${file}: every module is turned off: nothing to show`);
  const tick = (due: Tick): void => {
    // To be suspended is no fault.
    collector.tick(wasStopped ? { ...due, skipped: 0 } : due);
    wasStopped = false;
  };
  try {
    await drive({ tick, close: () => collector.close() }, output, every, commandLine.ticks);
  } finally {
    terminal.giveBack();
  }
}
