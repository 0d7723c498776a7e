import { describe, expect, it } from 'vitest';

import { CONNECTIONS } from '../../collector/functions/connections.ts';
import { ArgumentError } from '../../collector/functions/function.ts';
import { LiveKernel, liveTuple } from '../helpers/live_kernel.ts';
import { attribute, netfilter, number } from '../helpers/netlink_channel.ts';

/** An expectation of FTP to a port. */
function expected(port: number, timeout: number, zone = 0): Uint8Array {
  const [server, client] = ['192.0.2.21', '10.0.0.7'];
  return netfilter(
    { type: 0x200, flags: 2 },
    { family: 2 },
    liveTuple(2, 6, { from: server, sport: 0, to: client, dport: port }),
    liveTuple(3, 6, { from: '255.255.255.255', sport: 0, to: '255.255.255.0', dport: 0xffff }),
    liveTuple(1, 6, { from: client, sport: 40_021, to: server, dport: 21 }),
    attribute(7, number(zone, 2)),
    attribute(4, number(timeout, 4)),
    attribute(8, number(1, 4)),
    attribute(9, number(2, 4)),
    attribute(6, Uint8Array.from(Buffer.from('ftp\0'))),
  );
}

describe('the list of expectations', () => {
  const kernel = (): LiveKernel => new LiveKernel({ expectations: [expected(5001, 100), expected(5002, 200, 4)] });

  it('shows the expected connection, its master and its mask', async () => {
    const [row] = await kernel().rows(CONNECTIONS, { expectations: 'yes', dport: '5001' });
    expect(row).toEqual({
      protocol: 'tcp',
      source: '192.0.2.21',
      source_port: 0,
      destination: '10.0.0.7',
      destination_port: 5001,
      master_source: '10.0.0.7',
      master_source_port: 40_021,
      master_destination: '192.0.2.21',
      master_destination_port: 21,
      timeout: 100,
      helper: 'ftp',
      class: 2,
      flags: 'PERMANENT',
      zone: 0,
      source_mask: '255.255.255.255',
      destination_mask: '255.255.255.0',
      family: 'ipv4',
    });
  });

  it.each<[Record<string, string>, readonly number[]]>([
    [{}, [5002, 5001]],
    [{ limit: '1' }, [5002]],
    [{ zone: '4' }, [5002]],
    [{ src: '192.0.2.0/24', proto: 'tcp' }, [5002, 5001]],
    [{ proto: 'udp' }, []],
    [{ family: 'ipv6' }, []],
    [{ dst: '10.0.0.8' }, []],
  ])('with the filter %j selects %j', async (given, ports) => {
    const live = kernel();
    const rows = await live.rows(CONNECTIONS, { ...given, expectations: 'yes' });
    expect(rows.map((row) => row['destination_port'])).toEqual(ports);
    expect(live.isClosed).toBe(true);
  });

  it('refuses a filter by what an expectation does not have', async () => {
    const live = kernel();
    const answer = live.answer(CONNECTIONS, { expectations: 'yes', state: 'NONE' });
    await expect(answer).rejects.toThrow(ArgumentError);
    await expect(answer).rejects.toThrow('state: found "NONE", allowed: nothing together with expectations');
    expect(live.channels).toEqual([]);
  });
});
