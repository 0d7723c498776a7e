import { describe, expect, it } from 'vitest';

import { isDump, QUESTIONS, type Question, request } from '../../collector/netlink/request.ts';
import { LITTLE } from '../helpers/netlink_channel.ts';

/** Types and flags as numbers, from linux/netlink.h and linux/netfilter/nfnetlink_conntrack.h. */
const GETS: readonly [Question, number, number][] = [
  ['table', 0x0101, 0x301],
  ['cpuStatistics', 0x0104, 0x301],
  ['statistics', 0x0105, 0x001],
  ['expectationStatistics', 0x0203, 0x301],
];

describe('a request', () => {
  it.each(GETS)('for the %s has the type and the flags of the kernel', (question, type, flags) => {
    const bytes = request(question, 0xfedcba98);
    const view = new DataView(bytes.buffer);
    expect(bytes).toHaveLength(20);
    expect(view.getUint32(0, LITTLE)).toBe(20);
    expect(view.getUint16(4, LITTLE)).toBe(type);
    expect(view.getUint16(6, LITTLE)).toBe(flags);
    expect(view.getUint32(8, LITTLE)).toBe(0xfedcba98);
    // No port; every address family, version 0, no resource.
    expect([...bytes.subarray(12)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it.runIf(LITTLE)('for the table is this, byte by byte', () => {
    const expected = '14000000 0101 0103 78563412 00000000 00 00 0000';
    expect(Buffer.from(request('table', 0x12345678)).toString('hex')).toBe(expected.replaceAll(' ', ''));
  });

  it('can only ask: there is no other type than those of the four questions', () => {
    const types = Object.values(QUESTIONS).map(({ type }) => type);
    expect(types.toSorted((one, other) => one - other)).toEqual([0x0101, 0x0104, 0x0105, 0x0203]);
  });

  it.each(GETS)('for the %s is answered by a sequence of messages exactly if it is a dump', (question, _, flags) => {
    expect(isDump(question)).toBe((flags & 0x300) === 0x300);
  });
});
