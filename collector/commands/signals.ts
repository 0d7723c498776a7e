/** Signals that end the process. */

/**
 * Signals besides SIGTERM and SIGINT that kill a process without a handler. An agent never restarts a plugin that a
 * signal killed.
 *
 * Not listed: signals that Node.js cannot handle (SIGKILL, SIGSTOP, real-time signals), faults after which no handler
 * can run (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP), and signals that Node.js ignores so that writing fails with an error
 * (SIGPIPE, SIGXFSZ). Without a handler, SIGUSR1 makes Node.js open a debugger.
 */
export const ENDING = [
  'SIGQUIT',
  'SIGABRT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGVTALRM',
  'SIGPROF',
  'SIGIO',
  'SIGXCPU',
  'SIGPWR',
  'SIGSTKFLT',
  'SIGSYS',
] as const satisfies readonly NodeJS.Signals[];

/** Calls `quit` on any of these signals. */
export function endOnSignals(quit: (why: string) => void): void {
  for (const signal of ENDING) process.on(signal, () => quit(signal));
}
