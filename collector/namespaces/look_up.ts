/** Finds the network namespace that an operator names. */

import { UsageError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import type { Namespace } from './namespace.ts';

/** Digits of a container's id without which its beginning is taken for a name. */
const CONTAINER_ID = /^[0-9a-f]{4,64}$/;
/** So many names are listed in an error. */
const LISTED = 10;

/**
 * The namespace of this name, or else of the container whose id begins like this.
 *
 * @param listedBy the command that lists all of them.
 * @throws {UsageError} without such a namespace, or with several.
 */
export function lookUp(given: string, namespaces: readonly Namespace[], listedBy: string): Namespace {
  const exact = namespaces.find(({ name }) => name === given);
  if (exact !== undefined) return exact;
  const [found, ...others] = CONTAINER_ID.test(given)
    ? namespaces.filter(({ labels: { container = '' } }) => isSameId(container, given))
    : [];
  if (found === undefined) throw unknown(given, namespaces, listedBy);
  if (others.length === 0) return found;
  const names = [found, ...others].map(({ name }) => name);
  throw new UsageError(`several network namespaces match ${JSON.stringify(given)}: ${listed(names)}`);
}

/** Whether one is the beginning of the other: either may be shortened. */
function isSameId(container: string, given: string): boolean {
  return container !== '' && (container.startsWith(given) || given.startsWith(container));
}

function unknown(given: string, namespaces: readonly Namespace[], listedBy: string): UsageError {
  const names = namespaces.map(({ name }) => name);
  const near = nearest(given, names);
  const hints = [
    near === undefined ? [] : [`did you mean ${JSON.stringify(near)}?`],
    names.length === 0
      ? ['this user can see no others']
      : names.length <= LISTED
        ? [`known: ${listed(names)}`]
        : [`"${listedBy}" lists them`],
  ];
  return new UsageError(`unknown network namespace ${JSON.stringify(given)}; ${hints.flat().join(' ')}`);
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, LISTED).sort().join(', ');
  return names.length > LISTED ? `${shown} and ${names.length - LISTED} more` : shown;
}
