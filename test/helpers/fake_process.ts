/** Replaces the side effects of `process`: its listeners, exit and signals. */

import { EventEmitter } from 'node:events';
import { vi } from 'vitest';

/** Thrown instead of ending the process. */
export class Exit extends Error {
  readonly code: unknown;

  constructor(code: unknown) {
    super(`exit ${code}`);
    this.code = code;
  }
}

/**
 * Until `vi.restoreAllMocks()`, listeners of the process go to the returned emitter, `exit` throws {@link Exit}, and
 * `kill` sends nothing.
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
