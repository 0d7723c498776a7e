/** Watching the other network namespaces of this machine, for the commands that collect. */

import fs from 'node:fs';

import type { Log } from '../base/log.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { Namespaces } from '../jobs/namespaces.ts';
import { Watched } from '../jobs/watched.ts';
import { isTracking } from '../modules/access.ts';
import type { Context } from '../modules/context.ts';
import { NamespaceContext } from '../namespaces/context.ts';
import { Counts } from '../namespaces/counts.ts';
import { readText } from '../procfs/file.ts';
import { parseOpenFiles } from '../procfs/process.ts';
import { namespaceAccess } from './namespace_access.ts';

/** Watches them, with the jobs of the host. */
export function watchNamespaces(context: Context, jobs: Jobs, log: Log): Namespaces {
  const access = namespaceAccess(context);
  const watched = new Watched({
    jobs,
    enter: (namespace) => access.enter(namespace),
    contextOf: (...place) => new NamespaceContext(context, ...place),
    log,
  });
  return new Namespaces(context, {
    find: () => access.discovery.find(),
    counts: new Counts({
      fs,
      enter: (namespace) => watched.glance(namespace) ?? access.glance(namespace),
      isTracking: () => isTracking(fs, context.host),
    }),
    watched,
    openFiles: parseOpenFiles(readText(fs, '/proc/self/limits') ?? ''),
  });
}
