import { describe, expect, it } from 'vitest';

import * as inetDiag from '../../collector/netlink/inet_diag.ts';
import { isDump, QUESTIONS, type Question, request } from '../../collector/netlink/request.ts';
import { LITTLE } from '../helpers/netlink_channel.ts';

const DUMP = 0x301;

/** Types and flags as numbers, from linux/netlink.h and linux/netfilter/nfnetlink_conntrack.h. */
const GETS: readonly [Question, number, number][] = [
  ['table', 0x0101, DUMP],
  ['cpuStatistics', 0x0104, DUMP],
  ['statistics', 0x0105, 0x001],
  ['expectations', 0x0201, DUMP],
  ['expectationStatistics', 0x0203, DUMP],
];

/** Types and sizes with the header, from linux/sock_diag.h and linux/inet_diag.h; all of them are dumps. */
const DIAGNOSES: readonly [Question, number, number][] = [
  ['tcpSockets', 18, 76],
  ['udpSockets', 20, 72],
  ['udp6Sockets', 20, 72],
];

const SOCKID = '00'.repeat(48);

/**
 * The bytes after the header. The mask has a bit for each of the states 1 to 12, which are all that a connection can
 * have: net/tcp_states.h.
 */
const BODIES: readonly [Question, string, string][] = [
  ['tcpSockets', 'struct inet_diag_req', `00 00 00 00  ${SOCKID}  fe1f0000  00000000`],
  ['udpSockets', 'struct inet_diag_req_v2', `02 11 00 00  fe1f0000  ${SOCKID}`],
  ['udp6Sockets', 'struct inet_diag_req_v2', `0a 11 00 00  fe1f0000  ${SOCKID}`],
];

describe('a request', () => {
  it.each(GETS)('for %s has the type and flags that the kernel defines', (question, type, flags) => {
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

  it.runIf(LITTLE)('for the table has these bytes', () => {
    const expected = '14000000 0101 0103 78563412 00000000 00 00 0000';
    expect(Buffer.from(request('table', 0x12345678)).toString('hex')).toBe(expected.replaceAll(' ', ''));
  });

  it.each(DIAGNOSES)('for %s has the type of sock_diag and the dump flag', (question, type, size) => {
    const bytes = request(question, 0xfedcba98);
    const view = new DataView(bytes.buffer);
    expect(bytes).toHaveLength(size);
    expect(view.getUint32(0, LITTLE)).toBe(size);
    expect(view.getUint16(4, LITTLE)).toBe(type);
    expect(view.getUint16(6, LITTLE)).toBe(DUMP);
    expect(view.getUint32(8, LITTLE)).toBe(0xfedcba98);
    expect(view.getUint32(12, LITTLE)).toBe(0);
  });

  it.runIf(LITTLE).each(BODIES)('for %s has a %s without filters', (question, _struct, expected) => {
    const body = request(question, 1).subarray(16);
    expect(Buffer.from(body).toString('hex')).toBe(expected.replaceAll(' ', ''));
  });

  it('can only read: there are eight types, and none is SOCK_DESTROY', () => {
    const asked = Object.values(QUESTIONS).map(({ flags, to, type }) => `${to} ${type} ${flags}`);
    expect(asked.toSorted()).toEqual([
      `ctnetlink ${0x0101} ${DUMP}`,
      `ctnetlink ${0x0104} ${DUMP}`,
      `ctnetlink ${0x0105} 1`,
      `ctnetlink ${0x0201} ${DUMP}`,
      `ctnetlink ${0x0203} ${DUMP}`,
      `sock_diag 18 ${DUMP}`,
      `sock_diag 20 ${DUMP}`,
      `sock_diag 20 ${DUMP}`,
    ]);
    expect(Object.values(inetDiag)).not.toContain(21);
  });

  it('has its own bytes: changing them does not change the next one', () => {
    const first = request('udpSockets', 7);
    const untouched = Buffer.from(first).toString('hex');
    first.fill(0xee);
    expect(Buffer.from(request('udpSockets', 7)).toString('hex')).toBe(untouched);
  });

  it.each([...GETS, ...DIAGNOSES.map(([question, type]): [Question, number, number] => [question, type, DUMP])])(
    'for %s has a multipart reply exactly if it is a dump',
    (question, _, flags) => {
      expect(isDump(question)).toBe((flags & 0x300) === 0x300);
    },
  );
});
