/** The modes of conntrackd in a laboratory, and the configuration of a daemon in each of them. */

import { join } from 'node:path';

export type ConntrackdNode = 'active' | 'backup';

type Transport = 'UDP' | 'Multicast' | 'TCP';

export interface Mode {
  readonly nodes: readonly ConntrackdNode[];
  /** Dedicated links; the second is a backup channel. */
  readonly links: 1 | 2;
  readonly transport: Transport;
  /** `Mode …` and its clauses; without it, it is a statistics daemon. */
  readonly sync?: string;
  /** Clauses of `Options`. */
  readonly options?: string;
}

const PAIR = { nodes: ['active', 'backup'], links: 1, transport: 'UDP' } as const;

export const CONNTRACKD_MODES = {
  'ftfw-udp': { ...PAIR, sync: 'FTFW { }' },
  'ftfw-multicast': { ...PAIR, transport: 'Multicast', sync: 'FTFW { }' },
  'ftfw-two-links': { ...PAIR, links: 2, sync: 'FTFW { }' },
  'ftfw-expectations': { ...PAIR, sync: 'FTFW { }', options: 'ExpectationSync { ftp }' },
  'ftfw-no-external-cache': { ...PAIR, sync: 'FTFW { DisableExternalCache On }' },
  alarm: { ...PAIR, sync: 'ALARM { RefreshTime 1\nCacheTimeout 180 }' },
  notrack: { ...PAIR, sync: 'NOTRACK { }' },
  'notrack-no-caches': {
    ...PAIR,
    sync: 'NOTRACK { DisableInternalCache On\nDisableExternalCache On }',
    options: 'ExpectationSync { ftp }',
  },
  'notrack-tcp': { ...PAIR, transport: 'TCP', sync: 'NOTRACK { }' },
  stats: { ...PAIR, nodes: ['active'] },
} as const satisfies Readonly<Record<string, Mode>>;

export type ConntrackdMode = keyof typeof CONNTRACKD_MODES;

export function setupOf(mode: ConntrackdMode): Mode {
  return CONNTRACKD_MODES[mode];
}

/** The paths of a daemon's files. */
export function filesOf(folder: string, node: ConntrackdNode) {
  const path = (extension: string): string => join(folder, `${node}.${extension}`);
  return { socket: path('ctl'), log: path('log'), configuration: path('conf'), lock: path('lock') };
}

/** The text of a node's configuration file, with all files of the daemon in `folder`. */
export function configurationText(mode: ConntrackdMode, node: ConntrackdNode, folder: string): string {
  const { links, options, sync, transport } = setupOf(mode);
  const general = `General {
  HashSize 1024
  HashLimit 65536
  LogFile ${filesOf(folder, node).log}
  LockFile ${filesOf(folder, node).lock}
  UNIX { Path ${filesOf(folder, node).socket} }
  NetlinkBufferSize 262144
  NetlinkBufferSizeMaxGrowth 1048576
}\n`;
  if (sync === undefined) return `${general}Stats { }\n`;
  const channels = Array.from({ length: links }, (_, link) => {
    const role = links > 1 && link === 0 ? 'Default ' : '';
    return `  ${transport} ${role}{\n    ${channel(transport, link, node).join('\n    ')}\n  }\n`;
  });
  const more = options === undefined ? '' : `  Options { ${options} }\n`;
  return `Sync {\n  Mode ${sync}\n${channels.join('')}${more}}\n${general}`;
}

/** The address of a node on a link. */
export function address(link: number, node: ConntrackdNode): string {
  return `10.78.${link}.${node === 'active' ? 1 : 2}`;
}

function channel(transport: Transport, link: number, node: ConntrackdNode): string[] {
  const own = address(link, node);
  const other = address(link, node === 'active' ? 'backup' : 'active');
  const common = [`Interface sync${link}`, 'Checksum on'];
  if (transport === 'Multicast') {
    return [`IPv4_address 225.0.0.${50 + link}`, `Group ${3780 + link}`, `IPv4_interface ${own}`, ...common];
  }
  return [`IPv4_address ${own}`, `IPv4_Destination_Address ${other}`, `Port ${3780 + link}`, ...common];
}
