/** Rules, traffic and filters for live answers in a laboratory. */

import { BLACK_HOLE, ROUTER_ADDRESS, SERVER_ADDRESS } from './laboratory.ts';

/** Port 5002 is translated to the server's 5001, 5003 gets a port of the router, 5004 both. */
export const TRANSLATIONS = `
table inet translations {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ip daddr ${ROUTER_ADDRESS} tcp dport { 5002, 5004 } dnat ip to ${SERVER_ADDRESS}:5001
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    meta l4proto tcp th dport 5003 masquerade to :50000-50099
    meta l4proto tcp ct original proto-dst 5004 masquerade
  }
}
`;

/** Connections to port 69 are those of TFTP. */
export const HELPER = `
table inet helpers {
  ct helper tftp {
    type "tftp" protocol udp;
  }
  chain prerouting {
    type filter hook prerouting priority filter; policy accept;
    udp dport 69 ct helper set "tftp"
  }
}
`;

const DATAGRAMS = "const { createSocket } = require('node:dgram');";

/** Asks the server for the file "a". */
export const TFTP_REQUEST = `${DATAGRAMS}
const socket = createSocket('udp4');
socket.send(Buffer.from('\\0\\x01a\\0octet\\0'), 69, '${SERVER_ADDRESS}', () => socket.close());`;

/** Three clients that try again and again. */
export const RETRIES = `${DATAGRAMS}
for (let client = 0; client < 3; client++) {
  const socket = createSocket('udp4');
  setInterval(() => socket.send('again', ${BLACK_HOLE + 5}, '${SERVER_ADDRESS}'), 500);
}`;

/** Filters, and the options of `conntrack -L` that mean the same. */
export const FILTERS: readonly [Record<string, string>, readonly string[]][] = [
  [{}, []],
  [{ proto: 'tcp' }, ['-p', 'tcp']],
  [{ proto: '132' }, ['-p', 'sctp']],
  [{ proto: 'tcp', state: 'ESTABLISHED' }, ['-p', 'tcp', '--state', 'ESTABLISHED']],
  [{ proto: 'tcp', state: 'SYN_SENT' }, ['-p', 'tcp', '--state', 'SYN_SENT']],
  [{ src: '10.88.0.0/17' }, ['-s', '10.88.0.0/17']],
  [{ src: '10.77.1.2' }, ['-s', '10.77.1.2']],
  [{ dst: '10.99.0.1' }, ['-d', '10.99.0.1']],
  [{ dst: 'fd99::1' }, ['-f', 'ipv6', '-d', 'fd99::1']],
  [{ src: 'fd88::/16', family: 'ipv6' }, ['-f', 'ipv6', '-s', 'fd88::/16']],
  [{ proto: 'tcp', dport: '5001' }, ['-p', 'tcp', '--dport', '5001']],
  [{ proto: 'udp', sport: '1034' }, ['-p', 'udp', '--sport', '1034']],
  [{ nat: 'any' }, ['--any-nat']],
  [{ nat: 'src' }, ['--src-nat']],
  [{ nat: 'dst' }, ['--dst-nat']],
  [{ nat: '203.0.113.7' }, ['--src-nat', '203.0.113.7']],
  [{ nat: '192.0.2.8' }, ['--dst-nat', '192.0.2.8']],
  [{ zone: '3' }, ['-w', '3']],
  [{ mark: '22' }, ['-m', '22']],
  [{ mark: '0x2/0xf' }, ['-m', '0x2/0xf']],
  [{ status: 'ASSURED' }, ['-u', 'ASSURED']],
  [{ status: 'SEEN_REPLY' }, ['-u', 'SEEN_REPLY']],
  [{ family: 'ipv6' }, ['-f', 'ipv6']],
  [
    { proto: 'icmp', status: 'SEEN_REPLY', src: '10.88.0.0/16' },
    ['-p', 'icmp', '-u', 'SEEN_REPLY', '-s', '10.88.0.0/16'],
  ],
];
