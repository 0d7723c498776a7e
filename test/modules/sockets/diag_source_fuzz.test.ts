import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { FormatError, OperationError } from '../../../collector/base/errors.ts';
import { DiagSource } from '../../../collector/modules/sockets/diag_source.ts';
import type { SocketTally, Table } from '../../../collector/modules/sockets/socket_tally.ts';
import { altered, diagnosed, done, FakeChannel, type Receipt } from '../../helpers/netlink_channel.ts';
import { expected, lists, tcpState } from '../../helpers/socket_arbitraries.ts';
import { counted, finish } from '../../helpers/socket_host.ts';

describe('a list of sockets over sock_diag', () => {
  const family = (table: Table): number => (table.endsWith('6') ? 10 : 2);
  const datagramsOf = (sockets: readonly Uint8Array[], size: number): Uint8Array[][] =>
    Array.from({ length: Math.ceil(sockets.length / size) }, (_, at) => sockets.slice(at * size, (at + 1) * size));

  /** Counts with these replies. */
  function ask(tcp: readonly Receipt[], udp: readonly Receipt[], udp6: readonly Receipt[]): SocketTally[] {
    const source = new DiagSource((room) => {
      const around = diagnosed({ family: 222, state: 200 });
      const channel = new FakeChannel({ ...room, around, name: 'sock_diag' });
      channel.reply('tcpSockets', ...tcp);
      channel.reply('udpSockets', ...udp);
      channel.reply('udp6Sockets', ...udp6);
      return channel;
    });
    return finish(source.count());
  }

  it('is counted exactly, whatever sockets it has and however they are divided into datagrams', () => {
    fc.assert(
      fc.property(lists, fc.integer({ min: 1, max: 50 }), fc.boolean(), (of, size, isApart) => {
        const replyOf = (...tables: readonly Table[]): Receipt[] => {
          const sockets = tables.flatMap((table) =>
            of[table].map(({ state }) => diagnosed({ family: family(table), state })),
          );
          const datagrams = datagramsOf(sockets, size);
          return isApart ? [...datagrams.map((one): Receipt => [one]), [done()]] : [[...datagrams, done()]];
        };
        expect(counted(ask(replyOf('tcp', 'tcp6'), replyOf('udp'), replyOf('udp6')))).toEqual(expected(of));
      }),
      { numRuns: 200 },
    );
  });

  it('with a wrong length or a missing part is refused, or has no more sockets than it should', () => {
    const sockets = fc.array(fc.record({ state: tcpState, family: fc.constantFrom(2, 10) }), {
      minLength: 1,
      maxLength: 20,
    });
    const length = fc.constantFrom(0, 1, 15, 16, 17, 71, 72, 87, 88, 89, 96, 97, 176, 0x7fffffff, 0xffffffff);
    const lie = fc.record({ which: fc.nat(), length, isCut: fc.boolean(), left: fc.nat() });
    let understood = 0;
    fc.assert(
      fc.property(sockets, fc.option(lie), (of, changed) => {
        const messages = of.map((socket) => diagnosed(socket));
        if (changed !== null) {
          const which = changed.which % messages.length;
          const one = messages[which] ?? new Uint8Array();
          messages[which] = changed.isCut
            ? one.subarray(0, changed.left % one.length)
            : altered(one, 0, 4, changed.length);
        }
        const answer: Receipt[] = [[messages], [done()]];
        let tallies: SocketTally[];
        try {
          tallies = ask(answer, [[done()]], [[done()]]);
        } catch (error) {
          expect(error instanceof FormatError || error instanceof OperationError).toBe(true);
          return;
        }
        understood++;
        const all = tallies.reduce((sum, tally) => sum + tally.sockets, 0);
        expect(all).toBeLessThanOrEqual(of.length);
        if (changed === null) expect(all).toBe(of.length);
      }),
      { numRuns: 500 },
    );
    expect(understood).toBeGreaterThan(20);
  });
});
