/**
 * sender.cjs RATE SECONDS: RATE UDP flows a second to the loopback, one datagram to a new address and port each. A
 * datagram that the kernel refuses, because its table is full, is not counted.
 */

import dgram from 'node:dgram';

/** Ports per address, and addresses, before they repeat. */
const PORTS = 60_000;
const ADDRESSES = 256;

const [rate = 0, seconds = 0] = process.argv.slice(2).map(Number);
const socket = dgram.createSocket('udp4');
const startedAt = performance.now();
let sent = 0;
const timer = setInterval(() => {
  const elapsed = Math.min(seconds, (performance.now() - startedAt) / 1000);
  for (const due = Math.floor(elapsed * rate); sent < due; sent++) {
    const address = `127.55.${Math.floor(sent / PORTS) % ADDRESSES}.9`;
    socket.send('flow', 1024 + (sent % PORTS), address, () => undefined);
  }
  if (elapsed < seconds) return;
  clearInterval(timer);
  socket.close();
}, 20);
