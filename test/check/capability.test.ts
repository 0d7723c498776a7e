import { describe, expect, it } from 'vitest';

import {
  capabilityArgument,
  capabilityNames,
  NET_ADMIN,
  permittedBy,
  SYS_ADMIN,
} from '../../collector/check/capability.ts';

/** As `setcap cap_net_admin,cap_sys_admin=p` and `setcap cap_net_bind_service=ep` write it. */
const BOTH = Buffer.from('0000000200102000000000000000000000000000', 'hex');
const NET_BIND = Buffer.from('0100000200040000000000000000000000000000', 'hex');

describe('the capability attribute of a file', () => {
  it('permits the first 32 capabilities of the second word, in every revision', () => {
    expect(permittedBy(BOTH)).toBe(NET_ADMIN | SYS_ADMIN);
    expect(permittedBy(BOTH.subarray(0, 12))).toBe(NET_ADMIN | SYS_ADMIN);
    expect(permittedBy(NET_BIND)).toBe(1n << 10n);
    // Capability 44 (12 + 32), and 12 as an inheritable one.
    expect(permittedBy(Buffer.from('0000000200000000001000000010000000000000', 'hex'))).toBe(0n);
  });

  it('permits nothing if there is none, or if it is cut', () => {
    expect(permittedBy(undefined)).toBe(0n);
    expect(permittedBy(BOTH.subarray(0, 7))).toBe(0n);
  });
});

it('a set is named by the two capabilities that matter', () => {
  expect(capabilityNames(NET_ADMIN | SYS_ADMIN | 1n)).toBe('CAP_NET_ADMIN and CAP_SYS_ADMIN');
  expect([NET_ADMIN, SYS_ADMIN, 1n].map(capabilityNames)).toEqual(['CAP_NET_ADMIN', 'CAP_SYS_ADMIN', '']);
});

it('a program always gets CAP_NET_ADMIN, and keeps CAP_SYS_ADMIN', () => {
  expect(capabilityArgument(0n)).toBe('cap_net_admin=p');
  expect(capabilityArgument(SYS_ADMIN)).toBe('cap_net_admin,cap_sys_admin=p');
});
