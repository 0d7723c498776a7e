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
const SEALED = ['--disable-sigusr1'] as const;

/**
 * Flags of V8 that keep memory from growing for hours. The live heap is some 7 MB, and with its default limits V8 collects
 * no old objects for more than an hour, because so little garbage is added.
 */
const HEAP = [
  // Space for young objects: 1 MB instead of up to 16. Few survive a tick.
  '--max-semi-space-size=1',
  // The first full collection at 6 MB of old objects. V8 schedules collections in idle time only after a first one.
  '--initial-old-space-size=6',
  // The next one after less growth: smaller limits, and incremental marking starts at a tenth of the way to the limit.
  '--memory-saver-mode',
  '--incremental-marking-soft-trigger=10',
  // No helper threads: each costs a stack and a malloc arena, and a collection of so small a heap gains nothing from them.
  '--single-threaded',
  '--v8-pool-size=1',
] as const;

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
 * @param more flags of V8 besides those that the packaged program has.
 * @throws when one of the steps fails; its reason is on standard error.
 */
export function buildExecutable(
  { node, postject }: Tools,
  script: string,
  executable: string,
  more: readonly string[] = [],
): void {
  const main = `${executable}.cjs`;
  const blob = `${executable}.blob`;
  const config = `${executable}.json`;
  // The line that names the interpreter stays, empty, so that all others keep their numbers.
  writeFileSync(main, readFileSync(script, 'utf8').replace(/^#!.*/, ''));
  const flags = [...HEAP, ...more];
  const settings = {
    main,
    output: blob,
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
    execArgv: [...SEALED, ...flags],
    execArgvExtension: 'none',
  };
  writeFileSync(config, JSON.stringify(settings));
  // V8 rejects compiled code, with a warning at every start, that was compiled with other flags.
  run(node, [...flags, '--experimental-sea-config', config]);
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
