/**
 * Functions: live answers that the dashboard asks for. This collector offers none, and every call must be answered.
 */

import type { FunctionCall } from './protocol/messages.ts';
import { functionResult } from './protocol/writer.ts';

/** The answer to a call of a function that does not exist; `now` in milliseconds since the epoch. */
export function answerUnknown({ transaction, call }: FunctionCall, now: number): string {
  // Cut, for an agent cuts lines of 15 kB.
  const name = (call.split(' ', 1)[0] ?? '').slice(0, 100);
  const body = JSON.stringify({
    status: 404,
    errorMessage: `conntrack.plugin has no function ${JSON.stringify(name)}`,
  });
  return functionResult(transaction, 404, 'application/json', Math.floor(now / 1000), body);
}
