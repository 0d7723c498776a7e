/** The states of sockets as `ss` prints them, and their dimensions. */

/** Those of TCP, in the order of the kernel's numbers. */
export const TCP_NAMES: Readonly<Record<string, string>> = {
  ESTAB: 'established',
  'SYN-SENT': 'syn_sent',
  'SYN-RECV': 'syn_recv',
  'FIN-WAIT-1': 'fin_wait1',
  'FIN-WAIT-2': 'fin_wait2',
  'TIME-WAIT': 'time_wait',
  UNCONN: 'close',
  'CLOSE-WAIT': 'close_wait',
  'LAST-ACK': 'last_ack',
  LISTEN: 'listen',
  CLOSING: 'closing',
};

export const UDP_NAMES: Readonly<Record<string, string>> = { ESTAB: 'connected', UNCONN: 'unconnected' };
