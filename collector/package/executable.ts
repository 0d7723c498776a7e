/**
 * A Node.js single executable application: a copy of Node.js with the program inside.
 * Source: https://nodejs.org/docs/latest-v24.x/api/single-executable-applications.html
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

/** Where Node.js looks whether there is a program inside. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/**
 * What keeps the capability to the program. Node.js opens a debugger on SIGUSR1, which whoever is the agent's user can
 * send, and runs what `NODE_OPTIONS` names. Only since 24.6 can it be told to do neither.
 */
const SEALED = { execArgv: ['--disable-sigusr1'], execArgvExtension: 'none' } as const;

export interface Tools {
  /** The Node.js that is copied. */
  readonly node: string;
  /** The script that puts the program into the copy. */
  readonly postject: string;
}

/**
 * Builds the executable from a script in one file. Symbols for debuggers, an eighth of the size, are left out where there
 * is a `strip`.
 *
 * @throws when one of the steps fails; its reason is on standard error.
 */
export function buildExecutable({ node, postject }: Tools, script: string, executable: string): void {
  const main = `${executable}.cjs`;
  const blob = `${executable}.blob`;
  const config = `${executable}.json`;
  // The line that names the interpreter stays, empty, so that all others keep their numbers.
  writeFileSync(main, readFileSync(script, 'utf8').replace(/^#!.*/, ''));
  const settings = { main, output: blob, disableExperimentalSEAWarning: true, useCodeCache: true, ...SEALED };
  writeFileSync(config, JSON.stringify(settings));
  run(node, ['--experimental-sea-config', config]);
  rmSync(executable, { force: true });
  copyFileSync(node, executable);
  chmodSync(executable, 0o755);
  spawnSync('strip', ['--strip-all', executable]);
  run(node, [postject, executable, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', FUSE]);
  for (const path of [main, blob, config]) rmSync(path);
}

/** What the steps print is noise unless one fails. */
function run(command: string, args: readonly string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
