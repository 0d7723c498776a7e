/** Takes the terminal for `show`, and restores it when the process is suspended or ends. */

import fs from 'node:fs';

import type { JobControl, Terminal } from '../terminal/terminal.ts';

export const jobControl: JobControl = {
  isForeground: () => {
    try {
      return isInForeground(fs.readFileSync('/proc/self/stat', 'latin1'));
    } catch {
      // Unknown without this file; a user who looks at the screen has it in the foreground.
      return true;
    }
  },
  measure: () => process.kill(process.pid, 'SIGWINCH'),
};

/**
 * Whether a process is in the foreground of its terminal, from `/proc/PID/stat`. Without a terminal it counts as such.
 *
 * Source: proc_pid_stat(5): pgrp is the 5th field, tpgid the 8th; the 2nd, in parentheses, can contain anything.
 */
function isInForeground(stat: string): boolean {
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return foreground === '-1' || foreground === group;
}

/** What `show` does on these events. */
export interface Listener {
  redraw(): void;
  /** The process continues after it was stopped. */
  resumed(): void;
}

/** Takes the terminal until the process ends, except while it is suspended. */
export function holdTerminal(terminal: Terminal, { redraw, resumed }: Listener): void {
  const restore = (): void => terminal.restore();
  process.on('exit', restore);
  // Before the error is printed, so that it is not lost with the alternate screen.
  process.prependListener('uncaughtException', restore);
  process.prependListener('unhandledRejection', restore);
  for (const signal of ['SIGHUP', 'SIGQUIT'] as const) process.on(signal, () => process.exit(0));
  const resume = (): void => {
    resumed();
    terminal.resume();
    redraw();
  };
  const suspend = (target: number): void => {
    terminal.restore();
    process.off('SIGTSTP', stop).off('SIGCONT', resume);
    // The process stops in this call, unless no shell could continue it (an orphaned process group).
    process.kill(target, 'SIGTSTP');
    process.on('SIGTSTP', stop).on('SIGCONT', resume);
    resume();
  };
  const stop = (): void => suspend(process.pid);
  process.on('SIGTSTP', stop).on('SIGCONT', resume);
  terminal.listen({
    redraw,
    end: () => process.exit(0),
    // The whole process group, as the terminal does outside raw mode.
    suspend: () => suspend(0),
  });
  terminal.take();
}
