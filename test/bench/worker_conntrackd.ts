/** Asking conntrackd as the module does, in a process whose code has been compiled and whose heap has settled. */

import fs from 'node:fs';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Runtime } from '../../collector/base/runtime.ts';
import { Client } from '../../collector/modules/conntrackd/client.ts';
import { Daemon, type Identity } from '../../collector/modules/conntrackd/daemon.ts';
import { Report } from '../../collector/modules/conntrackd/report.ts';
import type { Request } from '../../collector/modules/conntrackd/request.ts';
import { InstanceIds } from '../../collector/modules/instance_ids.ts';
import { parseDecimal } from '../../collector/procfs/decimal.ts';
import { KernelFile } from '../../collector/procfs/file.ts';
import { Host } from '../../collector/procfs/host.ts';
import { median } from './statistics.ts';
import { runtime } from './worker_runtime.ts';

/** Microseconds of the module's time between two rounds. */
const EVERY = 5e6;
/** Milliseconds that a pause between two rounds really takes: enough for everything of the last one to end. */
const PAUSE = 10;
/** As the program has it: an answer that takes too long ends. */
const TIMEOUT = 2000;

/** What some rounds cost. */
export interface Asking {
  /** CPU time of all of them, and of the pauses between them, in milliseconds. */
  readonly cpuTime: number;
  /** How long the one in the middle took, in milliseconds. */
  readonly duration: number;
  /** What they asked, one after the other. */
  readonly requests: readonly Request[];
  /** Entries of the kernel's table and of the daemon's copy of it, as the last round found them. */
  readonly kernel: number | undefined;
  readonly internal: number | undefined;
}

/** Notes what it asks. */
class NotingClient extends Client {
  requests: Request[] = [];

  override ask(path: string, request: Request): Promise<string> {
    this.requests.push(request);
    return super.ask(path, request);
  }
}

const patient: Runtime = {
  ...runtime,
  later: (milliseconds, action) => {
    const timer = setTimeout(action, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** For every number on its standard input, asks the daemon in so many rounds and prints {@link Asking}. */
export async function askInRounds(path: string): Promise<void> {
  const client = new NotingClient({
    connect: (to) => createConnection({ path: to }),
    runtime: patient,
    timeout: TIMEOUT,
  });
  let at = 0;
  const daemon = new Daemon({ client, path, now: () => at, identify });
  const report = new Report('benchmark', new InstanceIds());
  const host = new Host(fs, '');
  const count = new KernelFile(fs, () => host.netfilter('nf_conntrack_count'), 32);
  const round = async (): Promise<Pick<Asking, 'internal' | 'kernel'>> => {
    at += EVERY;
    const answered = await daemon.ask(at);
    if (answered === undefined) throw new Error('the daemon restarted');
    for (const [request, error] of answered.malformed) throw new Error(`${request}: ${error}`);
    const samples = report.up(answered, parseDecimal(count.read()));
    const values = samples.find(({ scope }) => scope === 'daemon')?.values ?? {};
    return { kernel: values['kernel_connections'], internal: values['internal_connections'] };
  };
  try {
    for await (const line of createInterface({ input: process.stdin })) {
      const durations: number[] = [];
      let found: Pick<Asking, 'internal' | 'kernel'> = { kernel: undefined, internal: undefined };
      client.requests = [];
      const cpuBefore = runtime.cpuTime();
      for (let left = Number(line); left > 0; left--) {
        const before = runtime.monotonic();
        found = await round();
        durations.push((runtime.monotonic() - before) / 1000);
        // What closes the connections comes after the round; it belongs to it.
        await sleep(PAUSE);
      }
      const cpuTime = (runtime.cpuTime() - cpuBefore) / 1000;
      const asking: Asking = { cpuTime, duration: median(durations), requests: client.requests, ...found };
      process.stdout.write(`${JSON.stringify(asking)}\n`);
    }
  } finally {
    // Without that it would wait for its input also when it has failed.
    process.stdin.destroy();
    count.close();
  }
}

function identify(path: string): Identity {
  const { ino, mtimeMs } = fs.statSync(path);
  return `${ino} ${mtimeMs}`;
}
