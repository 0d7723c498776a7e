/** CPU time and memory of running processes at the one-second pace. */

import { agrees, CpuTime, memoryOf } from './cpu_time.ts';
import { moment } from './seconds.ts';
import { median } from './statistics.ts';

/** Updates are at the start of a second and scrapes in its middle; between the two a second is over. */
const MEASURE_AT = 750;

/** A process that does something once a second. */
export interface Paced {
  readonly pid: number;
  /** How often it has done it. */
  readonly count: () => number;
}

/** What a process used; CPU time in milliseconds, memory in bytes. */
export interface Usage {
  /** How often it did what it does. */
  readonly count: number;
  /** CPU time each time. */
  readonly mean: number;
  /** CPU time in a second: of the second in the middle of them all, and of the dearest. */
  readonly median: number;
  readonly most: number;
  /** CPU time since the process started, to the nanosecond and by the kernel's coarse account. */
  readonly total: { readonly fine: number; readonly coarse: number };
  /** At the end: all that is resident, and what of it is no part of a file. */
  readonly memory: { readonly resident: number; readonly anonymous: number };
}

/** Lets the processes run for `warmUp` seconds, then measures them all over `seconds`. */
export async function measurePace(
  processes: readonly Paced[],
  warmUp: number,
  seconds: number,
): Promise<readonly Usage[]> {
  for (let second = 0; second < warmUp; second++) await moment(MEASURE_AT);
  const meters = processes.map((paced) => new Meter(paced));
  // Every second, for a thread that ends takes its account along.
  for (let second = 0; second < seconds; second++) {
    await moment(MEASURE_AT);
    for (const meter of meters) meter.take();
  }
  return meters.map((meter) => meter.usage());
}

class Meter {
  readonly #paced: Paced;
  readonly #cpu: CpuTime;
  readonly #before: number;
  readonly #countBefore: number;
  readonly #seconds: number[] = [];
  #used: number;

  constructor(paced: Paced) {
    this.#paced = paced;
    this.#cpu = new CpuTime(paced.pid);
    this.#before = this.#cpu.read();
    this.#countBefore = paced.count();
    this.#used = this.#before;
  }

  /** Notes what was used since the last time. */
  take(): void {
    const used = this.#cpu.read();
    this.#seconds.push((used - this.#used) / 1e6);
    this.#used = used;
  }

  usage(): Usage {
    const { pid, count } = this.#paced;
    const fine = this.#used / 1e6;
    const coarse = this.#cpu.readCoarse() / 1e6;
    if (!agrees(fine, coarse)) {
      throw new Error(`process ${pid} used ${fine} ms by schedstat and ${coarse} ms by utime + stime`);
    }
    const seconds = this.#seconds.length;
    const times = count() - this.#countBefore;
    if (times < seconds - 2 || times > seconds + 1) {
      throw new Error(`process ${pid} did ${times} times in ${seconds} s what it should do once a second`);
    }
    return {
      count: times,
      mean: (this.#used - this.#before) / 1e6 / times,
      median: median(this.#seconds),
      most: Math.max(...this.#seconds),
      total: { fine, coarse },
      memory: { resident: memoryOf(pid, 'VmRSS'), anonymous: memoryOf(pid, 'RssAnon') },
    };
  }
}
