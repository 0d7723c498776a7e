/**
 * CPU time of another process, to the nanosecond: the first field of `/proc/PID/task/TID/schedstat`, summed over the
 * threads. What a thread had used when it was last seen still counts after it has ended, so a process whose threads
 * come and go must be looked at often.
 *
 * The sum is checked against `utime` + `stime` of `/proc/PID/stat`, which counts ended threads too, but in hundredths
 * of a second. Source: proc(5); Documentation/scheduler/sched-stats.rst in the kernel.
 */

import fs from 'node:fs';

/** The unit of `/proc/PID/stat` in nanoseconds; USER_HZ is 100 wherever Node.js runs. */
const JIFFY = 1e7;

export class CpuTime {
  readonly #pid: number;
  readonly #threads = new Map<string, number>();

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** CPU time that the process has used so far, in nanoseconds. */
  read(): number {
    const tasks = `/proc/${this.#pid}/task`;
    for (const thread of fs.readdirSync(tasks)) {
      const text = readIfThere(`${tasks}/${thread}/schedstat`);
      if (text !== undefined) this.#threads.set(thread, wholeNumber(text.split(' ')[0]));
    }
    return [...this.#threads.values()].reduce((sum, used) => sum + used, 0);
  }

  /** The same by the kernel's coarse account, in nanoseconds. */
  readCoarse(): number {
    const text = fs.readFileSync(`/proc/${this.#pid}/stat`, 'latin1');
    // The second field is the program's name in parentheses and may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (wholeNumber(fields[11]) + wholeNumber(fields[12])) * JIFFY;
  }
}

/** Whether both accounts of one process agree, in milliseconds: both fields of the coarse one are rounded down. */
export function agrees(fine: number, coarse: number): boolean {
  return Math.abs(fine - coarse) <= 30 + 0.02 * fine;
}

/**
 * CPU time of a command from its start to its end, in milliseconds; what it prints is thrown away.
 *
 * @param run runs a program to its end and returns what it printed.
 */
export function commandTime(command: string, run: (command: readonly string[]) => string): number {
  const script = `TIMEFORMAT="%3U %3S"; { time ${command} >/dev/null 2>&1; } 2>&1`;
  const [user = '', system = ''] = run(['bash', '-c', script]).trim().split(' ');
  return (Number(user) + Number(system)) * 1000;
}

/** A size in bytes, such as `VmRSS`, from `/proc/PID/status`. */
export function memoryOf(pid: number, name: 'VmRSS' | 'RssAnon'): number {
  const text = fs.readFileSync(`/proc/${pid}/status`, 'latin1');
  return wholeNumber(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]) * 1024;
}

function readIfThere(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'latin1');
  } catch {
    return undefined; // The thread has just ended.
  }
}

function wholeNumber(text: string | undefined): number {
  if (text === undefined || !/^\d+$/.test(text)) throw new Error(`${JSON.stringify(text)} in place of a number`);
  return Number(text);
}
