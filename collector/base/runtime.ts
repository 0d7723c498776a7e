/** What a module needs of the running process besides the time of the tick; injected so that tests need no waiting. */
export interface Runtime {
  /** Microseconds since an arbitrary start; never goes back. */
  monotonic(): number;
  /** Microseconds of CPU time, in user space and in the kernel, that the process has used so far. */
  cpuTime(): number;
  /** Runs `action` after about that many milliseconds, unless the returned function is called before. */
  later(milliseconds: number, action: () => void): () => void;
  /** Resolves when whatever else was due has had its turn. */
  yield(): Promise<void>;
}
