import type { CpuStatistics } from '../../collector/netlink/cpu_statistics.ts';

/** The counters that the kernel sent, by name, for each CPU by its number. */
export function countersByCpu(table: CpuStatistics): Map<number, Record<string, number>> {
  const { cells, columns, cpus, names } = table;
  return new Map(
    cpus.map((cpu, row) => [
      cpu,
      Object.fromEntries(
        names.flatMap((name, column) => (name === '' ? [] : [[name, cells[row * columns + column] ?? -1]])),
      ),
    ]),
  );
}
