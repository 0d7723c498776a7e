import { describe, expect, it } from 'vitest';

import { parseSeen } from '../../collector/check/seen.ts';

describe('what root sees of the agent', () => {
  it.each([
    [{}],
    [{ pid: 41, program: '/a b/netdata', network: 'net:[7]', plugin: { pid: 42, config: '/c', directories: {} } }],
    [{ pid: 41, plugin: { pid: 42, directories: { userConfig: '/u', stockConfig: '/s', plugins: '/p', log: '/l' } } }],
  ])('is passed on completely from %j', (seen) => {
    expect(parseSeen(JSON.stringify(seen))).toEqual(seen);
  });

  it.each([undefined, '', '41 net:[7]', 'null', '{"pid":"41"}', '{"other":1}'])(
    'is ignored if its text is %j',
    (text) => {
      expect(parseSeen(text)).toBeUndefined();
    },
  );
});
