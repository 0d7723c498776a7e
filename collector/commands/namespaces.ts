/** Watching the other network namespaces of this machine, for the commands that collect. */

import fs from 'node:fs';

import type { Log } from '../base/log.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { Namespaces } from '../jobs/namespaces.ts';
import { Watched } from '../jobs/watched.ts';
import type { Context } from '../modules/context.ts';
import type { NamespaceAccess } from '../namespaces/access.ts';
import { namespaceContext } from '../namespaces/context.ts';
import { Counts } from '../namespaces/counts.ts';
import type { Namespace } from '../namespaces/namespace.ts';
import { namespaceAccess } from './namespace_access.ts';

/** Watches them, with the jobs of the host. */
export function watchNamespaces(context: Context, jobs: Jobs, log: Log): Namespaces {
  const access = namespaceAccess(context);
  const enter = (namespace: Namespace): ReturnType<NamespaceAccess['enter']> => access.enter(namespace);
  return new Namespaces(context, {
    find: () => access.discovery.find(),
    counts: new Counts({ fs, enter }),
    watched: new Watched({ jobs, enter, contextOf: (...place) => namespaceContext(context, ...place), log }),
  });
}
