/** What a test sees of `process`: who listens to its events, and what it is told to do, which does not happen. */

import { EventEmitter } from 'node:events';
import { vi } from 'vitest';

/** Thrown in place of the end of the process. */
export class Exit extends Error {
  readonly code: unknown;

  constructor(code: unknown) {
    super(`exit ${code}`);
    this.code = code;
  }
}

/**
 * From now on listeners of the process are those of the returned emitter, `exit` throws {@link Exit}, and no signal is
 * sent. `vi.restoreAllMocks()` undoes it.
 */
export function fakeProcess() {
  const events = new EventEmitter();
  for (const method of ['on', 'off', 'prependListener'] as const) {
    vi.spyOn(process, method).mockImplementation((event: string | symbol, listener: (...args: unknown[]) => void) => {
      events[method](event, listener);
      return process;
    });
  }
  const exit = vi.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Exit(code);
  });
  const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
  return { events, exit, kill };
}
