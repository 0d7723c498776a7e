/** Without a command the program feeds an agent, until that is gone or asks it to end. */

import fs from 'node:fs';

import { inContexts } from '../builtin.ts';
import type { CommandLine } from '../cli.ts';
import { createCollector } from '../collector.ts';
import { Emitter } from '../emit.ts';
import type { Environment } from '../environment.ts';
import { answerUnknown } from '../functions.ts';
import type { Log } from '../log.ts';
import type { Output } from '../output.ts';
import type { Message } from '../protocol/messages.ts';
import { readMessages } from '../protocol/reader.ts';
import { disable } from '../protocol/writer.ts';
import { drive, moduleOptions, readAsked } from './collecting.ts';
import { openOutput, STDIN } from './streams.ts';
import { clock } from './system.ts';

/** Feeds an agent. */
export async function collect(commandLine: CommandLine, environment: Environment, log: Log): Promise<void> {
  const { config, contexts, every, file } = readAsked(commandLine, environment);
  log.debug('configured', {
    file,
    every,
    mode: config.mode,
    host_prefix: environment.hostPrefix || undefined,
    contexts: contexts.contexts,
    contexts_reason: contexts.reason,
  });

  const quit = (why: string): void => {
    log.debug(`ending: ${why}`);
    process.exit(0);
  };
  const output = openOutput(log, quit);
  listen(log, output, quit);
  const collector = createCollector({
    ...moduleOptions(config, every, environment, log),
    output,
    face: (charts) => new Emitter({ charts: inContexts(charts, contexts), source: config.source }),
  });
  if (collector === undefined) {
    log.notice('every module is turned off: nothing to do', { file });
    output.tick(disable());
    await output.flush();
    return;
  }
  await drive(collector, output, every, commandLine.ticks);
}

/** Whether the agent is at the other end of standard input: a person's terminal or `/dev/null` says nothing. */
function isControlled(): boolean {
  try {
    const stdin = fs.fstatSync(STDIN);
    return stdin.isFIFO() || stdin.isSocket();
  } catch {
    return false;
  }
}

function listen(log: Log, output: Output, quit: (why: string) => void): void {
  if (!isControlled()) return;
  const message = (received: Message): void => {
    if (received.kind === 'quit') quit('the agent said QUIT');
    else if (received.kind === 'function') output.answer(answerUnknown(received, clock.wall()));
    else log.debug('unknown line on standard input', { line: received.line.slice(0, 200) });
  };
  readMessages(process.stdin, { message, end: () => quit('standard input ended') });
}
