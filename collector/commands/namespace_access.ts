/** The other network namespaces of this machine, for all commands. */

import fs from 'node:fs';

import type { Context } from '../modules/context.ts';
import { NamespaceAccess } from '../namespaces/access.ts';
import { complain } from './streams.ts';
import { LIBRARY } from './system.ts';

/** Finds and enters them. */
export function namespaceAccess({ host }: Pick<Context, 'host'>): NamespaceAccess {
  const abort = (line: string): never => {
    complain(line);
    process.exit(1);
  };
  return new NamespaceAccess({ fs, host, library: LIBRARY, abort });
}
