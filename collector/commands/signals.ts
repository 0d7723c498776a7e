/** What a process does when it gets a signal. */

/**
 * Signals, besides SIGTERM and SIGINT, that end a process that does not listen to them. An agent never starts a plugin
 * again that a signal has ended.
 *
 * Left out are those that the process cannot listen to (SIGKILL, SIGSTOP, the real-time signals), that the processor
 * raises where no listener can go on (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP), and that Node.js ignores so that
 * writing fails with an error instead (SIGPIPE, SIGXFSZ). On SIGUSR1, Node.js opens a debugger unless somebody listens.
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
