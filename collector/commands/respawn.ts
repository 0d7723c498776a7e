/** Starts the program again, without access to the terminal and with a time limit. */

import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';

import type { Ended } from '../check/command.ts';

/** Milliseconds; no check takes nearly as long. */
const LONGEST = 20_000;
/** The flag of a descriptor that no child process inherits. Source: asm-generic/fcntl.h. */
const O_CLOEXEC = 0o2000000;
/** Characters; no report comes near this size. */
const LARGEST = 1024 * 1024;

/**
 * Runs a command in a new session, with none of this process's descriptors and only the environment variables that the
 * program reads.
 *
 * @param words the program and its arguments.
 */
export function respawn(words: readonly string[], variables: Readonly<Record<string, string>>): Promise<Ended> {
  const [program = '', ...others] = words;
  closeInherited();
  const own = Object.entries(process.env).filter(([name]) => name === 'PATH' || name.startsWith('NETDATA_'));
  const child = spawn(program, others, {
    // The agent's user may have no access to root's.
    cwd: '/',
    env: { ...Object.fromEntries(own), ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  return ended(child);
}

/**
 * Closes the descriptors that this process inherited, except its standard streams. No child inherits those that Node.js
 * opens, but of the inherited ones Node.js protects only those up to the first gap above 15. Source: `uv_disable_stdio_inheritance` of libuv.
 */
function closeInherited(): void {
  for (const name of fs.readdirSync('/proc/self/fd')) {
    const descriptor = Number(name);
    if (descriptor > 2 && isInherited(name)) fs.closeSync(descriptor);
  }
}

/** Whether a child process inherits a descriptor; `false` if it is closed already. Source: proc_pid_fdinfo(5). */
function isInherited(descriptor: string): boolean {
  try {
    const [, flags] = /^flags:\s*([0-7]+)$/m.exec(fs.readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1')) ?? [];
    return flags !== undefined && (Number.parseInt(flags, 8) & O_CLOEXEC) === 0;
  } catch {
    return false;
  }
}

function ended(child: ChildProcess): Promise<Ended> {
  return new Promise((resolve) => {
    let output = '';
    let errors = '';
    const end = (how: string, code?: number): void => {
      clearTimeout(timer);
      resolve({ output, errors, how, code });
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      end(`timed out after ${LONGEST / 1000} seconds`);
    }, LONGEST);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output = `${output}${text}`.slice(0, LARGEST);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errors = `${errors}${text}`.slice(0, LARGEST);
    });
    child.on('error', (error) => end(error.message));
    child.on('close', (code, signal) => (code === null ? end(`killed by ${signal}`) : end(`exit code ${code}`, code)));
  });
}
