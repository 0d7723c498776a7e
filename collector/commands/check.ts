/** The command `conntrack.plugin check`. */

import fs from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import os from 'node:os';
import path from 'node:path';

import { version } from '../../package.json';
import type { Environment } from '../agent/environment.ts';
import { createLog } from '../base/log.ts';
import { CAPABILITY_ATTRIBUTE, CAPABILITY_SIZE } from '../check/capability.ts';
import { runCheck, type Self } from '../check/command.ts';
import { parseSeen, SEEN } from '../check/seen.ts';
import type { CommandLine } from '../cli.ts';
import { Job } from '../jobs/job.ts';
import { HOST } from '../jobs/jobs.ts';
import { namespaceConfig } from '../jobs/namespace_config.ts';
import { loadForeign } from '../modules/access.ts';
import { NamespaceContext } from '../namespaces/context.ts';
import type { Foreign } from '../netlink/foreign.ts';
import { readAbilities } from '../terminal/abilities.ts';
import { hostContext } from './collecting.ts';
import { namespaceNamed } from './enter.ts';
import { namespaceAccess } from './namespace_access.ts';
import { respawn } from './respawn.ts';
import { print } from './streams.ts';
import { clock, LIBRARY } from './system.ts';

/** Prints the report, as text or as JSON, and sets the exit code. */
export async function check({ config, json, netns }: CommandLine, environment: Environment): Promise<void> {
  const packaged = isPackaged();
  // The report contains what the modules would log.
  const log = createLog({ level: 'error', now: clock.wall, write: () => undefined });
  const context = hostContext(environment, log);
  const access = namespaceAccess(context);
  const { hasColour, isUnicode } = readAbilities(process.env);
  const { code, errors, text } = await runCheck({
    fs,
    clock,
    environment,
    configFile: config === undefined ? undefined : path.resolve(config),
    version,
    release: os.release(),
    program: { path: packaged ? process.execPath : __filename, packaged },
    executable: process.execPath,
    capabilities: capabilityReader(),
    uid: process.geteuid?.() ?? 0,
    seen: parseSeen(process.env[SEEN]),
    modules: (settings) => new Job(HOST, context, { config: settings, every: 1 }).modules,
    namespaces: {
      find: () => access.discovery.find(),
      enter: (namespace) => access.enter(namespace),
      named: namespaceNamed,
      configOf: namespaceConfig,
      modules: (settings, namespace, entrance) => {
        const inside = new NamespaceContext(context, namespace, entrance, log);
        return new Job(namespace.name, inside, { config: settings, every: 1 }).modules;
      },
    },
    netns,
    self: selfOf(packaged),
    json,
    style: { hasColour: hasColour && process.stdout.isTTY, isUnicode },
  });
  if (errors !== '') process.stderr.write(errors);
  print(text);
  process.exitCode = code;
}

/** Whether the program is a native executable, which Node.js before 20.12 cannot be. */
function isPackaged(): boolean {
  if (!isBuiltin('node:sea')) return false;
  const { isSea }: typeof import('node:sea') = createRequire(__filename)('node:sea');
  return isSea();
}

/**
 * Keeps Node.js from opening a debugger on SIGUSR1, which other programs of the agent's user can send. Node.js installs
 * its handler before any script runs, and even if the signal is inherited as ignored. Before `--disable-sigusr1` (22.14),
 * the debugger gets an address that it cannot listen on: the name of the interface is too long.
 */
const WITHOUT_DEBUGGER = process.allowedNodeEnvironmentFlags.has('--disable-sigusr1')
  ? '--disable-sigusr1'
  : '--inspect-port=[fe80::1%no-such-interface]:9229';

/** Reads the capability attribute of files, with the library that also opens sockets. */
function capabilityReader(): (path: string) => Uint8Array | undefined {
  let foreign: Foreign | undefined;
  return (file) => {
    try {
      foreign ??= loadForeign(fs, LIBRARY);
      return foreign.attribute(file, CAPABILITY_ATTRIBUTE, CAPABILITY_SIZE);
    } catch {
      return undefined;
    }
  };
}

function selfOf(packaged: boolean): Self {
  return {
    words: packaged ? [process.execPath] : [process.execPath, WITHOUT_DEBUGGER, __filename],
    run: respawn,
  };
}
