import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { DiagSource } from '../../../collector/modules/sockets/diag_source.ts';
import type { SocketTally, Table } from '../../../collector/modules/sockets/socket_tally.ts';
import { diagnosed, done, FakeChannel, type Receipt } from '../../helpers/netlink_channel.ts';
import { expected, lists } from '../../helpers/socket_arbitraries.ts';
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
});
