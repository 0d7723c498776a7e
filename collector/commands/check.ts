/** `conntrack.plugin check`: what works here, for a person or a machine. */

import fs from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import os from 'node:os';
import path from 'node:path';

import { version } from '../../package.json';
import { readAbilities } from '../abilities.ts';
import { runCheck, type Self } from '../check/command.ts';
import { parseSeen, SEEN } from '../check/seen.ts';
import type { CommandLine } from '../cli.ts';
import { createModules } from '../collector.ts';
import type { Environment } from '../environment.ts';
import { createLog } from '../log.ts';
import { runAgain } from './again.ts';
import { moduleOptions } from './collecting.ts';
import { print } from './streams.ts';
import { clock } from './system.ts';

/** Tells a person what works here. */
export async function check({ config: asked, json }: CommandLine, environment: Environment): Promise<void> {
  const packaged = isPackaged();
  // What the modules log is in the report.
  const log = createLog({ level: 'error', now: clock.wall, write: () => undefined });
  const { hasColour, isUnicode } = readAbilities(process.env);
  const { code, errors, text } = await runCheck({
    fs,
    clock,
    environment,
    asked: asked === undefined ? undefined : path.resolve(asked),
    version,
    release: os.release(),
    program: { path: packaged ? process.execPath : __filename, packaged },
    uid: process.geteuid?.() ?? 0,
    seen: parseSeen(process.env[SEEN]),
    modules: (config) => createModules(moduleOptions(config, 1, environment, log)),
    self: selfOf(packaged),
    json,
    style: { hasColour: hasColour && process.stdout.isTTY, isUnicode },
  });
  if (errors !== '') process.stderr.write(errors);
  print(text);
  process.exitCode = code;
}

/** Whether the program is an executable of its own; Node.js before 20.12 cannot be one. */
function isPackaged(): boolean {
  if (!isBuiltin('node:sea')) return false;
  const { isSea }: typeof import('node:sea') = createRequire(__filename)('node:sea');
  return isSea();
}

/** Puts this process into all groups of a user. Node.js has it, but its types do not. */
function initgroups(user: string, gid: number): void {
  const posix: Pick<NodeJS.Process, 'setgid'> & { initgroups?: (user: string, group: number) => void } = process;
  posix.initgroups?.(user, gid);
}

function selfOf(packaged: boolean): Self {
  return {
    executable: process.execPath,
    become: ({ gid, groups, uid, user }) => {
      if (groups !== undefined) process.setgroups?.([...groups]);
      // Only a user that has a name is in other groups.
      else if (user === String(uid)) process.setgroups?.([gid]);
      else initgroups(user, gid);
      process.setgid?.(gid);
      process.setuid?.(uid);
    },
    runAgain: (words, variables) => {
      const program = packaged ? [process.execPath] : [process.execPath, __filename];
      return runAgain([...program, ...words], variables);
    },
  };
}
