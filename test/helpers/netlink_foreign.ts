/** The foreign function library of the development environment. */

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const FOREIGN = fileURLToPath(
  new URL(`../../node_modules/@koromix/koffi-linux-${process.arch}`, import.meta.url),
);

/** Why it cannot be used here; `undefined` when it can. */
export const missingForeign = existsSync(FOREIGN) ? undefined : 'koffi has no binary for this machine';
