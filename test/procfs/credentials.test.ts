import { Volume } from 'memfs';
import { describe, expect, it } from 'vitest';
import {
  CAP_NET_ADMIN,
  CAP_SYS_ADMIN,
  capabilities,
  hasCapability,
  isPermitted,
  parseCredentials,
} from '../../collector/procfs/credentials.ts';

const STATUS = `Name:	conntrack.plugin
Umask:	0022
Uid:	997	996	995	994
Gid:	987	987	987	987
CapInh:	0000000000000002
CapPrm:	0000000000001000
CapEff:	0000000000000004
CapBnd:	000001ffffffffff
CapAmb:	0000000000000008
NoNewPrivs:	0
`;

describe('the credentials of a process', () => {
  it('are the real user and the permitted and ambient capabilities', () => {
    expect(parseCredentials(STATUS)).toEqual({ uid: 997, permitted: 0x1000n, ambient: 8n });
  });

  it.each(['Uid', 'CapPrm', 'CapAmb'])('are unknown without the line %s', (name) => {
    expect(parseCredentials(STATUS.replace(`\n${name}:`, '\nOther:'))).toBeUndefined();
  });

  it('are unknown if a set is malformed', () => {
    expect(parseCredentials(STATUS.replace('0000000000001000', '1000 or so'))).toBeUndefined();
  });

  it('include each set by name', () => {
    expect(capabilities(STATUS, 'CapBnd')).toBe(0x1ffffffffffn);
    expect(capabilities(STATUS, 'CapNone')).toBeUndefined();
  });

  it('include a capability or not', () => {
    expect(hasCapability(0x1000n, CAP_NET_ADMIN)).toBe(true);
    expect(hasCapability(0x1fffffffff_efffn, CAP_NET_ADMIN)).toBe(false);
    expect(hasCapability(1n << 40n, 40)).toBe(true);
  });

  it('permit what is in the permitted set; everything if they are hidden', () => {
    const fs = Volume.fromJSON({ '/proc/self/status': STATUS });
    expect([CAP_NET_ADMIN, CAP_SYS_ADMIN].map((one) => isPermitted(fs, one))).toEqual([true, false]);
    expect(isPermitted(new Volume(), CAP_SYS_ADMIN)).toBe(true);
  });
});
