/**
 * Parses `/proc/PID/stat` and `/proc/PID/limits`.
 * Source: proc_pid_stat(5) and proc_pid_limits(5).
 */

/** What distinguishes one process from another. */
export interface ProcessStat {
  /** The name of its program, cut to 15 bytes. */
  readonly name: string;
  /** Its start in clock ticks since boot. */
  readonly started: number;
}

/** `starttime`, counted from the field after the name. */
const STARTED = 22 - 3;

/**
 * The name may contain blanks and parentheses: it ends at the last parenthesis.
 *
 * @returns `undefined` for another text.
 */
export function parseProcessStat(text: string): ProcessStat | undefined {
  const [, name, fields] = /^\d+ \((.*)\) (.*)\n$/s.exec(text) ?? [];
  const started = fields?.split(' ', STARTED + 1)[STARTED];
  if (name === undefined || started === undefined || !/^\d{1,15}$/.test(started)) return undefined;
  return { name, started: Number(started) };
}

/**
 * How many files a process may have open, from the text of `/proc/PID/limits`.
 *
 * @returns `undefined` if that is unlimited, and for another text.
 */
export function parseOpenFiles(text: string): number | undefined {
  const [, soft] = /^Max open files +(\d+) /m.exec(text) ?? [];
  return soft === undefined ? undefined : Number(soft);
}
