/**
 * Traffic for the laboratory. Every kind is bounded: it ends by itself after the number of seconds given last.
 *
 *   traffic.js udp-sink PORT SECONDS             takes datagrams and answers none
 *   traffic.js udp-flows HOST PORT RATE SECONDS  RATE new flows a second, one datagram from a new port each
 *   traffic.js tcp-echo PORT SECONDS             sends back what it gets
 *   traffic.js tcp-talk HOST PORT RATE SECONDS   one connection that sends RATE small pieces a second
 *
 * The first line on standard output says that it is under way.
 */

import dgram from 'node:dgram';
import net from 'node:net';

const [kind, ...args] = process.argv.slice(2);
const seconds = Number(args.at(-1));
if (!(seconds > 0 && seconds <= 600)) throw new Error(`SECONDS: found ${args.at(-1)}, allowed: from 1 to 600`);

const underWay = (what) => process.stdout.write(`${what}\n`);

const kinds = {
  'udp-sink'([port]) {
    dgram.createSocket('udp4').bind(Number(port), () => underWay(`udp ${port}`));
  },

  'udp-flows'([host, port, rate]) {
    const started = Date.now();
    let sent = 0;
    setInterval(() => {
      const due = Math.floor(((Date.now() - started) / 1000) * Number(rate));
      for (; sent < due; sent++) {
        const socket = dgram.createSocket('udp4');
        socket.send('flow', Number(port), host, () => socket.close());
      }
    }, 20);
    underWay(`udp to ${host}`);
  },

  'tcp-echo'([port]) {
    const server = net.createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.pipe(socket);
    });
    server.listen(Number(port), () => underWay(`tcp ${port}`));
  },

  'tcp-talk'([host, port, rate]) {
    const socket = net.connect(Number(port), host);
    socket.setNoDelay(true);
    socket.on('connect', () => {
      underWay(`tcp to ${host}`);
      setInterval(() => socket.write('piece'), 1000 / Number(rate));
    });
    socket.resume();
  },
};

const start = kinds[kind];
if (start === undefined) throw new Error(`found ${kind}, allowed: ${Object.keys(kinds).join(', ')}`);
start(args);
setTimeout(() => process.exit(0), seconds * 1000);
