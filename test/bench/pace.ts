/** CPU time and memory of running processes at the one-second pace. */

import { agrees, CpuTime, memoryOf } from './cpu_time.ts';
import { everySecond, moment } from './seconds.ts';

/** Updates are at the start of a second and scrapes in its middle; between the two a second is over. */
const MEASURE_AT = 750;

/** A process that does something once a second. */
export interface Paced {
  readonly pid: number;
  /** How often it has done it. */
  readonly count: () => number;
}

/** What a process used. */
export interface Usage {
  /** How often it did what it does. */
  readonly count: number;
  /** Milliseconds of CPU time each time. */
  readonly each: number;
  /** Milliseconds of CPU time since the process started, to the nanosecond and by the kernel's coarse account. */
  readonly total: { readonly fine: number; readonly coarse: number };
  /** Resident memory at the end, in bytes; all of it, and what the process shares with no file. */
  readonly memory: { readonly resident: number; readonly anonymous: number };
}

/** Lets the processes run for `warmUp` seconds, then measures them all over `seconds`. */
export async function measurePace(
  processes: readonly Paced[],
  warmUp: number,
  seconds: number,
): Promise<readonly Usage[]> {
  for (let second = 0; second < warmUp; second++) await moment(MEASURE_AT);
  const meters = processes.map((paced) => ({ ...paced, cpu: new CpuTime(paced.pid) }));
  const before = meters.map(({ cpu, count }) => ({ used: cpu.read(), count: count() }));
  // A thread that ends takes its account along; what it was a moment ago is kept.
  let failure: unknown;
  const stop = everySecond(MEASURE_AT, () => {
    try {
      for (const { cpu } of meters) cpu.read();
    } catch (error) {
      failure ??= error;
    }
  });
  try {
    for (let second = 0; second < seconds; second++) await moment(MEASURE_AT);
    if (failure !== undefined) throw failure;
    return meters.map(({ pid, cpu, count }, index) => {
      const fine = cpu.read();
      const coarse = cpu.readCoarse();
      if (!agrees(fine, coarse)) throw new Error(`process ${pid} used ${fine} ns, or ${coarse} ns: which is not known`);
      const times = count() - (before[index]?.count ?? 0);
      if (times < seconds - 2 || times > seconds + 1) {
        throw new Error(`process ${pid} did ${times} times in ${seconds} s what it should do once a second`);
      }
      return {
        count: times,
        each: (fine - (before[index]?.used ?? 0)) / times / 1e6,
        total: { fine: fine / 1e6, coarse: coarse / 1e6 },
        memory: { resident: memoryOf(pid, 'VmRSS'), anonymous: memoryOf(pid, 'RssAnon') },
      };
    });
  } finally {
    stop();
  }
}
