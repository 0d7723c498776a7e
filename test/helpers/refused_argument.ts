/** Arguments of live functions that are refused. */

import { expect } from 'vitest';

import { ArgumentError, type LiveFunction } from '../../collector/functions/function.ts';
import { LiveKernel } from './live_kernel.ts';

/** Expects a message about an argument, before anything of the kernel is opened. */
export async function expectRefusedArgument(
  live: LiveFunction,
  given: Readonly<Record<string, string>>,
  message: string,
): Promise<void> {
  const kernel = new LiveKernel();
  const error = await kernel.answer(live, given).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ArgumentError);
  expect((error as Error).message).toContain(message);
  expect(kernel.channels).toEqual([]);
}
