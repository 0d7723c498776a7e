/** Cost of the commands of live answers, compared with the program `conntrack`. Needs root. */

import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

import { until } from '../helpers/until.ts';
import { CpuTime, commandTime } from './cpu_time.ts';
import { end, keep } from './lifetime.ts';
import type { Namespace } from './namespace.ts';
import { flood, inNamespace, most } from './netlink.ts';
import { PROGRAM } from './package.ts';
import { figure } from './report.ts';
import { median } from './statistics.ts';

const ROUNDS = 5;
/** The usual way to rank sources without the plugin. */
const SOURCES = "awk 'match($0, /src=[^ ]*/) { print substr($0, RSTART + 4, RLENGTH - 4) }'";
const PEER = `conntrack -L 2>/dev/null | ${SOURCES} | sort | uniq -c | sort -rn | head -20`;
/** A destination port of few entries, as it is looked for. */
const FEW = 20;
const PORT = '8443';

/** Ranking sources, from the whole table and from a sample. */
export async function ranking(entries: number): Promise<void> {
  await inNamespace(entries + 100_000, async (namespace) => {
    namespace.load(entries);
    const peer = timed(namespace, PEER);
    const whole = timed(namespace, `${PROGRAM} top --by source`);
    const sampled = timed(namespace, `${PROGRAM} top --by source --ticks 1`);
    figure('top, whole table / conntrack -L | awk | sort, CPU time', whole / peer, '', most(2 / 3));
    figure('top, sampled / conntrack -L | awk | sort, CPU time', sampled / peer, '', most(0.1));
    figure('top, whole table', whole, 'ms');
    figure('top, sampled', sampled, 'ms');
    figure('conntrack -L | awk | sort', peer, 'ms');
    figure('conntrack.plugin --version, which only starts', timed(namespace, `${PROGRAM} --version`), 'ms');
  });
}

/** Listing the few connections to a port. */
export async function listing(entries: number): Promise<void> {
  await inNamespace(entries + 100_000, async (namespace) => {
    namespace.load(entries);
    namespace.restore(
      Array.from(
        { length: FEW },
        (_, at) => `-A -t 3600 -s 10.88.0.1 -d 10.99.0.9 -p udp --sport ${2000 + at} --dport ${PORT}`,
      ),
    );
    const peer = timed(namespace, `conntrack -L -p udp --dport ${PORT}`);
    const own = timed(namespace, `${PROGRAM} list --proto udp --dport ${PORT}`);
    figure('list --dport / conntrack -L --dport, CPU time', own / peer, '', most(1));
    figure('list --dport', own, 'ms');
    figure('conntrack -L --dport', peer, 'ms');
  });
}

/** Printing events as they happen. */
export async function tailing(rate: number): Promise<void> {
  const seconds = 8;
  await inNamespace(rate * seconds * 2, async (namespace) => {
    const own = await printing(namespace, [PROGRAM, 'tail'], / new /g, rate, seconds);
    namespace.flush();
    const command = ['conntrack', '-E', '-e', 'NEW,DESTROY', '-b', String(16 * 2 ** 20)];
    const peer = await printing(namespace, command, /\[NEW\]/g, rate, seconds);
    figure('tail / conntrack -E, CPU time', own.cpu / peer.cpu, '', most(1 / 4));
    figure(`tail, CPU time for ${own.sent} connections`, own.cpu, 'ms');
    figure('tail, connections not printed', own.sent - own.seen, '', most(0));
    figure(`conntrack -E, CPU time for ${peer.sent} connections`, peer.cpu, 'ms');
    figure('conntrack -E, connections not printed', peer.sent - peer.seen, '');
  });
}

interface Printed {
  readonly sent: number;
  readonly seen: number;
  /** Milliseconds. */
  readonly cpu: number;
}

/** CPU time of a command that prints events to a pipe while connections are made, and how many it printed. */
async function printing(
  namespace: Namespace,
  command: readonly string[],
  line: RegExp,
  rate: number,
  seconds: number,
): Promise<Printed> {
  const [program, ...args] = namespace.command(command);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  keep(child);
  const pieces: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
  try {
    await sleep(1500);
    const cpu = new CpuTime(child.pid ?? 0);
    const before = cpu.read();
    const sent = await flood(namespace, rate, seconds);
    let count = -1;
    await until('everything is printed', 30, () => {
      const last = count;
      count = pieces.length;
      return count === last;
    });
    const used = cpu.read();
    const seen = Buffer.concat(pieces).toString('latin1').match(line)?.length ?? 0;
    return { sent, seen, cpu: (used - before) / 1e6 };
  } finally {
    await end(child);
  }
}

/** CPU time of a command in milliseconds, the median of some runs. */
function timed(namespace: Namespace, command: string): number {
  const times = Array.from({ length: ROUNDS }, () => commandTime(command, (words) => namespace.run(words)));
  return median(times);
}
