/** Traffic within a node of a laboratory of conntrackd. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

import { FTP_CLIENT, FTP_SERVER } from './conntrackd_scripts.ts';

/** Relative to the project, because the benchmark is bundled to another folder. */
const TRAFFIC = resolve('test/helpers/traffic.js');

/**
 * Makes answered UDP flows; resolves when all datagrams are exchanged. They end within a minute.
 *
 * @param via a command prefix that runs a command in the node.
 */
export async function exchangeUdp(via: readonly string[], flows: number, datagrams: number): Promise<void> {
  const echo = background(via, [TRAFFIC, 'udp-echo', '7000', '60']);
  await firstOutput(echo);
  const talk = background(via, [TRAFFIC, 'udp-talk', '127.0.0.1', '7000', `${flows}`, `${datagrams}`, '60']);
  await firstOutput(talk);
  await Promise.all([echo, talk].map(endByForce));
}

/** Opens FTP connections that last as long as the node, with one expectation each. */
export async function openFtp(via: readonly string[], count: number): Promise<void> {
  await firstOutput(background(via, ['-e', FTP_SERVER]));
  await firstOutput(background(via, ['-e', FTP_CLIENT, `${count}`]));
}

function background(via: readonly string[], args: readonly string[]): ChildProcess {
  const [program = '', ...words] = [...via, process.execPath, ...args];
  return spawn(program, words, { stdio: ['ignore', 'pipe', 'ignore'] });
}

async function firstOutput(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit').then(() =>
    Promise.reject(new Error(`${child.spawnargs.join(' ')}: ended at once`)),
  );
  await Promise.race([child.stdout === null ? ended : once(child.stdout, 'data'), ended]);
  ended.catch(() => undefined);
}

async function endByForce(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
