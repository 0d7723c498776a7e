/**
 * Traffic for the laboratory. Every kind is bounded: it ends by itself after the number of seconds given last.
 *
 *   traffic.js udp-sink PORT SECONDS                 takes datagrams and answers none
 *   traffic.js udp-echo PORT SECONDS                 sends back what it gets
 *   traffic.js udp-flows HOST PORT RATE SECONDS      RATE new flows a second, one datagram from a new port each
 *   traffic.js udp-spread HOST PORT COUNT RATE SECONDS
 *                                                    COUNT flows, RATE a second: one datagram to each of COUNT ports from
 *                                                    PORT on, all from one port; ends when they are sent
 *   traffic.js udp-same HOST PORT COUNT SECONDS      COUNT datagrams of one and the same flow; ends when they are sent
 *   traffic.js udp-talk HOST PORT COUNT TIMES SECONDS
 *                                                    COUNT flows, TIMES datagrams each, half a second apart; then quiet
 *   traffic.js tcp-echo PORT SECONDS                 sends back what it gets, and ends what is ended
 *   traffic.js tcp-mute PORT SECONDS                 takes what it gets, and ends nothing
 *   traffic.js tcp-talk HOST PORT RATE SECONDS       one connection that sends RATE small pieces a second
 *   traffic.js tcp-connect HOST PORT COUNT ACT SECONDS
 *                                                    COUNT connections, with each of which is done, once it is there:
 *                                                    hold (nothing), end, half-end (its own half alone), or
 *                                                    reset. ACT try expects no answer.
 *
 * The first line on standard output says that it is under way: for udp-talk and tcp-connect, that all of it is done.
 */

import dgram from 'node:dgram';
import net from 'node:net';

const [kind, ...args] = process.argv.slice(2);
const seconds = Number(args.at(-1));
if (!(seconds > 0 && seconds <= 600)) throw new Error(`SECONDS: found ${args.at(-1)}, allowed: from 1 to 600`);

const underWay = (what) => process.stdout.write(`${what}\n`);
const socketTo = (host) => dgram.createSocket(net.isIPv6(host) ? 'udp6' : 'udp4');

/** What is done with a connection that is there, and whether it is done with. */
const acts = {
  hold: (_, done) => done(),
  end: (socket, done) => socket.once('close', done).end(),
  // Half of it alone where the other side does not end its own.
  'half-end': (socket, done) => socket.end(done),
  reset: (socket, done) => {
    socket.resetAndDestroy();
    done();
  },
};

const kinds = {
  'udp-sink'([port]) {
    dgram.createSocket('udp4').bind(Number(port), () => underWay(`udp ${port}`));
  },

  'udp-echo'([port]) {
    const socket = dgram.createSocket('udp6');
    socket.on('message', (message, { address, port: from }) => socket.send(message, from, address));
    socket.bind(Number(port), () => underWay(`udp ${port}`));
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

  'udp-spread'([host, port, count, rate]) {
    const socket = socketTo(host);
    let sent = 0;
    // No more at once than the queue of a network device holds, however late the timer is.
    const most = Math.ceil(Number(rate) / 100);
    const send = (left) => {
      if (left === 0 || sent === Number(count)) return;
      socket.send('flow', Number(port) + sent++, host, () => send(left - 1));
    };
    const timer = setInterval(() => {
      if (sent < Number(count)) return send(most);
      clearInterval(timer);
      socket.close(() => process.exit(0));
    }, 10);
    underWay(`udp to ${host}`);
  },

  'udp-same'([host, port, count]) {
    const socket = socketTo(host);
    const send = (left) => {
      if (left === 0) socket.close(() => process.exit(0));
      else socket.send('same', Number(port), host, () => setTimeout(send, 5, left - 1));
    };
    send(Number(count));
    underWay(`udp to ${host}`);
  },

  'udp-talk'([host, port, count, times]) {
    const sockets = Array.from({ length: Number(count) }, () => socketTo(host));
    let answers = 0;
    for (const socket of sockets) {
      socket.on('message', () => {
        if (++answers === Number(count) * Number(times)) underWay(`udp with ${host}`);
      });
    }
    const send = (left) => {
      for (const socket of sockets) socket.send('piece', Number(port), host);
      if (left > 1) setTimeout(send, 500, left - 1);
    };
    send(Number(times));
  },

  'tcp-echo'([port]) {
    const server = net.createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.pipe(socket);
    });
    server.listen(Number(port), () => underWay(`tcp ${port}`));
  },

  'tcp-mute'([port]) {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => socket.destroy());
      socket.resume();
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

  'tcp-connect'([host, port, count, act]) {
    let left = Number(count);
    const done = () => {
      if (--left === 0) underWay(`tcp to ${host}`);
    };
    for (let connection = 0; connection < Number(count); connection++) {
      const socket = net.connect(Number(port), host);
      if (act === 'try') done();
      else socket.on('connect', () => acts[act](socket, done));
      socket.resume();
    }
  },
};

const start = kinds[kind];
if (start === undefined) throw new Error(`found ${kind}, allowed: ${Object.keys(kinds).join(', ')}`);
start(args);
setTimeout(() => process.exit(0), seconds * 1000);
