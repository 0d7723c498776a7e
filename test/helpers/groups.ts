/** Groups of tests that need more than Node.js, and their requirements. */

import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type {} from 'vitest';

import { agent2Home, archiveIn } from './agent2.ts';
import { Podman } from './podman.ts';

export const GROUPS = [
  'kernel',
  'agent',
  'agent2',
  'browser',
  'conntrackd',
  'podman',
  'terminal',
  'package',
  'lintian',
  'kernels',
] as const;
export type Group = (typeof GROUPS)[number];

/** Groups that are never required: Podman, which many machines refuse, and an agent 2.x only where its folder is known. */
export const OPTIONAL: readonly Group[] = agent2Home() === undefined ? ['podman', 'agent2'] : ['podman'];

/** Groups of `npm run reach`, which take longer than continuous integration can wait. */
export const REACH_GROUPS = ['arm64', 'systemd'] as const;
export type ReachGroup = (typeof REACH_GROUPS)[number];

/** Why a group cannot run here, by group; `undefined` when it can. */
export type Missing<Name extends string = Group> = Readonly<Record<Name, string | undefined>>;

declare module 'vitest' {
  export interface ProvidedContext {
    missing: Missing;
    missingReach: Missing<ReachGroup>;
  }
}

const MAX = '/proc/sys/net/netfilter/nf_conntrack_max';
const TOOLS = fileURLToPath(new URL('../../collector/package/node_modules', import.meta.url));

/** Returns what this machine lacks for each group. */
export function missingHere(): Missing {
  const kernel = firstOf(
    () => (process.getuid?.() === 0 ? undefined : 'needs root, to make network namespaces'),
    () => program('ip', 'iproute2') ?? program('nft', 'nftables') ?? program('conntrack', 'conntrack'),
    () => program('ss', 'iproute2'),
    () => program('setpriv', 'util-linux') ?? program('unshare', 'util-linux') ?? program('mount', 'mount'),
    () => program('script', 'bsdutils'),
    () => (existsSync('/proc/sys/net/ipv6/conf/all/forwarding') ? undefined : 'needs IPv6 in the kernel'),
    () => (isWritable(MAX) ? undefined : `needs connection tracking in the kernel and a writable ${MAX}`),
    () => (canMakeNamespaces() ? undefined : 'needs the right to make network namespaces'),
  );
  const agent = kernel ?? program('netdata', 'netdata-core');
  const agent2 = firstOf(
    () => kernel ?? program('tar', 'tar') ?? program('xz', 'xz-utils'),
    () => (spawnSync('id', ['netdata']).status === 0 ? undefined : 'needs the user netdata (package netdata-core)'),
    whyNoAgent2,
  );
  const browser =
    agent ??
    program('chromium', 'chromium') ??
    (existsSync('/usr/share/netdata/web/index.html') ? undefined : 'needs the dashboard (package netdata-web)');
  const conntrackd = kernel ?? program('conntrackd', 'conntrackd');
  const podman = firstOf(
    () => kernel ?? program('podman', 'podman') ?? program('runc', 'runc') ?? program('busybox', 'busybox-static'),
    () => (canRunContainers() ? undefined : 'needs the right to run containers of Podman'),
  );
  const terminal = kernel ?? program('tmux', 'tmux');
  const packaging = firstOf(
    () => agent ?? program('setcap', 'libcap2-bin') ?? program('nsenter', 'util-linux'),
    packagingTools,
    () => (canOverlay() ? undefined : 'needs the file system overlay in the kernel'),
  );
  const lintian = packaging ?? program('lintian', 'lintian');
  const kernels = firstOf(
    () => packaging ?? (process.arch === 'x64' ? undefined : 'needs a processor of amd64'),
    () => program('qemu-system-x86_64', 'qemu-system-x86'),
    guestTools,
  );
  return { kernel, agent, agent2, browser, conntrackd, podman, terminal, package: packaging, lintian, kernels };
}

/** Returns what this machine lacks for each group of `npm run reach`. */
export function missingReachHere(): Missing<ReachGroup> {
  const common = firstOf(
    () => (process.getuid?.() === 0 ? undefined : 'needs root, for the files of the guests'),
    () => (process.arch === 'x64' ? undefined : 'needs a processor of amd64'),
    packagingTools,
    guestTools,
  );
  const arm64 = firstOf(
    () => common ?? program('qemu-system-aarch64', 'qemu-system-arm'),
    () => program('aarch64-linux-gnu-strip', 'binutils-aarch64-linux-gnu') ?? program('readelf', 'binutils'),
  );
  const systemd = firstOf(
    () => common ?? program('qemu-system-x86_64', 'qemu-system-x86'),
    () => program('debootstrap', 'debootstrap') ?? program('mke2fs', 'e2fsprogs') ?? program('debugfs', 'e2fsprogs'),
  );
  return { arm64, systemd };
}

/** Prints a line for each group. */
export function announce<Name extends string>(groups: readonly Name[], missing: Missing<Name>): void {
  const lines = groups.map((group) =>
    `test group ${group}: ${missing[group] ?? 'runs'}`.replace(': needs', ': skipped, needs'),
  );
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** What packages are built with. */
function packagingTools(): string | undefined {
  if (!existsSync(TOOLS)) return 'needs what packages are built with: npm ci --prefix collector/package';
  return program('dpkg-deb', 'dpkg');
}

/** What guests are made with. */
function guestTools(): string | undefined {
  return (
    program('busybox', 'busybox-static') ??
    program('cpio', 'cpio') ??
    program('depmod', 'kmod') ??
    program('apt-get', 'apt')
  );
}

function firstOf(...checks: (() => string | undefined)[]): string | undefined {
  for (const check of checks) {
    const reason = check();
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function program(name: string, debianPackage: string): string | undefined {
  const found = spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
  return found ? undefined : `needs the program ${name} (package ${debianPackage})`;
}

function whyNoAgent2(): string | undefined {
  const home = agent2Home();
  if (home === undefined) return 'needs NETDATA_2, the folder of a Netdata 2.x agent';
  if (archiveIn(home) !== undefined && existsSync(`${home}/start`)) return undefined;
  return `needs netdata-2.*.tar.xz and the script start in ${home}`;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether the kernel has overlayfs; loads its module if necessary. */
function canOverlay(): boolean {
  if (/\boverlay$/m.test(readFileSync('/proc/filesystems', 'utf8'))) return true;
  return spawnSync('modprobe', ['overlay']).status === 0;
}

function canMakeNamespaces(): boolean {
  const name = `ctprobe-${process.pid}`;
  if (spawnSync('ip', ['netns', 'add', name]).status !== 0) return false;
  return spawnSync('ip', ['netns', 'delete', name]).status === 0;
}

function canRunContainers(): boolean {
  const podman = new Podman();
  try {
    podman.start();
    return true;
  } catch {
    return false;
  } finally {
    podman.close();
  }
}
