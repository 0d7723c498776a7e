/** Collects for an agent until the agent is gone or asks the plugin to end. */

import fs from 'node:fs';
import tty from 'node:tty';

import { inContexts } from '../agent/builtin.ts';
import { Emitter } from '../agent/emit.ts';
import type { Environment } from '../agent/environment.ts';
import type { Message } from '../agent/protocol/messages.ts';
import { readMessages } from '../agent/protocol/reader.ts';
import { disable } from '../agent/protocol/writer.ts';
import { Router } from '../agent/router.ts';
import type { Log } from '../base/log.ts';
import type { CommandLine } from '../cli.ts';
import { FUNCTIONS } from '../functions/index.ts';
import type { Sources } from '../functions/sources.ts';
import { chartsOf } from '../jobs/job.ts';
import { HOST, Jobs } from '../jobs/jobs.ts';
import { Plugin } from '../jobs/plugin.ts';
import { FlowsModule } from '../modules/flows/flows.ts';
import { hostContext, readRequest } from './collecting.ts';
import { watchNamespaces } from './namespaces.ts';
import { Session } from './session.ts';
import { endOnSignals } from './signals.ts';
import { kernelSources } from './sources.ts';
import { openOutput, STDIN } from './streams.ts';
import { clock, runtime } from './system.ts';

/**
 * Agents since 1.38 end a plugin that writes nothing for two minutes, and some have no keyword to prevent that.
 * Something is written within twice this time, in milliseconds.
 */
const SILENCE = 50_000;
/** Milliseconds for the last answers, after the agent closed standard input. */
const FAREWELL = 1000;

/** Collects for an agent. */
export async function collect(commandLine: CommandLine, environment: Environment, log: Log): Promise<void> {
  const quit = (why: string): void => {
    log.debug(`ending: ${why}`);
    process.exit(0);
  };
  endOnSignals(quit);
  const output = openOutput(log, quit);
  const isControlled = hasAgent();
  const emitter = new Emitter({ charts: [], source: '' });
  const jobs = new Jobs();
  const plugin = new Plugin({ jobs, log, output, renderer: emitter });
  const context = hostContext(environment, log);
  const namespaces = watchNamespaces(context, jobs, log);
  let snatPools: Sources['snatPools'] = [];
  const sources: Sources = {
    ...kernelSources(context),
    isPatient: false,
    get snatPools() {
      return snatPools;
    },
    stuckGroups: () => jobs.get(HOST)?.modules.find((module) => module instanceof FlowsModule)?.stuckGroups,
  };
  const router = new Router({
    functions: FUNCTIONS,
    sources,
    log,
    version: environment.version,
    write: (text) => output.answer(text),
    hasRoom: () => output.hasRoom(),
  });
  const session = new Session({
    clock,
    log,
    read: () => readRequest(commandLine, environment),
    apply: (request) => {
      const { config, contexts, every, file } = request;
      log.debug('configured', {
        file,
        every,
        mode: config.mode,
        host_prefix: environment.hostPrefix || undefined,
        contexts: contexts.contexts,
        contexts_reason: contexts.reason,
      });
      emitter.use({ charts: inContexts(chartsOf(config), contexts), source: config.source });
      ({ snat_pools: snatPools } = config.modules.flows);
      const hasModules = jobs.set(HOST, context, { ...request, also: namespaces.use(request) });
      if (!hasModules) log.notice('every module is turned off: nothing to do', { file });
      else if (isControlled) router.use(config.functions);
      return hasModules;
    },
    tick: (tick) => {
      namespaces.verify(tick.at);
      plugin.tick(tick);
    },
    isPatient: isControlled && commandLine.ticks === undefined,
    most: commandLine.ticks ?? Number.POSITIVE_INFINITY,
  });
  // On a terminal, SIGHUP means that the terminal is gone.
  process.on('SIGHUP', () => (tty.isatty(STDIN) ? quit('SIGHUP') : session.reload()));
  if (isControlled) {
    const end = (): void => {
      const isOver = (): void => quit('standard input ended');
      router.close();
      runtime.later(FAREWELL, isOver);
      void output.flush().then(isOver);
    };
    listen(router, end, log, quit);
    setInterval(() => output.keepAlive(), SILENCE).unref();
  }
  if (!(await session.run())) output.tick(disable());
  await output.flush();
  namespaces.close();
  jobs.close();
}

/** Whether an agent can control the plugin through standard input, unlike a terminal or `/dev/null`. */
function hasAgent(): boolean {
  try {
    const stdin = fs.fstatSync(STDIN);
    return stdin.isFIFO() || stdin.isSocket();
  } catch {
    return false;
  }
}

function listen(router: Router, end: () => void, log: Log, quit: (why: string) => void): void {
  const message = (received: Message): void => {
    if (received.kind === 'quit') quit('the agent said QUIT');
    else if (received.kind === 'function') router.receive(received);
    else if (received.kind === 'cancel') router.cancel(received.transaction);
    else log.debug('unknown line on standard input', { line: received.line.slice(0, 200) });
  };
  readMessages(process.stdin, { message, end });
}
