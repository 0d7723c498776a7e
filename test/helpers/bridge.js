/**
 * Lets a test outside a network namespace talk to a server inside it: `bridge.js SOCKET PORT`, run inside, connects
 * every client of a UNIX socket to a port of 127.0.0.1.
 */

import net from 'node:net';

const [path, port] = process.argv.slice(2);

net
  .createServer((client) => {
    const server = net.connect(Number(port), '127.0.0.1');
    client.on('error', () => server.destroy());
    server.on('error', () => client.destroy());
    client.pipe(server).pipe(client);
  })
  .listen(path);
