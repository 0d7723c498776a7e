/** Guests that boot a kernel, run guest.sh and hand over what it wrote. */

import { cpSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { run } from '../helpers/conntrack.ts';
import type { Kernel } from './debian_kernels.ts';
import { type Platform, runMachine } from './machine.ts';
import { Results } from './results.ts';
import { archive } from './root.ts';

/** Modules of the network, its virtual devices and the disk. */
const MODULES =
  /^kernel\/(net|lib|crypto|arch|drivers\/virtio)\/|\/(veth|virtio_blk|virtio_net|failover|net_failover)\.ko/;

/** Boots the kernel and waits until the guest powers off. */
export async function boot(folder: string, platform: Platform, kernel: Kernel, root: string): Promise<Results> {
  const modules = join(folder, 'modules');
  const release = basename(kernel.modules);
  const target = join(modules, 'lib/modules', release);
  cpSync(kernel.modules, target, {
    recursive: true,
    filter: (path) => !/\.ko(\.\w+)?$/.test(path) || MODULES.test(path.slice(kernel.modules.length + 1)),
  });
  run(['depmod', '-b', modules, release]);
  const initrd = join(folder, 'initrd');
  writeFileSync(
    initrd,
    Buffer.concat([readFileSync(root), readFileSync(archive(modules, join(folder, 'modules.cpio')))]),
  );
  const disk = join(folder, 'disk');
  writeFileSync(disk, '');
  truncateSync(disk, 64 * 1024 * 1024);
  const console = await runMachine({ platform, kernel: kernel.image, initrd, disk, memory: 1536 });
  const results = join(folder, 'results');
  mkdirSync(results);
  run(['tar', '-xf', disk, '-C', results]);
  if (!existsSync(join(results, 'marks')))
    throw new Error(`the guest with ${release} wrote nothing: ${console.slice(-2000)}`);
  return new Results(results);
}
