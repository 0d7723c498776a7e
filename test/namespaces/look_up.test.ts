import { describe, expect, it } from 'vitest';

import { UsageError } from '../../collector/base/errors.ts';
import { lookUp } from '../../collector/namespaces/look_up.ts';
import type { Namespace } from '../../collector/namespaces/namespace.ts';
import { namespaceNamed } from '../helpers/fake_namespaces.ts';

function container(name: string, id: string): Namespace {
  return namespaceNamed(name, { bound: undefined, labels: { netns: name, container: id } });
}

const KNOWN = [
  namespaceNamed('blue'),
  namespaceNamed('3f4e'),
  container('docker-3f4e5a6b7c8d', '3f4e5a6b7c8d'),
  container('podman-3f4e99999999', '3f4e99999999'),
  container('web', 'web'),
];

function named(given: string, known = KNOWN): string {
  return lookUp(given, known, 'conntrack.plugin top --by netns').name;
}

describe('a network namespace that an operator names', () => {
  it.each([
    ['its name', 'blue', 'blue'],
    ['its name, which is also the beginning of an id', '3f4e', '3f4e'],
    ["the beginning of its container's id", '3f4e5', 'docker-3f4e5a6b7c8d'],
    ["its container's short id", '3f4e5a6b7c8d', 'docker-3f4e5a6b7c8d'],
    ["its container's whole id", `3f4e99999999${'0'.repeat(52)}`, 'podman-3f4e99999999'],
  ])('is found by %s', (_, given, expected) => {
    expect(named(given)).toBe(expected);
  });

  it('is not guessed: several that match are an error', () => {
    const ids = KNOWN.filter(({ name }) => name !== '3f4e');
    expect(() => named('3f4e', ids)).toThrow(
      new UsageError('several network namespaces match "3f4e": docker-3f4e5a6b7c8d, podman-3f4e99999999'),
    );
  });

  it.each([
    ['the nearest name', 'bluee', KNOWN, 'did you mean "blue"? known: 3f4e, blue, docker-3f4e5a6b7c8d, podman-3f4e99'],
    [
      'all names if these are few',
      'tenant-9',
      KNOWN.slice(0, 2),
      'unknown network namespace "tenant-9"; known: 3f4e, blue',
    ],
    ['that there are none', 'blue', [], 'this user can see no others'],
    [
      'the command that lists many',
      'blue',
      Array.from({ length: 11 }, (_, number) => namespaceNamed(`tenant-${number}`)),
      'unknown network namespace "blue"; "conntrack.plugin top --by netns" lists them',
    ],
    // Three digits are too few for an id.
    ['no container for a short word', '3f4', [container('docker-3f4e5a6b7c8d', '3f4e5a6b7c8d')], 'unknown'],
  ])('that does not exist is an error with %s', (_, given, known, message) => {
    expect(() => named(given, known)).toThrow(UsageError);
    expect(() => named(given, known)).toThrow(message);
  });
});
