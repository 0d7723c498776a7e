/**
 * Another process of a user, which tries to get into every other one of that user: it sends SIGUSR1, on which Node.js
 * opens a debugger, from a random moment of its life on, again and again. On SIGTERM it prints what came of it as JSON.
 */

const fs = require('node:fs');

/** Milliseconds. Half of the moments are in the first eighth: on a fast machine a process lives no longer. */
const LATEST = 400;
const PAUSE = 5;
/** Of Node.js's debugger, in hexadecimal, and the state of a socket that listens. */
const PORT = '240D';
const LISTENS = '0A';

/** When each process is signalled next, by its number. */
const due = new Map();
const result = { processes: 0, signals: 0, debuggers: 0, terminals: [] };

function attempt(action) {
  try {
    return action();
  } catch {
    return undefined;
  }
}

function isOwn(pid) {
  return attempt(() => fs.statSync(`/proc/${pid}`).uid) === process.getuid();
}

function terminalsOf(pid) {
  const controlling = attempt(() => fs.readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/.*\) /s, '').split(' ')[4]);
  const open = attempt(() =>
    fs.readdirSync(`/proc/${pid}/fd`).map((fd) => attempt(() => fs.readlinkSync(`/proc/${pid}/fd/${fd}`))),
  );
  const found = (open ?? []).filter((target) => /^\/dev\/(pts|tty|console)/.test(target ?? ''));
  return controlling === undefined || controlling === '0' ? found : [...found, `controlling ${controlling}`];
}

function look() {
  const now = performance.now();
  for (const entry of fs.readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid || !isOwn(pid)) continue;
    if (!due.has(pid)) {
      due.set(pid, now + Math.random() ** 3 * LATEST);
      result.processes++;
    }
    result.terminals.push(...terminalsOf(pid));
    if (now < due.get(pid)) continue;
    due.set(pid, now + PAUSE);
    if (attempt(() => process.kill(pid, 'SIGUSR1'))) result.signals++;
  }
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const lines = attempt(() => fs.readFileSync(file, 'latin1').split('\n')) ?? [];
    const sockets = lines.map((line) => line.trim().split(/\s+/));
    result.debuggers += sockets.filter(([, local, , state]) => local?.endsWith(`:${PORT}`) && state === LISTENS).length;
  }
}

process.on('SIGTERM', () => {
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exit();
});
setInterval(look, 2);
process.stdout.write('ready\n');
