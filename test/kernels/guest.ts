/** Virtual machines that boot a kernel, run guest.sh and hand over what it wrote. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { run } from '../helpers/conntrack.ts';
import { parseStream, type Tick, ticksOf } from '../helpers/stream.ts';
import type { Kernel } from './debian_kernels.ts';

/** What the guest uses of this machine; the libraries come along. */
const PROGRAMS = ['dash', 'nft', 'conntrack', 'ip', 'node'] as const;
/** Modules of the network, its virtual devices and the disk. */
const MODULES =
  /^kernel\/(net|lib|crypto|arch|drivers\/virtio)\/|\/(veth|virtio_blk|virtio_net|failover|net_failover)\.ko/;
const SCRIPT = fileURLToPath(new URL('guest.sh', import.meta.url));
const TRAFFIC = fileURLToPath(new URL('../helpers/traffic.js', import.meta.url));
/** Seconds after which a guest is given up. */
const LONGEST = 600;

/** The archive of a root file system with this machine's programs and the packaged plugin. */
export function buildRoot(folder: string, plugin: string): string {
  const root = join(folder, 'root');
  for (const sub of ['bin', 'sbin', 'usr/bin', 'usr/sbin', 'usr/lib', 'proc', 'sys', 'dev', 'tmp', 'plugin']) {
    mkdirSync(join(root, sub), { recursive: true });
  }
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  const paths = PROGRAMS.map((name) => run(['sh', '-c', `command -v ${name}`]).trim());
  const libraries = run(['ldd', ...paths, join(plugin, 'conntrack.plugin')]).match(/\/\S+\.so[^\s:]*/g) ?? [];
  for (const path of new Set([...paths, ...libraries])) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    copyFileSync(path, join(root, path));
  }
  for (const name of ['conntrack.plugin', 'conntrack-koffi']) {
    cpSync(join(plugin, name), join(root, 'plugin', name), { recursive: true });
  }
  copyFileSync(TRAFFIC, join(root, 'traffic.js'));
  copyFileSync(SCRIPT, join(root, 'init'));
  return archive(root, join(folder, 'root.cpio'));
}

/** Between two marks of the guest. */
export interface Part {
  readonly ticks: readonly Tick[];
  readonly log: readonly string[];
}

/** What a guest left behind. */
export class Results {
  readonly release: string;
  readonly #folder: string;
  readonly #out: string;
  readonly #log: string;
  readonly #marks: readonly { readonly name: string; readonly out: number; readonly log: number }[];

  constructor(folder: string) {
    this.#folder = folder;
    this.#out = this.file('out');
    this.#log = this.file('log');
    this.release = this.file('release').trim();
    this.#marks = this.file('marks')
      .trim()
      .split('\n')
      .map((line) => {
        const [name = '', out, log] = line.split(' ');
        return { name, out: Number(out), log: Number(log) };
      });
  }

  /** A file that the guest wrote; empty if it wrote none. */
  file(name: string): string {
    const path = join(this.#folder, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  /** What the plugin wrote from a mark to the next. */
  after(name: string): Part {
    const at = this.#marks.findIndex((mark) => mark.name === name);
    const [from, to] = [this.#marks[at], this.#marks[at + 1]];
    if (from === undefined || to === undefined) throw new Error(`the guest did not get past the mark ${name}`);
    const before = ticksOf(parseStream(whole(this.#out.slice(0, from.out)))).length;
    const ticks = ticksOf(parseStream(whole(this.#out.slice(0, to.out)))).slice(before);
    return {
      ticks,
      log: this.#log
        .slice(from.log, to.log)
        .split('\n')
        .filter((line) => line !== ''),
    };
  }
}

/** Boots the kernel and waits until the guest powers off. No hardware virtualization is needed. */
export async function boot(folder: string, kernel: Kernel, root: string): Promise<Results> {
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
  const console = await qemu([
    // QEMU 7.2 emulates cmpxchg16b wrongly.
    ...['-accel', 'tcg,thread=multi', '-cpu', 'max,-cx16', '-smp', '2', '-m', '1536', '-nographic', '-no-reboot'],
    ...['-net', 'none', '-kernel', kernel.image, '-initrd', initrd, '-append', 'console=ttyS0 panic=-1 quiet'],
    ...['-drive', `file=${disk},format=raw,if=none,id=results`, '-device', 'virtio-blk-pci,drive=results'],
  ]);
  const results = join(folder, 'results');
  mkdirSync(results);
  run(['tar', '-xf', disk, '-C', results]);
  if (!existsSync(join(results, 'marks')))
    throw new Error(`the guest with ${release} wrote nothing: ${console.slice(-2000)}`);
  return new Results(results);
}

/** Runs a machine to its end, and returns what it wrote to its console. */
async function qemu(options: readonly string[]): Promise<string> {
  const child = spawn('timeout', [String(LONGEST), 'qemu-system-x86_64', ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
  }
  await once(child, 'close');
  return text;
}

function archive(folder: string, file: string): string {
  run(['sh', '-c', 'cd "$1" && find . | cpio --quiet -o -H newc > "$2"', 'sh', folder, file]);
  return file;
}

/** The output up to the end of its last update. */
function whole(out: string): string {
  return out.slice(0, out.lastIndexOf('\nEND\n') + '\nEND\n'.length);
}
