import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import {
  errorCode,
  FormatError,
  OperationError,
  reasonOf,
  SystemError,
  describe as say,
} from '../../collector/base/errors.ts';

function thrown(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}

describe('an error of the system', () => {
  it.each([
    [1, 'EPERM', 'EPERM: operation not permitted'],
    [105, 'ENOBUFS', 'ENOBUFS: no buffer space available'],
    [93, 'EPROTONOSUPPORT', 'EPROTONOSUPPORT: protocol not supported'],
  ])('with number %i has the code %s and a text', (errno, code, message) => {
    const error = new SystemError(errno);
    expect([error.name, error.code, error.message]).toEqual(['SystemError', code, message]);
  });

  it('with an unknown number has the number in its code', () => {
    const error = new SystemError(3999);
    expect([error.code, error.message]).toEqual(['errno 3999', 'errno 3999: unknown error']);
  });
});

describe('a failed operation', () => {
  it.each([
    ['an error of the C library', new SystemError(13), 'EACCES'],
    ['an error of Node.js', thrown(() => readFileSync('/nowhere/at all')), 'ENOENT'],
    ['another failed operation', new OperationError('read', 'that', new SystemError(5)), 'EIO'],
  ])('has the code of its cause: %s', (_what, cause, code) => {
    expect(new OperationError('open', 'this', cause).code).toBe(code);
  });

  it.each([
    ['an error without a code', new Error('it broke'), 'ask the oracle: it broke'],
    ['a text', 'nothing', 'ask the oracle: nothing'],
    ['a code that is no text', Object.assign(new Error('odd'), { code: 7 }), 'ask the oracle: odd'],
    ['nothing at all', undefined, 'ask the oracle: undefined'],
  ])('has no code when its cause is %s', (_what, cause, message) => {
    const error = new OperationError('ask', 'the oracle', cause);
    expect([error.message, error.code, error.cause]).toEqual([message, undefined, cause]);
  });
});

describe('the reason of a failure', () => {
  it.each([
    ['open a file', '/nowhere/at all', 'ENOENT: no such file or directory'],
    ['read a directory', '/', 'EISDIR: illegal operation on a directory'],
  ])('to %s does not repeat the operation and its target', (_what, path, reason) => {
    const cause = thrown(() => readFileSync(path));
    expect(new OperationError('open', path, cause).message).toBe(`open ${path}: ${reason}`);
  });

  it.each(["unexpected, open '/door'", 'torn: 7 bytes, read'])('is any other text as it is: %s', (text) => {
    expect(reasonOf(new Error(text))).toBe(text);
  });
});

describe('any thrown value', () => {
  it.each([
    ['an error', new FormatError('torn'), 'torn', undefined],
    ['a number', 17, '17', undefined],
    ['null', null, 'null', undefined],
    ['an object with a code', { code: 'EIO' }, '[object Object]', 'EIO'],
  ])('has a message and a code: %s', (_what, value, text, code) => {
    expect([say(value), errorCode(value)]).toEqual([text, code]);
  });
});
