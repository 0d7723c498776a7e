/** Programs and rules that run in the namespaces of a laboratory of conntrackd. */

/** Tracks everything but the dedicated links. FTP is helped, as some expect it of port 21. */
export const RULES = `
table inet laboratory {
  ct helper ftp {
    type "ftp" protocol tcp;
  }
  chain in {
    type filter hook prerouting priority raw; policy accept;
    iifname "sync*" notrack
  }
  chain out {
    type filter hook output priority raw; policy accept;
    oifname "sync*" notrack
  }
  chain lossy {
    type filter hook input priority 0; policy accept;
  }
  chain help {
    type filter hook output priority 0; policy accept;
    tcp dport 21 ct helper set "ftp"
    ct state new counter accept
  }
}
`;

/** Waits for the end of its input, kills all processes in the given namespaces, and removes them and the folder. */
export const JANITOR = `
cat > /dev/null
folder=$1
shift
for namespace; do
  ip netns pids "$namespace" 2> /dev/null | xargs -r kill -9
  ip netns delete "$namespace"
done
rm -rf "$folder"
`;

/** Announces a data connection on every control connection. The kernel parses whole lines after the first. */
export const FTP_SERVER = `
let port = 256 * 100;
require('node:net').createServer((socket) => {
  port++;
  const place = '227 Entering Passive Mode (127,0,0,1,' + (port >> 8) + ',' + (port & 255) + ')\\r\\n';
  socket.on('error', () => socket.destroy());
  socket.on('data', () => socket.write(place));
  socket.write('220 ready\\r\\n');
}).listen(21, '127.0.0.1', () => process.stdout.write('listening\\n'));
`;

/** Opens control connections and keeps them. The kernel expects one data connection for each. */
export const FTP_CLIENT = `
let left = Number(process.argv[1]);
for (let count = left; count > 0; count--) {
  const socket = require('node:net').connect(21, '127.0.0.1');
  socket.on('data', (line) => {
    if (String(line).startsWith('220')) socket.write('PASV\\r\\n');
    else if (--left === 0) process.stdout.write('expected\\n');
  });
}
`;

/** Sends datagrams, each given in hexadecimal digits, to a port of a host from port 3999. */
export const SENDER = `
const [host, port, ...datagrams] = process.argv.slice(1);
const socket = require('node:dgram').createSocket('udp4').bind(3999, async () => {
  for (const datagram of datagrams) await new Promise((sent) => socket.send(Buffer.from(datagram, 'hex'), port, host, sent));
  socket.close();
});
`;
