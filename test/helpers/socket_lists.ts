/** Lists of sockets as texts of `/proc/net/{tcp,tcp6,udp,udp6}`, the way Linux 6.18 prints them (fixtures/netlink). */

import type { Table } from '../../collector/modules/sockets/socket_tally.ts';

const TCP_HEADINGS =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode'.padEnd(149);
const TCP6_HEADINGS = `  sl  local_address${' '.repeat(25)}remote_address${' '.repeat(
  24,
)}st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode`;

export const HEADINGS: Readonly<Record<Table, string>> = {
  tcp: TCP_HEADINGS,
  tcp6: TCP6_HEADINGS,
  udp: `   sl  ${TCP_HEADINGS.slice(6).trimEnd()} ref pointer drops`.padEnd(127),
  udp6: `${TCP6_HEADINGS} ref pointer drops`,
};

/** A socket in a list. */
export interface ListedSocket {
  readonly state: number;
  /** Its number in the list. */
  readonly number?: number;
  /** Address and port; those of the peer differ. */
  readonly address?: number;
  readonly port?: number;
}

/** The line of a socket, without its end. */
export function socketLine(
  table: Table,
  { address = 0x0100007f, number = 0, port = 0x1f90, state }: ListedSocket,
): string {
  const isUdp = table.startsWith('udp');
  const of = (value: number, at: number): string => {
    const words = table.endsWith('6') ? [0, 0, 0xffff0000, value] : [value];
    return `${words.map((word) => hex(word, 8)).join('')}:${hex(at, 4)}`;
  };
  const peer = of((address + 0x01010101) % 2 ** 32, (port + 1) % 2 ** 16);
  const rest = `00000000:00000012 02:00000BD3 00000000  1000        0 ${824_000 + number} 2 000000004920${hex(number, 4)}`;
  const line = `${String(number).padStart(isUdp ? 5 : 4)}: ${of(address, port)} ${peer} ${hex(state, 2)} ${rest}`;
  const end = isUdp ? ' 0' : ' 20 4 31 10 -1';
  return table.endsWith('6') ? `${line}${end}` : `${line}${end}`.padEnd(isUdp ? 127 : 149);
}

/** A whole list. */
export function listText(table: Table, sockets: readonly ListedSocket[]): string {
  const lines = sockets.map((socket, number) => socketLine(table, { number, ...socket }));
  return [HEADINGS[table], ...lines].map((line) => `${line}\n`).join('');
}

/** Sockets in these states. */
export function inStates(...states: readonly number[]): ListedSocket[] {
  return states.map((state) => ({ state }));
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0').slice(-digits);
}
