/** What a process does when it gets a signal. */

/**
 * Signals, besides SIGTERM and SIGINT, that kill a process without a handler. An agent never restarts a plugin that was
 * killed by a signal.
 *
 * Left out are those that Node.js cannot handle (SIGKILL, SIGSTOP, the real-time signals), faults after which no handler
 * can run (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP), and those that Node.js ignores so that writing fails with an error
 * instead (SIGPIPE, SIGXFSZ). Without a handler, SIGUSR1 makes Node.js open a debugger.
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

/** Has the process end when a signal asks for it. */
export function endOnSignals(quit: (why: string) => void): void {
  for (const signal of ENDING) process.on(signal, () => quit(signal));
}
