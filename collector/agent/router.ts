/**
 * Functions are live answers for the dashboard. This collector has none, but every call must be answered.
 */

import type { FunctionCall } from './protocol/messages.ts';
import { functionResult } from './protocol/writer.ts';

/** The answer to a call of an unknown function; `now` in milliseconds since the epoch. */
export function answerUnknown({ transaction, call }: FunctionCall, now: number): string {
  // Shortened, because agents cut lines at 15 kB.
  const name = (call.split(' ', 1)[0] ?? '').slice(0, 100);
  const body = JSON.stringify({
    status: 404,
    errorMessage: `conntrack.plugin has no function ${JSON.stringify(name)}`,
  });
  return functionResult(transaction, 404, 'application/json', Math.floor(now / 1000), body);
}
