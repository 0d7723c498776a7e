import { expect, it } from 'vitest';

import { accountNamed, accountOf, userName } from '../../collector/check/accounts.ts';
import { filesOf } from '../helpers/check_host.ts';

const FILES = filesOf({
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nagent:x:992:983::/:/bin/false\n',
  '/etc/group': 'root:x:0:\nagents:x:983:agent\n',
});
const AGENT = { user: 'agent', uid: 992, group: 'agents', gid: 983 };

it('accountNamed returns the user with the group from passwd, without supplementary groups', () => {
  expect(accountNamed(FILES, 'agent')).toEqual({ ...AGENT, groups: undefined });
});

it('accountNamed returns nothing for an unknown user, or if passwd cannot be read', () => {
  expect(accountNamed(FILES, 'agents')).toBeUndefined();
  expect(accountNamed(filesOf({ '/x': '' }), 'agent')).toBeUndefined();
});

it('accountOf names the user and the group, and keeps the supplementary groups', () => {
  expect(accountOf(FILES, { uid: 992, gid: 983, groups: [983, 4] })).toEqual({ ...AGENT, groups: [983, 4] });
});

it('a user or group without a name is called by its number', () => {
  expect(accountOf(FILES, { uid: 7, gid: 8 })).toEqual({ user: '7', uid: 7, group: '8', gid: 8, groups: undefined });
  expect(userName(FILES, 983)).toBe('983');
});
