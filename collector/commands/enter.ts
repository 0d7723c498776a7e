/** The option `--netns`: a command in another network namespace. */

import fs from 'node:fs';

import type { Environment } from '../agent/environment.ts';
import { describe, UsageError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { CommandLine } from '../cli.ts';
import { HOST_NAME, NETNS } from '../functions/namespaces.ts';
import { inSlices } from '../modules/slices.ts';
import { inodeOf } from '../namespaces/file_system.ts';
import { identityAt } from '../namespaces/identity.ts';
import { lookUp } from '../namespaces/look_up.ts';
import type { Namespace } from '../namespaces/namespace.ts';
import { Host } from '../procfs/host.ts';
import { guarded } from './live.ts';
import { namespaceAccess } from './namespace_access.ts';
import { runtime } from './system.ts';

const LISTED_BY = 'conntrack.plugin top --by netns';
/** The namespace of a process. */
const PROCESS = /^(.*\/proc\/\d+)\/ns\/net$/;

type Run = (commandLine: CommandLine, environment: Environment, log: Log) => Promise<void>;

/**
 * Runs a command in the namespace of its option `netns`, which then is the name of that namespace. Nothing is opened
 * before: the command works as on a host.
 *
 * @throws {UsageError} if there is no such namespace.
 */
export async function runInside(
  run: Run,
  commandLine: CommandLine & { readonly netns: string },
  environment: Environment,
  log: Log,
): Promise<void> {
  if (commandLine.given['by'] === NETNS.id) {
    throw new UsageError(`--by ${NETNS.id} ranks all network namespaces: leave out --netns`);
  }
  await guarded(async () => {
    const netns = await enter(commandLine.netns, environment);
    await run({ ...commandLine, netns }, { ...environment, hostPrefix: '' }, log);
  });
}

/**
 * Enters a namespace for good.
 *
 * @param given its name, its path, or the beginning of the id of its container.
 * @returns its name; `undefined` for the host's own, in which this process is.
 */
async function enter(given: string, { hostPrefix }: Environment): Promise<string | undefined> {
  const host = new Host(fs, hostPrefix);
  const access = namespaceAccess({ host });
  const done = await inSlices(access.discovery.find(), runtime, () => false);
  const namespaces = done?.value.namespaces ?? [];
  const isOwn = given === HOST_NAME && !namespaces.some(({ name }) => name === given);
  if (isOwn) return undefined;
  const found = namespaceNamed(given, namespaces);
  access.moveInto(found);
  return found.name;
}

/**
 * The namespace that an operator names.
 *
 * @param given its name, its path, or the beginning of the id of its container.
 * @throws {UsageError} without such a namespace, or with several.
 */
export function namespaceNamed(given: string, namespaces: readonly Namespace[]): Namespace {
  return given.startsWith('/') ? byPath(given, namespaces) : lookUp(given, namespaces, LISTED_BY);
}

/**
 * The namespace that a path leads to: that of a process, such as `/proc/1234/ns/net`, or a bound one, whichever of its
 * paths it is.
 */
function byPath(path: string, namespaces: readonly Namespace[]): Namespace {
  const process = PROCESS.exec(path)?.[1];
  const inode = process === undefined ? undefined : inodeOf(fs, `${process}/net/dev`);
  const identity = identitySeen(path);
  const found = namespaces.find(
    ({ anchor, bound }) =>
      (bound !== undefined && bound.identity === identity) || (anchor !== undefined && anchor.inode === inode),
  );
  if (found === undefined) throw new UsageError(`${path} is not the path of another network namespace`);
  return found;
}

/** @throws {UsageError} when the path cannot be seen. */
function identitySeen(path: string): string {
  try {
    return identityAt(fs, path);
  } catch (error) {
    throw new UsageError(`--netns: ${describe(error)}`);
  }
}
