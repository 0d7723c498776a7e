/** Runs the program once more, where it may neither reach the terminal nor run for ever. */

import { type ChildProcess, spawn } from 'node:child_process';

import type { Ended } from '../check/command.ts';

/** Milliseconds that it may take; no check comes near. */
const LONGEST = 20_000;
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
