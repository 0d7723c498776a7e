/** The entries that record_netlink.ts loads, its real connections, and the rules of their namespace. */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, connect as open, type Socket } from 'node:net';

import { TCP_STATES } from './tcp_states.ts';

/** Conntrack's name of the tenth, SYN_SENT2, differs. */
const TCP_STATE_OPTIONS = TCP_STATES.map((state) => (state === 'SYN_SENT2' ? 'LISTEN' : state));

const IPV4 = '-s 192.0.2.1 -d 198.51.100.1';
const IPV6 = '-s 2001:db8::1 -d 2001:db8::2';

/** Options of `conntrack -A`, one entry each. */
export const ENTRIES = [
  ...TCP_STATE_OPTIONS.map((state, at) => `${IPV4} -p tcp --sport ${1000 + at} --dport 443 --state ${state}`),
  `${IPV4} -p tcp --sport 1100 --dport 443 --state ESTABLISHED -u SEEN_REPLY,ASSURED`,
  `${IPV4} -p udp --sport 2000 --dport 53`,
  `${IPV4} -p udp --sport 2001 --dport 53 -u SEEN_REPLY`,
  `${IPV4} -p udp --sport 2002 --dport 53 -u SEEN_REPLY,ASSURED`,
  `${IPV4} -p udplite --sport 2100 --dport 53`,
  `${IPV4} -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 3000`,
  `${IPV4} -p sctp --sport 4000 --dport 5000 --state ESTABLISHED --orig-vtag 17 --reply-vtag 23 -u SEEN_REPLY,ASSURED`,
  `${IPV4} -p sctp --sport 4001 --dport 5000 --state COOKIE_WAIT --orig-vtag 17 --reply-vtag 23`,
  `${IPV4} -p gre --srckey 6000 --dstkey 6001 -u SEEN_REPLY`,
  `${IPV4} -p 50`,
  `${IPV4} -p 253 -u SEEN_REPLY`,
  `${IPV4} -p udp --sport 7000 --dport 53 --src-nat 203.0.113.1`,
  `${IPV4} -p udp --sport 7001 --dport 53 --dst-nat 203.0.113.2 -u SEEN_REPLY`,
  `${IPV4} -p udp --sport 7002 --dport 53 --src-nat 203.0.113.1 --dst-nat 203.0.113.2 -u SEEN_REPLY,ASSURED`,
  `${IPV4} -p udp --sport 8000 --dport 53 -w 5`,
  `${IPV4} -p tcp --sport 8001 --dport 443 --state SYN_RECV -w 9 -u SEEN_REPLY -m 11`,
  `${IPV4} -p udp --sport 9000 --dport 53 -u SEEN_REPLY -m 77`,
  `${IPV6} -p tcp --sport 1000 --dport 443 --state TIME_WAIT -u SEEN_REPLY,ASSURED`,
  `${IPV6} -p udp --sport 2000 --dport 53 -m 4294967295`,
  `${IPV6} -p icmpv6 --icmpv6-type 128 --icmpv6-code 0 --icmpv6-id 3000`,
  `${IPV6} -p 50`,
  `${IPV6} -p tcp --sport 7000 --dport 443 --state ESTABLISHED -u SEEN_REPLY,ASSURED --dst-nat 2001:db8::3`,
];

/** Enables tracking and translates both ends of real connections. */
export const RULES = `
table ip recording {
  chain out {
    type nat hook output priority -100;
    ip daddr 203.0.113.9 tcp dport 80 dnat to 198.51.100.2:8080
  }
  chain post {
    type nat hook postrouting priority 100;
    ip daddr 198.51.100.2 tcp dport 8080 snat to 198.51.100.3
  }
}
table inet tracking {
  chain in {
    type filter hook input priority 0;
    ct state new accept
  }
}
`;

/** Real connections: answered UDP, and TCP that is translated on both ends. */
export async function makeTraffic(port: number): Promise<() => void> {
  const answering = createSocket('udp4', (data, from) => answering.send(data, from.port, from.address));
  answering.bind(5353, '198.51.100.2');
  await once(answering, 'listening');
  const asking = createSocket('udp4');
  asking.bind(5454, '198.51.100.1');
  await once(asking, 'listening');
  asking.send('question', 5353, '198.51.100.2');
  await once(asking, 'message');

  const served: Socket[] = [];
  const server = createServer((client) => {
    served.push(client);
    client.write('hello');
  }).listen(8080, '198.51.100.2');
  await once(server, 'listening');
  const client = open({ host: '203.0.113.9', port: 80, localAddress: '198.51.100.1', localPort: port });
  await once(client, 'data');
  return () => {
    // After the flush, translated ends do not learn of each other's close.
    for (const socket of [client, ...served]) socket.destroy();
    server.close();
    asking.close();
    answering.close();
  };
}
