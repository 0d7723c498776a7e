/** Readings of every module on a firewall: one of a pair, with a table that fills up, and every kind of trouble. */

import type { Reading } from '../../collector/jobs/renderer.ts';
import { host, instance, reading, Showing } from './showing.ts';

/** The readings of `stat` and `events`: the table grows by 300 per second; seconds 30 to 35 drop packets. */
export function counters(second: number): Reading[] {
  const connections = 200_000 + second * 300;
  const rates = {
    invalid: 2.5,
    icmp_error: 0,
    insert_failed: 0,
    drop: second >= 30 && second < 36 ? 40 : 0,
    early_drop: second === 66 ? 7 : 0,
    chain_too_long: 0,
  };
  const table = { connections, max: 262_144, utilization: (connections / 262_144) * 100 };
  return [
    reading(1, host({ ...table, ...rates })),
    reading(1, host({ new: 1203 + (second % 10) * 40, deleted: 903.4, event_overruns: 0 })),
  ];
}

const DAEMON = { daemon: 'conntrackd' };

/** The readings of the other modules, which read less often. */
export const SURVEYS: readonly Reading[] = [
  reading(
    10,
    host({
      flows_tcp: 170_000,
      flows_udp: 40_000,
      flows_icmp: 3000,
      flows_icmpv6: 0,
      flows_sctp: 0,
      flows_gre: 12,
      flows_other: 0,
      tcp_none: 0,
      tcp_syn_sent: 9000,
      tcp_syn_recv: 31,
      tcp_established: 120_000,
      tcp_fin_wait: 1500,
      tcp_close_wait: 700,
      tcp_last_ack: 20,
      tcp_time_wait: 38_000,
      tcp_close: 749,
      tcp_syn_sent2: 0,
      flows_unreplied: 11_012,
      flows_replied: 20_000,
      flows_assured: 182_000,
      flows_nat_none: 13_012,
      flows_snat: 190_000,
      flows_dnat: 10_000,
      flows_nat_both: 0,
    }),
  ),
  reading(
    5,
    instance('tcp', 'tcp', { protocol: 'tcp' }, { socket_established: 1432, socket_listen: 17, socket_time_wait: 233 }),
    instance('tcp', 'tcp6', { protocol: 'tcp6' }, { socket_established: 0, socket_listen: 4 }),
    instance('udp', 'udp', { protocol: 'udp' }, { socket_connected: 3, socket_unconnected: 11 }),
    instance('udp', 'udp6', { protocol: 'udp6' }, { socket_connected: 0, socket_unconnected: 0 }),
  ),
  reading(
    5,
    instance('daemon', 'conntrackd', DAEMON, {
      up: 1,
      unresponsive: 0,
      down: 0,
      kernel_connections: 214_500,
      internal_connections: 214_497,
      external_connections: 81_233,
      lost: 1.2,
      out_of_order: 0,
      malformed_received: 0,
      malformed_sent: 0,
      overruns: 0,
    }),
    instance('link', 'conntrackd_eth2', { ...DAEMON, device: 'eth2' }, { running: 1, no_carrier: 0, down: 0 }),
    instance('link', 'conntrackd_eth3', { ...DAEMON, device: 'eth3' }, { running: 0, no_carrier: 1, down: 0 }),
  ),
];

/** The board after an update in each of so many seconds. */
export function firewall(seconds: number): Showing {
  const showing = new Showing();
  for (let second = 0; second <= seconds; second++) {
    showing.update(second, ...counters(second), ...(second % 5 === 0 ? SURVEYS : []));
  }
  return showing;
}
