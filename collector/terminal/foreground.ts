/**
 * Whether a process is in the foreground of its terminal, told by `/proc/PID/stat`. One that has no terminal which
 * could put it into the background counts as being there.
 *
 * Source: proc_pid_stat(5): pgrp is the 5th field, tpgid the 8th; the 2nd, in parentheses, can hold anything.
 */
export function isInForeground(stat: string): boolean {
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return foreground === '-1' || foreground === group;
}
