/**
 * Holds sockets and takes commands. It exits when standard input ends, or after the given number of seconds.
 *
 *   sockets.js SECONDS
 *
 * Each line on standard input is a number and a command; it prints the number when the command is done, followed by the
 * error, if any. Connections belong to groups, by name, and are read only by `serve` and `visit`.
 *
 *   listen GROUP ADDRESS PORT               takes connections into the group, which need not be there yet
 *   accepted GROUP COUNT                    waits until so many were taken
 *   connect GROUP ADDRESS PORT COUNT        makes connections
 *   try GROUP ADDRESS PORT COUNT            tries to, and does not wait for an answer
 *   end GROUP                               ends its own half of each connection
 *   close GROUP                             closes the connections
 *   bind GROUP TYPE ADDRESS COUNT           UDP sockets of the type udp4 or udp6
 *   bind GROUP TYPE ADDRESS COUNT PEER PORT the same, connected
 *   serve ADDRESS PORT                      takes connections, and ends each when it is ended or soon after
 *   visit ADDRESS PORT COUNT RATE SECONDS   COUNT connections to such a server, RATE a second, or as many as there can be
 *                                           in so many seconds; ends every second one
 */

import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { createInterface } from 'node:readline';

const seconds = Number(process.argv[2]);
if (!(seconds > 0 && seconds <= 600)) throw new Error(`SECONDS: found ${process.argv[2]}, allowed: from 1 to 600`);
setTimeout(() => process.exit(0), seconds * 1000);

/** Connections that may be waiting to be made by `visit`. */
const MOST_AT_ONCE = 500;

const groups = new Map();
const group = (name) => groups.get(name) ?? groups.set(name, new Set()).get(name);
const times = (count, make) => Array.from({ length: Number(count) }, make);
const every = (sockets, act) => Promise.all([...sockets].map(act));

/** Keeps a connection in its group, without reading from it. */
function keep(name, socket) {
  socket.on('error', () => socket.destroy());
  group(name).add(socket.pause());
  return socket;
}

const connection = (name, host, port) => keep(name, net.connect({ host, port: Number(port), allowHalfOpen: true }));

async function listening(server, address, port) {
  server.listen({ host: address, port: Number(port), backlog: 4096 });
  await once(server, 'listening');
}

const commands = {
  listen(name, address, port) {
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => keep(name, socket));
    return listening(server, address, port);
  },

  async accepted(name, count) {
    while (group(name).size < Number(count)) await new Promise((resolve) => setTimeout(resolve, 10));
  },

  connect: (name, host, port, count) =>
    every(
      times(count, () => connection(name, host, port)),
      connected,
    ),

  async try(name, host, port, count) {
    times(count, () => connection(name, host, port));
  },

  end: (name) => every(group(name), (socket) => new Promise((resolve) => socket.end(resolve))),

  async close(name) {
    const sockets = group(name);
    groups.delete(name);
    await every(sockets, (socket) => closed(socket.destroy()));
  },

  async bind(name, type, address, count, peer, port) {
    await every(
      times(count, () => dgram.createSocket(type)),
      async (socket) => {
        group(name).add(socket);
        socket.bind(0, address);
        await once(socket, 'listening');
        if (peer === undefined) return;
        socket.connect(Number(port), peer);
        await once(socket, 'connect');
      },
    );
  },

  serve(address, port) {
    const server = net.createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.resume();
      setTimeout(() => socket.end(), 100);
    });
    return listening(server, address, port);
  },

  async visit(host, port, count, rate, lasting) {
    const started = performance.now();
    const until = started + Number(lasting) * 1000;
    let [begun, ended] = [0, 0];
    while (ended < Number(count) && performance.now() < until) {
      const due = Math.min(Number(count), ((performance.now() - started) / 1000) * Number(rate), ended + MOST_AT_ONCE);
      for (; begun < due; begun++) {
        const socket = net.connect(Number(port), host);
        if (begun % 2 === 0) socket.once('connect', () => socket.end());
        socket.on('error', () => socket.destroy());
        socket.once('close', () => ended++);
        socket.resume();
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  },
};

async function connected(socket) {
  if (socket.connecting) await once(socket, 'connect');
}

async function closed(socket) {
  if (!socket.closed) await once(socket, 'close');
}

const lines = createInterface({ input: process.stdin });
lines.on('close', () => process.exit(0));
lines.on('line', async (line) => {
  const [number, command, ...args] = line.split(' ');
  try {
    await commands[command](...args);
    process.stdout.write(`${number}\n`);
  } catch (error) {
    process.stdout.write(`${number} ${line}: ${error}\n`);
  }
});
