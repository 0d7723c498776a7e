import { expect, it } from 'vitest';

import { DeferredError } from '../../collector/modules/deferred.ts';

it('a deferred error is thrown once', () => {
  const deferred = new DeferredError();
  expect(() => deferred.rethrow()).not.toThrow();
  deferred.keep(new RangeError('offset is out of bounds'));
  expect(() => deferred.rethrow()).toThrow(new RangeError('offset is out of bounds'));
  expect(() => deferred.rethrow()).not.toThrow();
});

it('a deferred error is returned once, the last of several', () => {
  const deferred = new DeferredError();
  deferred.keep(new Error('first'));
  deferred.keep(new Error('second'));
  expect(deferred.take()).toEqual(new Error('second'));
  expect(deferred.take()).toBeUndefined();
});
