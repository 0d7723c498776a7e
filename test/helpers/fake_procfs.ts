/** A procfs in memory whose files are those of processes, paths and namespaces that a test changes. */

import type { IdentityFileSystem } from '../../collector/namespaces/identity.ts';
import type { FileSystem } from '../../collector/procfs/file.ts';

/** What a path leads to. */
export interface Node {
  readonly ino: number;
  readonly ctimeNs?: bigint;
  readonly text?: string;
  /** The error of opening it through a descriptor, such as ENXIO; none if it can be opened. */
  gone?: string;
}

export class FakeProcfs implements FileSystem, IdentityFileSystem {
  readonly nodes = new Map<string, Node>();
  /** Errors of paths, by code. */
  readonly errors = new Map<string, string>();
  readonly opened = new Map<number, { readonly path: string; readonly node: Node }>();
  readonly paths: string[] = [];
  #next = 3;

  /** The process 1234, named `dns (a)`, which started at 777, in a namespace whose files have inodes from `inode` on. */
  static withProcess(inode: number): FakeProcfs {
    const fs = new FakeProcfs();
    fs.nodes.set('/proc/1234', { ino: 1 });
    fs.nodes.set('/proc/1234/stat', { ino: 2, text: statText('dns (a)', 777) });
    fs.put(inode);
    return fs;
  }

  /** Puts the process into a namespace. */
  put(inode: number): void {
    this.nodes.set('/proc/1234/net/dev', { ino: inode, text: `dev of ${inode}` });
    this.nodes.set('/proc/1234/net/stat/nf_conntrack', { ino: inode + 1, text: `stat of ${inode}` });
  }

  openSync(path: string): number {
    this.paths.push(path);
    const { node, path: real } = this.#resolve(path);
    this.opened.set(this.#next, { node, path: real });
    return this.#next++;
  }

  closeSync(descriptor: number): void {
    if (!this.opened.delete(descriptor)) throw new Error(`descriptor ${descriptor} is not open`);
  }

  readSync(descriptor: number, buffer: Uint8Array, offset: number, length: number, position: number): number {
    const text = Buffer.from(this.opened.get(descriptor)?.node.text ?? '').subarray(position, position + length);
    buffer.set(text, offset);
    return text.length;
  }

  statSync(path: string, options: { bigint: true }): { ino: bigint; ctimeNs: bigint };
  statSync(path: string): { ino: number; mtimeMs: number };
  statSync(path: string, options?: { bigint: true }): unknown {
    return statusOf(this.#resolve(path).node, options);
  }

  fstatSync(descriptor: number, options: { bigint: true }): { ino: bigint; ctimeNs: bigint };
  fstatSync(descriptor: number): { nlink: number; size: number };
  fstatSync(descriptor: number, options?: { bigint: true }): unknown {
    const node = this.opened.get(descriptor)?.node;
    if (node === undefined) throw systemError('EBADF');
    return statusOf(node, options);
  }

  /** The text of an open file. */
  textOf(descriptor: number): string | undefined {
    return this.opened.get(descriptor)?.node.text;
  }

  #resolve(path: string): { path: string; node: Node } {
    const [, descriptor, rest = ''] = /^\/proc\/self\/fd\/(\d+)(\/.*)?$/.exec(path) ?? [];
    const open = descriptor === undefined ? undefined : this.opened.get(Number(descriptor));
    if (open?.node.gone !== undefined) throw systemError(open.node.gone);
    if (open !== undefined && rest === '') return open;
    const real = open === undefined ? path : open.path + rest;
    const error = this.errors.get(real);
    if (error !== undefined) throw systemError(error);
    const node = this.nodes.get(real);
    if (node === undefined) throw systemError('ENOENT');
    return { path: real, node };
  }
}

/** `/proc/PID/stat` of a process. */
export function statText(name: string, started: number): string {
  const fields = Array.from({ length: 18 }, (_, place) => place + 100);
  return `1234 (${name}) S ${fields.join(' ')} ${started} 5 6\n`;
}

export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: refused`), { code });
}

function statusOf({ ctimeNs = 5n, ino }: Node, options?: { bigint: true }): unknown {
  if (options === undefined) return { ino, mtimeMs: 0, nlink: 1, size: 0 };
  return { ino: BigInt(ino), ctimeNs };
}
