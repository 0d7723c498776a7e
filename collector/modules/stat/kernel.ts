/** What else of the kernel the statistics file depends on. */

import { parseCpuList } from '../../procfs/cpu_list.ts';
import { type FileSystem, readText } from '../../procfs/file.ts';
import type { Host } from '../../procfs/host.ts';

/**
 * The kernel's release, as `uname -r` prints it.
 *
 * @param fallback the release of the kernel that this program runs on, for a host whose own cannot be read.
 */
export function kernelRelease(fs: FileSystem, host: Host, fallback: string): string {
  return readText(fs, host.path('/proc/sys/kernel/osrelease'))?.trim() ?? fallback;
}

/**
 * The CPU number of each row of the statistics file, which has a row for every possible CPU in ascending order. If the
 * kernel's list of CPUs cannot be read or has another length, the numbers start from 0, as on nearly every machine.
 */
export function rowCpus(fs: FileSystem, host: Host, rows: number): number[] {
  const numbered = Array.from({ length: rows }, (_, row) => row);
  const text = readText(fs, host.path('/sys/devices/system/cpu/possible'));
  if (text === undefined) return numbered;
  try {
    const possible = parseCpuList(text);
    return possible.length === rows ? possible : numbered;
  } catch {
    return numbered;
  }
}
