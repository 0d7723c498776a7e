/** Runs the program once more, where it may neither reach the terminal nor run for ever. */

import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';

import type { Ended } from '../check/command.ts';

/** Milliseconds that it may take; no check comes near. */
const LONGEST = 20_000;
/** The flag of a descriptor that no child process gets. Source: asm-generic/fcntl.h. */
const O_CLOEXEC = 0o2000000;
/** No report comes near this size, in characters. */
const LARGEST = 1024 * 1024;

/**
 * Runs it in a session of its own, with no descriptor of this process, and with nothing of its environment but what the
 * program reads.
 *
 * @param words the program and its words.
 */
export function respawn(words: readonly string[], variables: Readonly<Record<string, string>>): Promise<Ended> {
  const [program = '', ...others] = words;
  closeInherited();
  const own = Object.entries(process.env).filter(([name]) => name === 'PATH' || name.startsWith('NETDATA_'));
  const child = spawn(program, others, {
    // That of root may be closed to the agent's user.
    cwd: '/',
    env: { ...Object.fromEntries(own), ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  return ended(child);
}

/**
 * Closes what this process was started with beside its standard streams. Node.js, whose own descriptors no child gets,
 * keeps those from children only up to the first gap above 15. Source: `uv_disable_stdio_inheritance` of libuv.
 */
function closeInherited(): void {
  for (const name of fs.readdirSync('/proc/self/fd')) {
    const descriptor = Number(name);
    if (descriptor > 2 && isHandedOn(name)) fs.closeSync(descriptor);
  }
}

/** Whether a child process gets a descriptor; not, if it is closed already. Source: proc_pid_fdinfo(5). */
function isHandedOn(descriptor: string): boolean {
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
      end(`it did not end within ${LONGEST / 1000} seconds`);
    }, LONGEST);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output = `${output}${text}`.slice(0, LARGEST);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errors = `${errors}${text}`.slice(0, LARGEST);
    });
    child.on('error', (error) => end(error.message));
    child.on('close', (code, signal) =>
      code === null ? end(`it ended by ${signal}`) : end(`it ended with code ${code}`, code),
    );
  });
}
