import { FormatError } from '../base/errors.ts';

/** More CPUs than any kernel supports. */
const MOST_CPUS = 65_536;

/**
 * The numbers in a CPU list such as `0-3,8` as `/sys/devices/system/cpu/possible` prints it, in ascending order.
 * Format: the kernel's Documentation/admin-guide/cputopology.rst.
 *
 * @throws {FormatError} when the text is not such a list.
 */
export function parseCpuList(text: string): number[] {
  const cpus: number[] = [];
  for (const range of text.trim().split(',')) {
    const [, first, last] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(range) ?? [];
    const from = Number(first);
    const to = Number(last ?? first);
    if (first === undefined || to < from || to >= MOST_CPUS || from <= (cpus.at(-1) ?? -1)) {
      throw new FormatError(`${JSON.stringify(range)} is not an ascending range of CPU numbers`);
    }
    for (let cpu = from; cpu <= to; cpu++) cpus.push(cpu);
  }
  return cpus;
}
