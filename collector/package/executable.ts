/**
 * A Node.js single executable application: a copy of Node.js that contains the program.
 * Source: https://nodejs.org/docs/latest-v24.x/api/single-executable-applications.html
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

/** Marks the place where Node.js looks for an embedded program. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/**
 * Protects the capability. Node.js opens a debugger on SIGUSR1, which any process of the agent's user can send, and runs
 * what `NODE_OPTIONS` names. Only since 24.6 can both be disabled.
 */
const SEALED = ['--disable-sigusr1'] as const;

/**
 * V8 flags that keep memory from growing for hours. The live heap is about 7 MB, and with its default limits V8 collects no
 * old objects for more than an hour, because so little garbage is added.
 */
const HEAP = [
  // 1 MB for young objects instead of up to 16: few survive a tick.
  '--max-semi-space-size=1',
  // The first full collection at 6 MB of old objects. V8 schedules collections in idle time only after a first one.
  '--initial-old-space-size=6',
  // Later ones after less growth: smaller limits, and incremental marking from a tenth of the way to the limit.
  '--memory-saver-mode',
  '--incremental-marking-soft-trigger=10',
  // No helper threads: each costs a stack and a malloc arena, and does not speed up collecting such a small heap.
  '--single-threaded',
  '--v8-pool-size=1',
] as const;

export interface Tools {
  /** The Node.js executable to copy. */
  readonly node: string;
  /** The script that embeds the program in the copy. */
  readonly postject: string;
}

/**
 * Builds the executable from a bundled script. If there is a `strip`, it removes the symbols, an eighth of the size.
 *
 * @param more V8 flags in addition to those of the packaged program.
 * @throws if one of the steps fails; the reason is on standard error.
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
  // The line of the interpreter becomes empty, so that the others keep their numbers.
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
  // V8 rejects code that was compiled with other flags, with a warning at every start.
  run(node, [...flags, '--experimental-sea-config', config]);
  rmSync(executable, { force: true });
  copyFileSync(node, executable);
  chmodSync(executable, 0o755);
  spawnSync('strip', ['--strip-all', executable]);
  run(node, [postject, executable, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', FUSE]);
  for (const path of [main, blob, config]) rmSync(path);
}

/** Shows the output only if the command fails. */
function run(command: string, args: readonly string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
