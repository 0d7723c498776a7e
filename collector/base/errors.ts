/**
 * Errors that say what was being done, to what, and why it failed. The system's own code (`ENOENT`,
 * `EACCES`, …) stays recognisable through the cause.
 */

import { getSystemErrorMap } from 'node:util';

/** An error of the system as Node.js makes them: a code such as `EPERM` and a text. */
export class SystemError extends Error {
  override readonly name = 'SystemError';
  readonly code: string;

  /** @param errno a positive error number. */
  constructor(errno: number) {
    const [code, text] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, 'unknown error'];
    super(`${code}: ${text}`);
    this.code = code;
  }
}

/** An operation on a named target failed: `open /proc/net/stat/nf_conntrack: ENOENT …`. */
export class OperationError extends Error {
  override readonly name = 'OperationError';
  /** The system's error code, when the cause has one. */
  readonly code: string | undefined;

  constructor(operation: string, target: string, cause: unknown) {
    super(`${operation} ${target}: ${describe(cause)}`, { cause });
    this.code = errorCode(cause);
  }
}

/** The text of a kernel file is not what the kernel prints: torn, empty or of another kind. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
}

/** The command line, the environment or the configuration file asks for something impossible. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The code of a system error (`ENOENT`), or `undefined` when the value carries none. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** One line that says what an unknown thrown value is. */
export function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
