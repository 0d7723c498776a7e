/**
 * Runs live answers where it is started, such as in a network namespace. Each line of standard input is a call, each line
 * of standard output its answer or error.
 */

import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { parseNetwork } from '../../collector/base/cidr.ts';
import { describe } from '../../collector/base/errors.ts';
import { clock, runtime } from '../../collector/commands/system.ts';
import type { Answer } from '../../collector/functions/answer.ts';
import { ArgumentError, type Arguments } from '../../collector/functions/function.ts';
import { FUNCTIONS } from '../../collector/functions/index.ts';
import type { Sources } from '../../collector/functions/sources.ts';
import { createAccess } from '../../collector/modules/access.ts';
import type { SnatPool } from '../../collector/modules/flows/snat_ports.ts';
import { ProblemError } from '../../collector/modules/problem.ts';
import { Host } from '../../collector/procfs/host.ts';
import { FakeNamespaces } from './fake_namespaces.ts';

export interface Call {
  readonly name: string;
  readonly given: Arguments;
  readonly isPatient: boolean;
  readonly pools?: readonly { readonly network: string; readonly low: number; readonly high: number }[];
  /** Milliseconds after which the call is aborted. */
  readonly abortAfter?: number;
}

/** What came of a call. */
export interface Called {
  readonly answer?: Answer | null;
  readonly error?: string;
  readonly kind?: string;
  /** Open sockets afterwards. */
  readonly sockets: number;
  /** CPU time in milliseconds: the longest that other work had to wait for, and all of it. */
  readonly pause: number;
  readonly cpu: number;
}

const { ctnetlink } = createAccess({ fs, host: new Host(fs, ''), library: path.join(__dirname, 'conntrack-koffi') });

function poolsOf({ pools = [] }: Call): SnatPool[] {
  return pools.flatMap(({ high, low, network: text }) => {
    const network = parseNetwork(text);
    return network === undefined ? [] : [{ network, low, high }];
  });
}

function kindOf(error: unknown): string {
  if (error instanceof ArgumentError) return 'argument';
  return error instanceof ProblemError ? `problem ${error.problem.code}` : `other ${(error as Error).name}`;
}

/** The number of open sockets, which are what an answer must not leave behind. */
function openSockets(): number {
  return fs.readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;
}

async function run(call: Call): Promise<Pick<Called, 'answer' | 'error' | 'kind'>> {
  const sources: Sources = {
    ctnetlink,
    runtime,
    clock,
    isPatient: call.isPatient,
    snatPools: poolsOf(call),
    eventSetting: () => Number(fs.readFileSync('/proc/sys/net/netfilter/nf_conntrack_events', 'utf8')),
    namespaces: new FakeNamespaces(),
  };
  const abort = new AbortController();
  if (call.abortAfter !== undefined) setTimeout(() => abort.abort(), call.abortAfter);
  try {
    const found = FUNCTIONS.find(({ name }) => name === call.name);
    const answer = await found?.run(call.given, sources, abort.signal);
    return { answer: answer ?? null };
  } catch (error) {
    return { error: describe(error), kind: kindOf(error) };
  }
}

/** Runs a call, and measures what it costs. */
async function measured(call: Call): Promise<Called> {
  let latest = cpuTime();
  let pause = 0;
  const beat = setInterval(() => {
    const now = cpuTime();
    pause = Math.max(pause, now - latest);
    latest = now;
  }, 5);
  const began = latest;
  const result = await run(call);
  clearInterval(beat);
  return { ...result, sockets: openSockets(), pause, cpu: cpuTime() - began };
}

/** CPU time of the process in milliseconds. */
function cpuTime(): number {
  const { system, user } = process.cpuUsage();
  return (system + user) / 1000;
}

async function main(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await measured(JSON.parse(line) as Call))}\n`);
  }
  // What was written to a pipe may still be on its way.
  process.stdout.write('', () => process.exit(0));
}

void main();
