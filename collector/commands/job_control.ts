/** How a process lives with its terminal: in the foreground and in the background, suspended, and when it ends. */

import fs from 'node:fs';

import { isInForeground } from '../terminal/foreground.ts';
import type { JobControl, Terminal } from '../terminal/terminal.ts';

/** What this process is to its terminal. */
export const jobControl: JobControl = {
  isForeground: () => {
    try {
      return isInForeground(fs.readFileSync('/proc/self/stat', 'latin1'));
    } catch {
      // Without this file it cannot be told; in the foreground is where a person is looking at it.
      return true;
    }
  },
  measure: () => process.kill(process.pid, 'SIGWINCH'),
};

/** What is shown on the terminal. */
export interface Shown {
  redraw(): void;
  /** The process was stopped for a while. */
  goOn(): void;
}

/** Takes the terminal until the process ends, however that comes about; while it is suspended it has it not. */
export function holdTerminal(terminal: Terminal, { goOn, redraw }: Shown): void {
  const giveBack = (): void => terminal.giveBack();
  process.on('exit', giveBack);
  // Before it is told what went wrong, so that this can be seen.
  process.prependListener('uncaughtException', giveBack);
  process.prependListener('unhandledRejection', giveBack);
  for (const signal of ['SIGHUP', 'SIGQUIT'] as const) process.on(signal, () => process.exit(0));
  const resume = (): void => {
    goOn();
    terminal.takeAgain();
    redraw();
  };
  const suspend = (target: number): void => {
    terminal.giveBack();
    process.off('SIGTSTP', stop).off('SIGCONT', resume);
    // The process stops in this call, unless there is nobody who could continue it.
    process.kill(target, 'SIGTSTP');
    process.on('SIGTSTP', stop).on('SIGCONT', resume);
    resume();
  };
  const stop = (): void => suspend(process.pid);
  process.on('SIGTSTP', stop).on('SIGCONT', resume);
  terminal.listen({
    redraw,
    end: () => process.exit(0),
    // The whole job, as the terminal itself would.
    suspend: () => suspend(0),
  });
  terminal.take();
}
