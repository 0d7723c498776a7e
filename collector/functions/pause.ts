/** A pause in the work of a live answer. */

import { type Clock, Interruption } from '../base/scheduler.ts';

/** Resolves after about this many milliseconds, or as soon as `signal` is aborted. */
export async function pause(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  const interruption = new Interruption();
  const end = (): void => interruption.come();
  if (signal.aborted) end();
  signal.addEventListener('abort', end);
  await clock.sleep(milliseconds, interruption);
  signal.removeEventListener('abort', end);
}
