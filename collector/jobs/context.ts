/** The context that the modules of a job are constructed with. */

import type { Log } from '../base/log.ts';
import type { Runtime } from '../base/runtime.ts';
import { createAccess } from '../modules/access.ts';
import type { Context } from '../modules/context.ts';
import { kernelRelease } from '../modules/stat/kernel.ts';
import { Limits } from '../modules/stat/limits.ts';
import type { OwnershipFileSystem } from '../netlink/trusted.ts';
import type { FileSystem } from '../procfs/file.ts';
import { Host } from '../procfs/host.ts';

/** What a context is made of. */
export interface Surroundings extends Pick<Context, 'budget' | 'connect'> {
  readonly hostPrefix: string;
  /** Release of the kernel that this program runs on, for a host whose own cannot be read. */
  readonly release: string;
  /** Absolute path of the foreign function library's folder. */
  readonly library: string;
  readonly fs: FileSystem & OwnershipFileSystem;
  readonly runtime: Runtime;
  /** What all channels receive into: nothing else is received before what was received has been read. */
  readonly memory: Buffer<ArrayBuffer>;
  readonly log: Log;
}

export function createContext({ hostPrefix, library, memory, ...surroundings }: Surroundings): Context {
  const { fs, log } = surroundings;
  const host = new Host(fs, hostPrefix);
  const access = createAccess({ fs, host, library, memory });
  const release = kernelRelease(fs, host, surroundings.release);
  return { ...surroundings, ...access, host, limits: new Limits(fs, host, log), release };
}
