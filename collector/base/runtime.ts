/** Time, CPU time and timers of the process; injected so that tests need not wait. */
export interface Runtime {
  /** Microseconds since an arbitrary start; never goes back. */
  monotonic(): number;
  /** Microseconds of CPU time, in user space and in the kernel, that the process has used so far. */
  cpuTime(): number;
  /** Runs `action` after about this many milliseconds, unless the returned function is called first. */
  later(milliseconds: number, action: () => void): () => void;
  /** Resolves after everything else that is due has run. */
  yield(): Promise<void>;
}
