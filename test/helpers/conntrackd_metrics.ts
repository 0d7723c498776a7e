/** The samples of module `conntrackd` for daemons in every mode, and what it requests, reads and connects to. */

import type { Socket } from 'node:net';
import { Volume } from 'memfs';

import { createLog } from '../../collector/base/log.ts';
import { ConntrackdModule } from '../../collector/modules/conntrackd/conntrackd.ts';
import type { Request } from '../../collector/modules/conntrackd/request.ts';
import type { Sample } from '../../collector/modules/module.ts';
import { MemoryDaemon } from './conntrackd_daemon.ts';
import { recording, recordings } from './conntrackd_text.ts';
import { contextOf } from './context.ts';
import { FakeRuntime } from './fake_runtime.ts';

const log = createLog({ level: 'error', now: () => 0, write: () => undefined });

/** The recorded modes. */
export const RECORDED_MODES = [
  'ftfw-udp',
  'ftfw-multicast',
  'ftfw-two-links',
  'ftfw-expectations',
  'ftfw-no-external-cache',
  'alarm',
  'notrack',
  'notrack-tcp',
  'notrack-no-caches',
  'stats',
] as const;

export interface Asked {
  /** The samples after the second round of requests, when rates are known. */
  readonly samples: readonly Sample[];
  readonly requests: ReadonlySet<Request>;
  /** The paths of the connected sockets. */
  readonly connected: ReadonlySet<string>;
}

/** A host with listening sockets at these paths. */
export function listening(...paths: readonly string[]): Volume {
  const rows = paths.map((path) => `00000000: 00000002 00000000 00010000 0001 01 4711 ${path}\n`);
  return Volume.fromJSON({
    ...Object.fromEntries(paths.map((path) => [path, ''])),
    '/proc/net/unix': `Num       RefCount Protocol Flags    Type St Inode Path\n${rows.join('')}`,
    '/proc/sys/net/netfilter/nf_conntrack_count': '812\n',
  });
}

/** Queries the recorded active node of each mode, each at a separate socket. */
export async function askModes(modes: readonly string[]): Promise<Asked> {
  const daemons = new Map(modes.map((mode) => [`/run/${mode}.ctl`, recorded(mode)]));
  const paths = [...daemons.keys()];
  return ask(listening(...paths), paths, (path) => daemons.get(path));
}

/** Queries the daemon that is found in `volume` if no socket is configured. */
export function askTheUsual(volume: Volume): Promise<Asked> {
  const daemon = recorded('ftfw-udp');
  return ask(volume, [], () => daemon);
}

function recorded(mode: string): MemoryDaemon {
  const own = recordings().filter(({ name, request }) => name === `${mode}/active/${request}.txt`);
  const replies = Object.fromEntries(own.map(({ request, text }) => [request, text]));
  // Child processes are too short-lived to be found in a recording of everything.
  return new MemoryDaemon({ ...replies, process: recording('composed/children/process') });
}

async function ask(
  volume: Volume,
  sockets: readonly string[],
  daemonAt: (path: string) => MemoryDaemon | undefined,
): Promise<Asked> {
  const runtime = new FakeRuntime();
  const connected = new Set<string>();
  const daemons = new Set<MemoryDaemon>();
  const connect = (path: string): Socket => {
    const daemon = daemonAt(path);
    if (daemon === undefined) throw new Error(`no daemon at ${path}`);
    connected.add(path);
    daemons.add(daemon);
    return daemon.connect();
  };
  const settings = { enabled: 'auto', every: 5, update_every: 5, timeout: 2, sockets } as const;
  const module = new ConntrackdModule(contextOf({ connect, fs: volume, log, runtime }), settings);
  let samples: readonly Sample[] = [];
  for (const second of [0, 5, 6]) {
    runtime.advanceTo(second);
    samples = module.collect(second * 1e6, true);
    await runtime.settle();
  }
  module.close();
  return { samples, requests: new Set([...daemons].flatMap(({ asked }) => asked)), connected };
}
