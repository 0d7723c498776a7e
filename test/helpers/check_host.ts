/** A host in memory for `check`: files, processes, accounts. */

import { Volume } from 'memfs';

import type { CheckFileSystem } from '../../collector/check/files.ts';
import type { Places } from '../../collector/check/remedy.ts';

/** Contents of `/proc/PID/status`; capability sets are hexadecimal. */
export interface StatusOptions {
  readonly parent?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly groups?: readonly number[];
  readonly permitted?: string;
  readonly bounding?: string;
  readonly ambient?: string;
  readonly noNewPrivileges?: number;
  /** Its ids in the nested PID namespaces, the outermost first. */
  readonly pids?: readonly number[];
}

export const ALL = '000001ffffffffff';
export const NONE = '0000000000000000';
export const NET_ADMIN = '0000000000001000';
/** Every capability but CAP_NET_ADMIN. */
export const OTHERS = '000001ffffffefff';

export function statusText(options: StatusOptions = {}): string {
  const {
    ambient = NONE,
    bounding = ALL,
    gid = 0,
    groups = [],
    parent = 1,
    permitted = ALL,
    pids = [7],
    uid = 0,
  } = options;
  return `Name:\tx
Umask:\t0022
PPid:\t${parent}
Uid:\t${uid + 100}\t${uid}\t${uid + 200}\t${uid + 300}
Gid:\t${gid + 100}\t${gid}\t${gid + 200}\t${gid + 300}
Groups:\t${groups.map((group) => `${group} `).join('')}
NSpid:\t${pids.join('\t')}
CapInh:\t${ALL}
CapPrm:\t${permitted}
CapEff:\t${ALL}
CapBnd:\t${bounding}
CapAmb:\t${ambient}
NoNewPrivs:\t${options.noNewPrivileges ?? 0}
`;
}

/** Values for the placeholders that every remedy can use. */
export const PLACES: Places = {
  program: '/p/conntrack.plugin',
  folder: '/p',
  capabilities: 'cap_net_admin=p',
  user: 'agent',
  group: 'agents',
  prefix: '/',
  netdata_conf: '/etc/netdata/netdata.conf',
};

/** The files in `/proc` of a process with this name, command line and start time in clock ticks. */
export function processFiles(
  pid: number,
  { name = 'x', ...status }: StatusOptions & { readonly name?: string },
  words: readonly string[] = [],
  start = 0,
): Readonly<Record<string, string>> {
  const before = Array.from({ length: 18 }, (_, at) => 300 + at).join(' ');
  return {
    [`/proc/${pid}/comm`]: `${name}\n`,
    [`/proc/${pid}/status`]: statusText(status),
    [`/proc/${pid}/stat`]: `${pid} (a) b) S ${before} ${start} 999\n`,
    [`/proc/${pid}/cmdline`]: words.map((word) => `${word}\0`).join(''),
  };
}

/** Attributes of a file. */
export type StatOptions = Partial<Record<'mode' | 'uid' | 'gid' | 'dev' | 'ctimeMs', number>>;

/** The program of a process named netdata, unless the test links another one. */
const NETDATA = '/usr/sbin/netdata';

/**
 * Files that only root can write to, and symbolic links, by path.
 *
 * @param stats of files that differ.
 */
export function filesOf(
  texts: Readonly<Record<string, string>>,
  links: Readonly<Record<string, string>> = {},
  stats: Readonly<Record<string, StatOptions>> = {},
): CheckFileSystem {
  const agents = Object.keys(texts).filter((path) => /^\/proc\/\d+\/comm$/.test(path) && texts[path] === 'netdata\n');
  const volume = Volume.fromJSON({ ...(agents.length === 0 ? {} : { [NETDATA]: '' }), ...texts });
  const shown = agents.map((path) => path.slice(0, -'/comm'.length));
  const usual = Object.fromEntries(
    shown.flatMap((path): [string, string][] => [
      [`${path}/exe`, NETDATA],
      [`${path}/root`, '/'],
    ]),
  );
  for (const [path, target] of Object.entries({ ...usual, ...links })) {
    volume.mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true });
    volume.symlinkSync(target, path);
  }
  return {
    openSync: (path, flags) => volume.openSync(path, flags),
    readSync: (descriptor, buffer, offset, length, position) =>
      volume.readSync(descriptor, buffer, offset, length, position),
    fstatSync: (descriptor) => volume.fstatSync(descriptor),
    closeSync: (descriptor) => volume.closeSync(descriptor),
    statSync: (path) => {
      const { dev, ino, mode, mtimeMs, size } = volume.statSync(path);
      const known = { dev, ino, mtimeMs, size, mode: mode & ~0o022, uid: 0, gid: 0, ctimeMs: 0 };
      return { ...known, ...stats[String(volume.realpathSync(path))] };
    },
    readdirSync: (path) => volume.readdirSync(path),
    readlinkSync: (path) => volume.readlinkSync(path),
    realpathSync: (path) => String(volume.realpathSync(path)),
  };
}
