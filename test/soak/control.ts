/**
 * The control: a second build of the packaged program with the same flags, which runs a full garbage collection on
 * SIGWINCH, a signal that the program itself ignores. The difference between the two is garbage that V8 has not freed yet.
 *
 * It has to be a separate build, because the packaged program accepts no flags and no code at run time.
 */

import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { buildExecutable } from '../../collector/package/executable.ts';
import { tools } from '../../collector/package/packages.ts';
import { memoryOf } from '../bench/cpu_time.ts';

const SCRIPT = 'dist/conntrack.plugin';
const LIBRARY = 'dist/conntrack-koffi';
const FOLDER = path.resolve('dist/soak/control');
const COLLECT = "process.on('SIGWINCH', () => globalThis.gc());\n";
/** Until V8 has returned the emptied pages to the kernel. */
const SETTLE_MS = 2000;

/** Builds the control from the output of `npm run build` and returns its path. */
export function buildControl(): string {
  mkdirSync(FOLDER, { recursive: true });
  const script = path.join(FOLDER, 'script.cjs');
  const executable = path.join(FOLDER, 'conntrack.plugin');
  writeFileSync(script, COLLECT + readFileSync(SCRIPT, 'utf8').replace(/^#!.*\n/, ''));
  buildExecutable(tools(), script, executable, ['--expose-gc']);
  cpSync(LIBRARY, path.join(FOLDER, 'conntrack-koffi'), { recursive: true });
  return executable;
}

/** Has the control collect its garbage; returns its anonymous memory before and after, in bytes. */
export async function collectGarbage(pid: number): Promise<{ before: number; after: number }> {
  const before = memoryOf(pid, 'RssAnon');
  process.kill(pid, 'SIGWINCH');
  await sleep(SETTLE_MS);
  return { before, after: memoryOf(pid, 'RssAnon') };
}
