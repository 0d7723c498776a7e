/** The context of the modules on this host; apart from the configuration, which live answers can do without. */

import fs from 'node:fs';
import { createConnection } from 'node:net';
import os from 'node:os';

import type { Environment } from '../agent/environment.ts';
import type { Log } from '../base/log.ts';
import { createContext } from '../jobs/context.ts';
import { RECEIVE_MEMORY } from '../modules/access.ts';
import { Budget } from '../modules/budget.ts';
import type { Context } from '../modules/context.ts';
import { receiveMemory } from '../netlink/foreign.ts';
import { LIBRARY, runtime } from './system.ts';

/** The context of the modules that collect from the host. */
export function hostContext({ hostPrefix }: Environment, log: Log): Context {
  return createContext({
    hostPrefix,
    release: os.release(),
    library: LIBRARY,
    fs,
    runtime,
    budget: new Budget(),
    memory: receiveMemory(RECEIVE_MEMORY),
    connect: (path) => createConnection({ path }),
    log,
  });
}
