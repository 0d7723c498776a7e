/**
 * A Node.js single executable application: a copy of Node.js that contains the program.
 * Source: https://nodejs.org/docs/latest-v24.x/api/single-executable-applications.html
 */

import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';

/** Marks the place where Node.js looks for an embedded program. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/**
 * Protects the capability. Node.js opens a debugger on SIGUSR1, which any process of the agent's user can send, and runs
 * what `NODE_OPTIONS` names. Only since 24.6 can both be disabled.
 */
const SEALED = ['--disable-sigusr1'] as const;

/**
 * V8 flags of the start. With any other flag than these, V8 rejects the compiled code that is part of Node.js, and
 * compiling it again takes 10 ms.
 */
export const FLAGS = [
  // 1 MB for young objects instead of up to 16: few survive a tick.
  '--max-semi-space-size=1',
  // No helper threads: each costs a stack and a malloc arena, and does not speed up collecting such a small heap.
  '--single-threaded-gc',
  '--no-concurrent-recompilation',
  '--no-concurrent-sparkplug',
  '--v8-pool-size=1',
] as const;

/**
 * V8 flags that keep memory from growing for hours. The live heap is about 8 MB, and with its default limits V8 collects no
 * old objects for more than an hour, because so little garbage is added. V8 looks at these flags whenever it needs them, so
 * the program sets them later.
 */
const LATER = [
  // Collections in idle time, and after less growth.
  '--memory-saver-mode',
  // Incremental marking starts at 30 % of the way to the limit. At 10 %, an idle host has 1.5 MB less in memory, but needs 7 %
  // more CPU time.
  '--incremental-marking-soft-trigger=30',
] as const;

/** Milliseconds after which they are set: the program is loaded. */
const LATE = 1000;

/**
 * Compiled code is in the order of hashes, whose seed is random otherwise. Of V8's flags, the only one that can differ at run
 * time, where the seed stays random.
 */
const REPRODUCIBLE = '--random-seed=1';

export interface Tools {
  /** The Node.js executable to copy. */
  readonly node: string;
  /** The same version of Node.js for this machine; the same file if it is the architecture of this machine. */
  readonly compiler: string;
  /** The program that removes symbols from the copy. */
  readonly strip: string;
  /** The script that embeds the program in the copy. */
  readonly postject: string;
}

/**
 * Builds the executable from a bundled script. Without its symbols, Node.js is an eighth smaller.
 *
 * The same inputs give the same bytes, whatever the folder: the blob contains the path of the script as it is given, so
 * that is relative to the folder.
 *
 * @param more V8 flags in addition to those of the packaged program.
 * @throws if one of the steps fails, with its reason on standard error, or if there is no `strip`.
 */
export function buildExecutable(tools: Tools, script: string, executable: string, more: readonly string[] = []): void {
  const { compiler, node, postject, strip } = tools;
  const folder = dirname(resolve(executable));
  const name = basename(executable);
  const [main, blob, config] = [`${name}.cjs`, `${name}.blob`, `${name}.json`];
  const at = (file: string): string => resolve(folder, file);
  // The line of the interpreter becomes empty, so that the others keep their numbers.
  writeFileSync(at(main), `${inAscii(readFileSync(script, 'utf8').replace(/^#!.*/, ''))}\n${setLater()}\n`);
  const flags = [...FLAGS, ...more];
  const settings = {
    main,
    output: blob,
    disableExperimentalSEAWarning: true,
    // Compiled code is for one architecture only.
    useCodeCache: compiler === node,
    execArgv: [...SEALED, ...flags],
    execArgvExtension: 'none',
  };
  writeFileSync(at(config), JSON.stringify(settings));
  // V8 rejects code that was compiled with other flags than these, with a warning at every start.
  run(folder, resolve(compiler), [...flags, REPRODUCIBLE, '--experimental-sea-config', config]);
  rmSync(executable, { force: true });
  copyFileSync(node, executable);
  chmodSync(executable, 0o755);
  removeSymbols(folder, strip, name);
  run(folder, resolve(compiler), [resolve(postject), name, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', FUSE]);
  for (const file of [main, blob, config]) rmSync(at(file));
}

/**
 * The same script in ASCII. With a character beyond Latin-1 in it, V8 would keep two bytes for each character: a megabyte
 * more in every process, and 3 ms more at each start. The bundler escapes the others in strings, so what remains is in
 * comments and in regular expressions, where an escape means the same.
 */
function inAscii(script: string): string {
  return script.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The statement that sets flags while the program runs. */
function setLater(): string {
  return `setTimeout(() => ${JSON.stringify(LATER)}.forEach(require('node:v8').setFlagsFromString), ${LATE}).unref();`;
}

/** Shows the output only if the command fails. */
function run(folder: string, command: string, args: readonly string[]): void {
  execFileSync(command, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
}

function removeSymbols(folder: string, strip: string, name: string): void {
  try {
    run(folder, strip, ['--strip-all', name]);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    const target = strip.replace(/-?strip$/, '').replaceAll('_', '-');
    throw new Error(`${strip} not found: install ${['binutils', target].filter(Boolean).join('-')}`);
  }
}
