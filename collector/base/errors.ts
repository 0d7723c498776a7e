/**
 * Errors with the operation, its target and the cause. The system's code (`ENOENT`, `EACCES`, …) is kept.
 */

import { getSystemErrorMap } from 'node:util';

/** A system error like those of Node.js: a code such as `EPERM`, and a text. */
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
  /** The system's error code, if the cause has one. */
  readonly code: string | undefined;

  constructor(operation: string, target: string, cause: unknown) {
    super(`${operation} ${target}: ${reasonOf(cause)}`, { cause });
    this.code = errorCode(cause);
  }
}

/** Malformed data from the kernel: torn, empty or in another format. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
}

/** The command line, the environment or the configuration file is invalid. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The code of a system error (`ENOENT`), or `undefined` if the value has none. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The message of any thrown value. */
export function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The same without the operation and the path that Node.js appends, for a message that names them already. */
export function reasonOf(error: unknown): string {
  return describe(error).replace(/^(E[A-Z0-9]+: [^,]+), \w+(?: '.*')?$/, '$1');
}
