/** Virtual machines without hardware virtualization. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';

import type { Architecture } from './debian_archive.ts';

/** Seconds after which a machine is given up. */
const LONGEST = 1200;

/** How QEMU emulates an architecture, and the device of the console. */
const EMULATORS: Readonly<Record<Architecture, { program: string; options: readonly string[]; console: string }>> = {
  amd64: { program: 'qemu-system-x86_64', options: [], console: 'ttyS0' },
  arm64: { program: 'qemu-system-aarch64', options: ['-M', 'virt'], console: 'ttyAMA0' },
};

export interface Platform {
  readonly architecture: Architecture;
  /** As QEMU names it. */
  readonly processor: string;
}

/** QEMU 7.2 emulates cmpxchg16b wrongly. */
export const AMD64: Platform = { architecture: 'amd64', processor: 'max,-cx16' };

/** A machine made of files of this one. */
export interface Machine {
  readonly platform: Platform;
  readonly kernel: string;
  readonly initrd: string;
  /** A raw image. */
  readonly disk: string;
  /** MiB. */
  readonly memory: number;
}

/** Runs a machine until it powers off, and returns what it wrote to its console. */
export async function runMachine({ disk, initrd, kernel, memory, platform }: Machine): Promise<string> {
  const { console, options, program } = EMULATORS[platform.architecture];
  const words = [
    ...['-accel', 'tcg,thread=multi', ...options, '-cpu', platform.processor, '-smp', '2', '-m', String(memory)],
    ...['-nographic', '-no-reboot'],
    ...['-net', 'none', '-kernel', kernel, '-initrd', initrd, '-append', `console=${console} panic=-1 quiet`],
    ...['-drive', `file=${disk},format=raw,if=none,id=disk`, '-device', 'virtio-blk-pci,drive=disk'],
  ];
  const child = spawn('timeout', [String(LONGEST), program, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
  }
  await once(child, 'close');
  return text;
}
