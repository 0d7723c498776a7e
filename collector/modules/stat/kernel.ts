/** What else of the kernel the statistics file cannot be understood without. */

import { parseCpuList } from '../../procfs/cpu_list.ts';
import { type FileSystem, KernelFile } from '../../procfs/file.ts';
import type { Host } from '../../procfs/host.ts';

/**
 * The kernel's release, as `uname -r` prints it.
 *
 * @param fallback the release of the kernel that this program runs on, for a host that does not tell.
 */
export function kernelRelease(fs: FileSystem, host: Host, fallback: string): string {
  return readOnce(fs, host.path('/proc/sys/kernel/osrelease'))?.trim() ?? fallback;
}

/**
 * The numbers of the CPUs that the rows of the statistics file stand for. There is a row for every possible CPU, in
 * ascending order. Where the kernel's list cannot be had, or is of another length, the CPUs are numbered from 0, as
 * they are on nearly every machine.
 */
export function rowCpus(fs: FileSystem, host: Host, rows: number): number[] {
  const numbered = Array.from({ length: rows }, (_, row) => row);
  const text = readOnce(fs, host.path('/sys/devices/system/cpu/possible'));
  if (text === undefined) return numbered;
  try {
    const possible = parseCpuList(text);
    return possible.length === rows ? possible : numbered;
  } catch {
    return numbered;
  }
}

function readOnce(fs: FileSystem, path: string): string | undefined {
  const file = new KernelFile(fs, () => path);
  try {
    return file.read().toString('utf8');
  } catch {
    return undefined;
  } finally {
    file.close();
  }
}
