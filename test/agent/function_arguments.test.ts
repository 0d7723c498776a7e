import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseArguments } from '../../collector/agent/function_arguments.ts';
import { ArgumentError } from '../../collector/functions/function.ts';
import { PARAMETERS } from '../helpers/live_functions.ts';

function ofWords(...words: readonly string[]): unknown {
  return parseArguments(PARAMETERS, words, undefined);
}

function ofPayload(value: unknown): unknown {
  return parseArguments(PARAMETERS, [], JSON.stringify(value));
}

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ArgumentError) return error.message;
    throw error;
  }
  return 'no error';
}

describe('the words of a call', () => {
  it('are arguments with a value after the first colon, and flags', () => {
    expect(ofWords('by:nat-address', 'src:2001:db8::7/64', 'unreplied')).toEqual({
      by: 'nat-address',
      src: '2001:db8::7/64',
      unreplied: 'yes',
    });
    expect(ofWords()).toEqual({});
  });

  it('can set a flag to yes or no', () => {
    expect(ofWords('unreplied:yes')).toEqual({ unreplied: 'yes' });
    expect(ofWords('unreplied:no')).toEqual({});
  });

  it('of every dashboard are left out: the time range and the controls of tables with a history', () => {
    expect(ofWords('after:-600', 'before:0', 'by:source', 'last:200', 'slice')).toEqual({ by: 'source' });
  });

  it.each([
    ['whose name is unknown', 'colour:red', 'unknown argument "colour", allowed: by, src, limit, unreplied'],
    [
      'named like an inherited property',
      '__proto__:7',
      'unknown argument "__proto__", allowed: by, src, limit, unreplied',
    ],
    [
      'that is a long text',
      'x'.repeat(500),
      `unknown argument "${'x'.repeat(199)}…", allowed: by, src, limit, unreplied`,
    ],
    ['without a value', 'by', 'by: found "", allowed: source or nat-address'],
    ['with an empty value', 'src:', 'src: found "", allowed: an address or a prefix'],
    ['that is none of the choices', 'by:mood', 'by: found "mood", allowed: source or nat-address'],
    ['that is a flag with a value', 'unreplied:7', 'unreplied: found "7", allowed: yes or no'],
    ['that is given twice', 'limit:8', 'limit: given twice'],
  ])('are refused for one %s', (_what, word, message) => {
    expect(messageOf(() => ofWords('limit:7', word))).toBe(message);
  });

  it('pass on no more than 200 characters of a value', () => {
    expect(ofWords(`src:${'7'.repeat(300)}`)).toEqual({ src: `${'7'.repeat(199)}…` });
  });
});

describe('the payload of a call', () => {
  it('has selectors as lists and other arguments as values', () => {
    expect(ofPayload({ selections: { by: ['nat-address'] }, limit: 7, unreplied: true, src: '192.0.2.0/24' })).toEqual({
      by: 'nat-address',
      limit: '7',
      unreplied: 'yes',
      src: '192.0.2.0/24',
    });
  });

  it('may select nothing, and has much that is of dashboards alone', () => {
    expect(ofPayload({ selections: { by: [] }, after: -600, timeout: 60_000, query: '', scopes: {} })).toEqual({});
    expect(ofPayload({})).toEqual({});
  });

  it('adds to the words', () => {
    expect(parseArguments(PARAMETERS, ['limit:7'], '{"selections":{"by":["source"]}}')).toEqual({
      limit: '7',
      by: 'source',
    });
    expect(messageOf(() => parseArguments(PARAMETERS, ['limit:7'], '{"limit":8}'))).toBe('limit: given twice');
  });

  it.each([
    ['that is cut', '{"selections":{"by"', 'payload: found "{\\"selections\\":{\\"by\\"", allowed: valid JSON'],
    ['that is empty', '', 'payload: found "", allowed: valid JSON'],
    ['that is a list', '[7]', 'payload: found [7], allowed: an object'],
    ['that is null', 'null', 'payload: found null, allowed: an object'],
    ['that selects a text', '{"selections":"by"}', 'payload: found "by", allowed: an object as selections'],
    [
      'that selects two',
      '{"selections":{"by":["source","nat-address"]}}',
      'payload: found ["source","nat-address"], allowed: one value as by',
    ],
    ['that selects an object', '{"selections":{"by":[{}]}}', 'payload: found {}, allowed: a text or a number as by'],
    [
      'that selects what does not exist',
      '{"selections":{"colour":["red"]}}',
      'unknown argument "colour", allowed: by, src, limit, unreplied',
    ],
    ['that selects no choice', '{"selections":{"by":["mood"]}}', 'by: found "mood", allowed: source or nat-address'],
    [
      'that is nested ten thousand times',
      '['.repeat(10_000) + ']'.repeat(10_000),
      'payload: found a value that is nested too deeply, allowed: an object',
    ],
    ['of 64 KiB', '7'.repeat(65_536), `payload: found "${'7'.repeat(198)}…, allowed: fewer than 65536 characters`],
  ])('is refused %s', (_what, payload, message) => {
    expect(messageOf(() => parseArguments(PARAMETERS, [], payload))).toBe(message);
  });

  it('is refused in a short line whatever it holds', () => {
    const property = (value: unknown): void => {
      const message = messageOf(() => ofPayload(value));
      expect(message.length).toBeLessThan(1000);
      expect(message).not.toContain('\n');
    };
    fc.assert(fc.property(fc.jsonValue(), property));
    fc.assert(fc.property(fc.record({ selections: fc.jsonValue() }), property));
  });
});
