/** Doing things at a given moment of every second of the wall clock, away from the updates, which are at its start. */

import { setTimeout as sleep } from 'node:timers/promises';

/** A timer may fire early by less than this many milliseconds; the same moment must not come twice. */
const EARLY = 5;

/** Resolves at the next moment that is `milliseconds` after the start of a second. */
export async function moment(milliseconds: number): Promise<void> {
  await sleep(until(milliseconds));
}

/** Calls `action` at the same moment of every second until the returned function is called. */
export function everySecond(milliseconds: number, action: () => void): () => void {
  let timer: NodeJS.Timeout;
  const plan = (): void => {
    timer = setTimeout(() => {
      action();
      plan();
    }, until(milliseconds));
  };
  plan();
  return () => clearTimeout(timer);
}

function until(milliseconds: number): number {
  const wait = 1000 - ((Date.now() - milliseconds) % 1000);
  return wait < EARLY ? wait + 1000 : wait;
}
