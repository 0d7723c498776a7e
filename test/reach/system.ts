/** A small Debian with systemd and the agent, on a disk that Debian's own kernel boots from. */

import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { run } from '../helpers/conntrack.ts';
import { mirror } from '../kernels/debian_archive.ts';
import { downloadKernel, type Kernel } from '../kernels/debian_kernels.ts';
import { AMD64, runMachine } from '../kernels/machine.ts';
import { archive } from '../kernels/root.ts';

const SUITE = 'bookworm';
const PACKAGES = [
  ...['systemd', 'systemd-sysv', 'dbus', 'udev', 'kmod', 'procps', 'sudo', 'curl'],
  ...['netdata-core', 'conntrackd', 'conntrack', 'nftables', 'iproute2', 'libcap2-bin'],
] as const;
/** In the guest's `/root`. */
const SCRIPTS = ['systemd.sh', 'rebooted.sh', 'functions.sh'] as const;
/** What the first process loads to reach the disk. */
const DISK = ['virtio_pci', 'virtio_blk', 'ext4'] as const;
const ENABLED = 'etc/systemd/system/multi-user.target.wants';

/** Of the agent. It usually looks for plugins once a minute. */
const SETTINGS = `[logs]
	error = stderr
[plugins]
	check for new plugins every = 5
`;

const UNIT = `[Unit]
After=multi-user.target
[Service]
Type=idle
ExecStart=/root/systemd.sh
[Install]
WantedBy=default.target
`;

/** Mounts the disk as the root and starts systemd. */
const INIT = `#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
. /load
until [ -b /dev/vda ]; do /bin/busybox sleep 1; done
/bin/busybox mount -t ext4 /dev/vda /new
exec /bin/busybox switch_root /new /sbin/init
`;

/**
 * Installs Debian, boots it twice, with systemd.sh and with rebooted.sh, and waits until it powers off.
 *
 * @param packages those of the plugin: of an older version, and of this one.
 * @returns reads a file that the script wrote; empty if it wrote none.
 * @throws when Debian cannot be installed, or the script wrote nothing.
 */
export async function runSystem(
  folder: string,
  packages: Readonly<Record<'older' | 'plugin', string>>,
): Promise<(name: string) => string> {
  const root = join(folder, 'root');
  execFileSync('debootstrap', ['--variant=minbase', `--include=${PACKAGES.join()}`, SUITE, root, mirror()], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const source = { suite: SUITE, architecture: 'amd64', packages: 'linux-image-6\\.1\\.0-[0-9]+-cloud-amd64' } as const;
  const kernel = downloadKernel(source, join(folder, 'kernel'));
  prepare(root, kernel, packages);
  const initrd = archive(firstRoot(join(folder, 'first'), root, kernel), join(folder, 'initrd'));
  const disk = join(folder, 'disk');
  run(['mke2fs', '-q', '-t', 'ext4', '-d', root, '-F', disk, '3G']);
  const machine = { platform: AMD64, kernel: kernel.image, initrd, disk, memory: 2048 };
  const console = (await runMachine(machine)) + (await runMachine(machine));
  run(['debugfs', '-R', `rdump /root/results ${folder}`, disk]);
  const results = join(folder, 'results');
  const read = (name: string): string => {
    try {
      return readFileSync(join(results, name), 'utf8');
    } catch {
      return '';
    }
  };
  if (read('steps') === '') throw new Error(`the guest wrote nothing: ${console.slice(-2000)}`);
  return read;
}

/** Adds modules, packages and scripts, and lets the agent log to the journal and look for plugins more often. */
function prepare(root: string, kernel: Kernel, packages: Parameters<typeof runSystem>[1]): void {
  const release = basename(kernel.modules);
  cpSync(kernel.modules, join(root, 'lib/modules', release), { recursive: true });
  run(['depmod', '-b', root, release]);
  for (const [name, file] of Object.entries(packages)) copyFileSync(file, join(root, `root/${name}.deb`));
  for (const name of SCRIPTS) copyFileSync(fileURLToPath(new URL(name, import.meta.url)), join(root, 'root', name));
  writeFileSync(join(root, 'etc/systemd/system/guest.service'), UNIT);
  mkdirSync(join(root, 'etc/systemd/system/default.target.wants'), { recursive: true });
  symlinkSync('../guest.service', join(root, 'etc/systemd/system/default.target.wants/guest.service'));
  writeFileSync(join(root, 'etc/hostname'), 'guest\n');
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost guest\n');
  appendFileSync(join(root, 'etc/netdata/netdata.conf'), SETTINGS);
  // It loads connection tracking.
  rmSync(join(root, ENABLED, 'conntrackd.service'));
}

/** The root of the first process, which only reaches the disk. */
function firstRoot(folder: string, root: string, kernel: Kernel): string {
  for (const sub of ['bin', 'dev', 'new', 'modules']) mkdirSync(join(folder, sub), { recursive: true });
  copyFileSync('/bin/busybox', join(folder, 'bin/busybox'));
  const words = ['modprobe', '-d', root, '-S', basename(kernel.modules), '--show-depends', '-a', ...DISK];
  const modules = new Set([...run(words).matchAll(/^insmod (\S+)/gm)].map(([, path = '']) => path));
  const lines = [...modules].map((path) => {
    copyFileSync(path, join(folder, 'modules', basename(path)));
    return `/bin/busybox insmod /modules/${basename(path)}\n`;
  });
  writeFileSync(join(folder, 'load'), lines.join(''));
  writeFileSync(join(folder, 'init'), INIT, { mode: 0o755 });
  return folder;
}
