/**
 * A Netdata 2.x agent, run for a test like {@link Agent}: in a network namespace of the laboratory, as user netdata with
 * CAP_NET_ADMIN. It is unpacked from an archive, whose folder has a script that starts it.
 */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { type AgentOptions, makeAgentFolder } from './agent_folder.ts';
import { builtinCollector } from './builtin_collector.ts';
import { run } from './conntrack.ts';
import { type Place, RunningAgent, type Series } from './running_agent.ts';

const SHARED = fileURLToPath(new URL('../../../shared/agent', import.meta.url));
const ARCHIVE = /^netdata-2\..*\.tar\.xz$/;

/** A context as `/api/v3/contexts` lists it. */
export interface ListedContext {
  readonly family: string;
  readonly units: string;
  readonly priority: number;
}

interface ListedFunction {
  readonly name: string;
  readonly access: readonly string[];
}

/** What a caller of a function gets. */
export interface FunctionReply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Reply of `/api/v3/data` for a context: a row per second, newest first, each number with anomaly rate and flags. */
interface ContextData {
  readonly result: {
    readonly labels: readonly string[];
    readonly data: readonly (readonly [
      time: number,
      ...(readonly [value: number | null, arp: number, pa: number])[],
    ])[];
  };
}

export class Agent2 extends RunningAgent {
  /**
   * Starts the agent in the router's namespace and waits until it answers. Its built-in collector of connection tracking
   * is off by default.
   */
  static start(place: Place, options: AgentOptions): Promise<Agent2> {
    const home = agent2Home() ?? '';
    const folder = makeAgentFolder(options);
    run(['tar', '-xJf', archiveIn(home) ?? '', '-C', folder]);
    const lines = [...builtinCollector(options.builtin ?? false), ...(options.lines ?? [])];
    return new Agent2(place, folder, [join(home, 'start'), folder, '19999', ...lines]).answers();
  }

  /** Every context, by name. */
  async contexts(): Promise<Readonly<Record<string, ListedContext>>> {
    return (await this.get<{ contexts: Record<string, ListedContext> }>('/api/v3/contexts')).contexts;
  }

  /** Names of the functions that the agent offers, and who may call them, of all its hosts. */
  async functions(): Promise<Readonly<Record<string, readonly string[]>>> {
    const { functions } = await this.get<{ functions: readonly ListedFunction[] }>('/api/v3/functions');
    return Object.fromEntries(functions.map(({ access, name }) => [name, access]));
  }

  /**
   * Calls a function; `text` is its name and arguments.
   *
   * @param host of which it is, if not of the agent's own.
   * @param payload is sent with POST.
   */
  async call(
    text: string,
    { host, payload }: { readonly host?: string; readonly payload?: object } = {},
  ): Promise<FunctionReply> {
    const path = `${host === undefined ? '' : `/host/${host}`}/api/v3/function?function=${encodeURIComponent(text)}`;
    const reply = await this.request(path, payload === undefined ? undefined : JSON.stringify(payload));
    return { status: reply.status, body: JSON.parse(reply.text) };
  }

  /** Data of a context in the last seconds, over the charts of every plugin. */
  async contextData(context: string, seconds: number): Promise<Series> {
    const path = `/api/v3/data?contexts=${context}&after=-${seconds}&points=${seconds}&format=json2`;
    const { labels, data } = (await this.get<ContextData>(path)).result;
    return { labels, data: data.map(([time, ...points]) => [time, ...points.map(([value]) => value)]) };
  }
}

/** The folder with the archive: `NETDATA_2`, or one beside the project if it exists. */
export function agent2Home(): string | undefined {
  return process.env['NETDATA_2'] ?? (existsSync(SHARED) ? SHARED : undefined);
}

/** The archive in that folder. */
export function archiveIn(home: string): string | undefined {
  const name = existsSync(home) ? readdirSync(home).find((file) => ARCHIVE.test(file)) : undefined;
  return name === undefined ? undefined : join(home, name);
}
