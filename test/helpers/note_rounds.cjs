/**
 * Loaded into the program before it starts (`node --require`). Appends lines to the file that ROUNDS names: for each closed
 * connection the request in hexadecimal and when it was opened and closed, in microseconds of the program's clock; and
 * `tick` for each update, before it is written.
 */

const { appendFileSync } = require('node:fs');
const net = require('node:net');

const now = () => Math.round(Number(process.hrtime.bigint()) / 1000);
const note = (...words) => appendFileSync(process.env.ROUNDS, `${words.join(' ')}\n`);

const { createConnection } = net;
net.createConnection = (...options) => {
  const opened = now();
  const socket = createConnection(...options);
  const { write } = socket;
  let request = '';
  socket.write = (bytes, ...rest) => {
    request = Buffer.from(bytes).toString('hex');
    return write.call(socket, bytes, ...rest);
  };
  socket.once('close', () => note(request, opened, now()));
  return socket;
};

const { write } = process.stdout;
process.stdout.write = (text, ...rest) => {
  if (text.includes('BEGIN ')) note('tick');
  return write.call(process.stdout, text, ...rest);
};
