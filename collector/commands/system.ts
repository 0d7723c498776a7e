/** Clocks, CPU time and timers of the process, and the path of the library. */

import path from 'node:path';

import type { Runtime } from '../base/runtime.ts';
import type { Clock } from '../base/scheduler.ts';

export const clock: Clock = {
  wall: () => Date.now(),
  // A third of the cost of performance.now(), which matters because a tick costs so little.
  monotonic: () => Number(process.hrtime.bigint()) / 1000,
  sleep: (milliseconds, interruption) =>
    new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      if (interruption !== undefined) interruption.wake = end;
      if (interruption?.hasCome === true) end();
    }),
};

export const runtime: Runtime = {
  monotonic: clock.monotonic,
  cpuTime: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  later: (milliseconds, action) => {
    const timer = setTimeout(action, milliseconds);
    return () => clearTimeout(timer);
  },
  yield: () => new Promise((resolve) => setImmediate(resolve)),
};

/** The foreign function library, beside the program. */
export const LIBRARY = path.join(__dirname, 'conntrack-koffi');
