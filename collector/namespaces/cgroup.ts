/**
 * What the control group of a process says about where it runs: a container, a pod, a unit.
 * Source: `/proc/PID/cgroup` in cgroups(7); unit names in systemd.unit(5).
 */

import { CONTAINERS, POD, UNIT } from './runtimes.ts';

/** Where the processes of a namespace come from. */
export interface Origin {
  /** A name for it, which may not be unique. */
  readonly name: string;
  /** Where the name is from: the same for another namespace of the same container or unit. */
  readonly source: string;
  /** As its runtime shows it: the first 12 digits of the id, or the name. */
  readonly container?: string;
  /** The UID of a pod of Kubernetes. */
  readonly pod?: string;
}

/** Digits of an id that `docker ps` and others show. */
const SHOWN = 12;
/** `/proc/PID/cgroup`: the number of the hierarchy, its controllers, the path. The rest of the line can be ` (deleted)`. */
const LINE = /^(\d+):([^:]*):(\/.*?)(?: \(deleted\))?$/gm;
/** A byte that systemd escapes in the names of units. */
const ESCAPED = /\\x([0-9a-f]{2})/g;

/**
 * The origin that the text of `/proc/PID/cgroup` shows, with any mixture of the versions 1 and 2.
 *
 * @returns `undefined` if it shows neither a container nor a pod nor a unit.
 */
export function parseCgroup(text: string): Origin | undefined {
  const paths = pathsOf(text);
  const origin = first(paths, containerOf) ?? first(paths, unitOf);
  return origin && { ...origin, source: origin.name };
}

/** The components of each path: of version 2 first, then of systemd's own hierarchy. */
function pathsOf(text: string): readonly (readonly string[])[] {
  const lines = [...text.matchAll(LINE)].map(([, , controllers = '', path = '']) => ({ controllers, path }));
  const rank = (controllers: string): number => ['', 'name=systemd'].indexOf(controllers) >>> 0;
  return lines.sort((a, b) => rank(a.controllers) - rank(b.controllers)).map(({ path }) => path.split('/').slice(1));
}

/** The innermost container and pod. */
function containerOf(path: readonly string[]): Omit<Origin, 'source'> | undefined {
  const container = fromInnermost(path, (component, parent) => {
    for (const { component: pattern, parent: outer, runtime } of CONTAINERS) {
      const name = outer === undefined || outer.test(parent) ? pattern.exec(component)?.[1] : undefined;
      if (name !== undefined) return { runtime, name };
    }
    return undefined;
  });
  const pod = fromInnermost(path, (component) => POD.exec(component)?.[1])?.replaceAll('_', '-');
  const shown = container?.runtime === undefined ? unescaped(container?.name) : container.name.slice(0, SHOWN);
  if (pod !== undefined) return { name: `pod-${pod}`, pod, ...(shown !== undefined && { container: shown }) };
  if (shown === undefined) return undefined;
  return { name: container?.runtime === undefined ? shown : `${container.runtime}-${shown}`, container: shown };
}

function unitOf(path: readonly string[]): Omit<Origin, 'source'> | undefined {
  const unit = unescaped(fromInnermost(path, (component) => (UNIT.test(component) ? component : undefined)));
  return unit === undefined ? undefined : { name: unit };
}

function fromInnermost<T>(
  path: readonly string[],
  find: (component: string, parent: string) => T | undefined,
): T | undefined {
  for (let index = path.length - 1; index >= 0; index--) {
    const found = find(path[index] ?? '', path[index - 1] ?? '');
    if (found !== undefined) return found;
  }
  return undefined;
}

function first<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A name as it was before systemd escaped it for a unit. */
function unescaped(name: string | undefined): string | undefined {
  return name?.replace(ESCAPED, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
