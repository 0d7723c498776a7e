/** The command `conntrack.plugin tail`: new and destroyed connections as they happen, one line each. */

import type { Environment } from '../agent/environment.ts';
import type { Log } from '../base/log.ts';
import type { CommandLine } from '../cli.ts';
import { followEvents } from '../functions/follow.ts';
import { EventPrinter } from './event_printer.ts';
import { guarded, sourcesOf } from './live.ts';
import { complain, openOutput } from './streams.ts';
import { clock } from './system.ts';

/** Prints events until it is interrupted or the reader of standard output is gone. */
export async function tail(commandLine: CommandLine, environment: Environment, log: Log): Promise<void> {
  const { given, json, netns } = commandLine;
  openOutput(log, () => process.exit(0));
  const printer = new EventPrinter({ stream: process.stdout, clock, json, netns, report: complain });
  const sources = await sourcesOf(commandLine, environment, log, true);
  await guarded(() => followEvents(given, sources, new AbortController().signal, printer));
}
