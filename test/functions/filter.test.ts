import { describe, expect, it } from 'vitest';

import { CONNECTIONS } from '../../collector/functions/connections.ts';
import { ENTRIES, WEB_ID } from '../helpers/live_entries.ts';
import { LiveKernel } from '../helpers/live_kernel.ts';
import { expectRefusedArgument } from '../helpers/refused_argument.ts';

/** The ids of the entries that a filter selects. */
async function selected(given: Readonly<Record<string, string>>): Promise<unknown[]> {
  const rows = await new LiveKernel({ tables: [ENTRIES] }).rows(CONNECTIONS, given);
  return rows.map((row) => row['id']);
}

describe('the list of connections', () => {
  it.each<[Record<string, string>, readonly number[]]>([
    [{ proto: 'tcp' }, [WEB_ID]],
    [{ proto: 'ICMPv6' }, [3]],
    [{ proto: '50' }, [6]],
    [{ proto: '0x21' }, [5]],
    [{ state: 'established' }, [WEB_ID, 4]],
    [{ state: 'OPEN' }, [5]],
    [{ src: '10.0.0.0/8' }, [WEB_ID, 2, 4, 6]],
    [{ src: '10.0.0.7' }, [WEB_ID]],
    [{ src: 'fd00::/16' }, [3, 5]],
    [{ src: '0.0.0.0/0' }, [WEB_ID, 2, 4, 6]],
    [{ dst: '192.0.2.1' }, [WEB_ID, 6]],
    [{ dst: 'fd99::2/128' }, [5]],
    [{ sport: '9' }, [4]],
    [{ dport: '443' }, [WEB_ID]],
    [{ nat: 'any' }, [WEB_ID, 2]],
    [{ nat: 'src' }, [WEB_ID]],
    [{ nat: 'dst' }, [2]],
    [{ nat: 'none' }, [3, 4, 5, 6]],
    [{ nat: '203.0.113.0/24' }, [WEB_ID]],
    [{ nat: '10.9.9.9' }, [2]],
    [{ nat: '10.0.0.8' }, []],
    [{ zone: '7' }, [WEB_ID]],
    [{ zone: '0' }, [2, 3, 4, 5, 6]],
    [{ 'orig-zone': '3' }, [6]],
    [{ 'reply-zone': '4' }, [4]],
    [{ 'reply-zone': '3' }, []],
    [{ mark: '33' }, [WEB_ID]],
    [{ mark: '0x1/0xf' }, [WEB_ID]],
    [{ mark: '0x10/0x30' }, [2]],
    [{ mark: '0' }, [3, 4, 5, 6]],
    [{ status: 'ASSURED' }, [WEB_ID, 6]],
    [{ status: 'seen_reply,assured' }, [WEB_ID, 6]],
    [{ status: 'UNREPLIED' }, [2, 3, 5]],
    [{ status: 'fixed_timeout' }, [4]],
    [{ status: 'OFFLOAD' }, [6]],
    [{ family: 'ipv6' }, [3, 5]],
    [{ family: 'all', proto: 'tcp' }, [WEB_ID]],
    [{ proto: 'tcp', dport: '53' }, []],
  ])('with the filter %j selects %j', async (given, expected) => {
    expect(await selected(given)).toEqual(expected);
  });

  it.each<[Record<string, string>, string]>([
    [{ proto: 'tpc' }, 'proto: found "tpc", allowed: a name such as tcp'],
    [{ proto: '256' }, 'proto: found "256"'],
    [{ state: 'OPENED' }, 'state: found "OPENED", allowed: the name of a state'],
    [{ src: '10.0.0.0/33' }, 'src: found "10.0.0.0/33", allowed: an address, or a network'],
    [{ dst: 'example.org' }, 'dst: found "example.org"'],
    [{ sport: '65536' }, 'sport: found "65536", allowed: a port from 0 to 65535'],
    [{ dport: '-1' }, 'dport: found "-1"'],
    [{ dport: '' }, 'dport: found ""'],
    [{ nat: 'both' }, 'nat: found "both", allowed: any, src, dst, none, an address or a network'],
    [{ zone: '65536' }, 'zone: found "65536"'],
    [{ 'orig-zone': 'all' }, 'orig-zone: found "all", allowed: a zone from 0 to 65535'],
    [{ 'reply-zone': '-1' }, 'reply-zone: found "-1"'],
    [{ mark: '1/' }, 'mark: found "1/"'],
    [{ mark: '1/2/3' }, 'mark: found "1/2/3"'],
    [{ mark: '0x100000000' }, 'mark: found "0x100000000"'],
    [{ mark: 'x' }, 'mark: found "x"'],
    [{ status: 'ASSURED,' }, 'status: found "ASSURED,", allowed: one or more of'],
    [{ status: 'toString' }, 'status: found "toString"'],
    [{ family: 'ipv5' }, 'family: found "ipv5", allowed: all, ipv4 or ipv6'],
  ])('refuses %j before anything is opened', async (given, message) => {
    await expectRefusedArgument(CONNECTIONS, given, message);
  });
});
