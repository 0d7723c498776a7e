/** Leads each call of the agent to its function, and the answer back. */

import type { Log } from '../base/log.ts';
import { ArgumentError, type LiveFunction } from '../functions/function.ts';
import type { Sources } from '../functions/sources.ts';
import { messageWithFix, ProblemError } from '../modules/problem.ts';
import { inSlices } from '../modules/slices.ts';
import { Calls } from './calls.ts';
import { parseArguments } from './function_arguments.ts';
import { errorReply, infoReply, type Reply, tableReply } from './function_json.ts';
import type { FunctionCall } from './protocol/messages.ts';
import { functionResult } from './protocol/writer.ts';
import { type FunctionSettings, PERMISSIONS, registeredName, registrationLines, TIMEOUT } from './registration.ts';

/** Characters of an unknown name that an answer repeats. */
const MOST_REPEATED = 100;

export interface RouterOptions {
  readonly functions: readonly LiveFunction[];
  readonly sources: Sources;
  readonly log: Log;
  /** Version of the agent, if known. */
  readonly version: string | undefined;
  /** Writes to the agent, between two ticks. */
  readonly write: (text: string) => void;
  /** Whether there is room for large answers; short ones are always written. */
  readonly hasRoom: () => boolean;
}

export class Router {
  readonly #options: RouterOptions;
  readonly #calls: Calls;
  #settings: FunctionSettings | undefined;

  constructor(options: RouterOptions) {
    this.#options = options;
    this.#calls = new Calls(options.sources.runtime, options.log);
  }

  /** Registers the functions with the agent, changes who may call them, or removes them. */
  use(settings: FunctionSettings): void {
    const { functions, version, write } = this.#options;
    const lines = registrationLines(functions, this.#settings, settings, version);
    this.#settings = settings;
    if (lines !== '') write(lines);
    if (!settings.enabled) this.#closeFunctions();
  }

  /** Answers a call, now or later. */
  receive(call: FunctionCall): void {
    const [name = '', ...words] = call.call.trim().split(/\s+/);
    const found = this.#options.functions.find((one) => registeredName(one) === name);
    if (found === undefined) this.#answer(call, this.#unknown(name));
    else this.#call(found, call, words);
  }

  /** Ends a call whose caller no longer waits. */
  cancel(transaction: string): void {
    this.#calls.cancel(transaction);
  }

  /** Answers every call that is not answered, and ends what functions keep between calls. */
  close(): void {
    this.#calls.close();
    this.#closeFunctions();
  }

  #closeFunctions(): void {
    for (const one of this.#options.functions) one.close?.();
  }

  #call(found: LiveFunction, call: FunctionCall, words: readonly string[]): void {
    const { log, sources } = this.#options;
    const name = registeredName(found);
    const refusal = this.#refusal(call);
    if (refusal !== undefined) {
      this.#answer(call, refusal);
      return;
    }
    if (words.includes('info')) {
      this.#answer(call, infoReply(found, sources.clock.wall()));
      return;
    }
    try {
      const given = parseArguments(found.parameters, words, call.payload);
      log.debug('a function is called', { function: name, transaction: call.transaction });
      this.#calls.add({
        transaction: call.transaction,
        name,
        timeout: call.timeout ?? TIMEOUT,
        run: (signal) => this.#run(found, given, signal),
        answer: (reply) => this.#answer(call, reply),
      });
    } catch (error) {
      if (!(error instanceof ArgumentError)) throw error;
      this.#answer(call, errorReply(400, `${name}: ${error.message}`));
    }
  }

  async #run(found: LiveFunction, given: Parameters<LiveFunction['run']>[0], signal: AbortSignal): Promise<Reply> {
    const { sources } = this.#options;
    try {
      const answer = await found.run(given, sources, signal);
      const table = tableReply(found, answer, sources.clock.wall());
      const done = await inSlices(table, sources.runtime, () => signal.aborted);
      // Dropped: the call was answered when its work was stopped.
      return done?.value ?? errorReply(499, 'stopped');
    } catch (error) {
      const name = registeredName(found);
      if (error instanceof ArgumentError) return errorReply(400, `${name}: ${error.message}`);
      if (error instanceof ProblemError)
        return errorReply(503, `${error.problem.target}: ${messageWithFix(error.problem)}`);
      throw error;
    }
  }

  #unknown(name: string): Reply {
    const names = this.#options.functions.map(registeredName).join(', ');
    const found = JSON.stringify(name.slice(0, MOST_REPEATED));
    return errorReply(404, `conntrack.plugin has no function ${found}; expected one of ${names}`);
  }

  /** Why a call must not be run; permissions are checked although the agent checks them too. */
  #refusal({ permissions }: FunctionCall): Reply | undefined {
    const { access = 'members', enabled } = this.#settings ?? {};
    if (enabled !== true) return errorReply(404, 'functions are turned off; set functions.enabled in conntrack.conf');
    const needed = PERMISSIONS[access];
    if (permissions !== undefined && (permissions & needed) !== needed) {
      return errorReply(403, 'addresses are shown to members only; sign in, or set functions.access in conntrack.conf');
    }
    if (this.#options.hasRoom()) return undefined;
    return errorReply(503, 'busy: the agent has not read the answers to earlier calls; try again in a few seconds');
  }

  #answer({ transaction }: FunctionCall, { status, body }: Reply): void {
    const now = Math.floor(this.#options.sources.clock.wall() / 1000);
    this.#options.write(functionResult(transaction, status, 'application/json', now, body));
  }
}
