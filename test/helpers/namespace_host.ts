/**
 * A host with processes in network namespaces and namespaces that are bound to paths, as the kernel's files show it.
 *
 *     const host = new NamespaceHost();
 *     host.processes.set(712, { inode: 501, started: 40, cgroup: '0::/system.slice/dns.service\n' });
 *     host.bind('/run/netns/blue', { number: 9001, changed: 17n });
 */

import type { Work } from '../../collector/modules/slices.ts';
import type { NamespaceFileSystem } from '../../collector/namespaces/file_system.ts';
import { Host } from '../../collector/procfs/host.ts';

/** The inode of the host's own `net/dev`, and the number of its namespace. */
export const OWN_INODE = 401;
export const OWN_NUMBER = 4_026_531_840;

export interface FakeProcess {
  /** Of `net/dev`; if it cannot be seen, the code of the error. */
  inode: number | string;
  /** Clock ticks since boot. */
  started: number;
  /** The name of the program. */
  name?: string;
  cgroup?: string;
}

/** A bound file; if it cannot be seen, the code of the error. */
type FakeFile = { readonly number: number; readonly changed: bigint } | string;

export class NamespaceHost implements NamespaceFileSystem {
  readonly processes = new Map<number, FakeProcess>();
  /** The processes whose namespace was looked at, in order. */
  looked: number[] = [];
  /** Called with each path before it is looked at. */
  beforeStat: (path: string) => void = () => undefined;
  /** Whether `net/dev` of this process can be seen. */
  hasOwn = true;
  readonly #prefix: string;
  readonly #files = new Map<string, FakeFile>();
  readonly #mounts: string[] = [];
  readonly #open: (string | undefined)[] = [];

  constructor(prefix = '') {
    this.#prefix = prefix;
  }

  get host(): Host {
    return new Host(this, this.#prefix);
  }

  /** Descriptors that are open. */
  get descriptors(): number {
    return this.#open.filter((text) => text !== undefined).length;
  }

  /** Binds a namespace to a path; `seen` is what this process finds there if that is something else. */
  bind(path: string, file: { number: number; changed: bigint }, seen: FakeFile = file): void {
    this.#mounts.push(`71 22 0:4 net:[${file.number}] ${path} rw shared:5 - nsfs nsfs rw`);
    this.#files.set(`${this.#prefix}${path}`, seen);
  }

  unbind(path: string): void {
    const index = this.#mounts.findIndex((line) => line.includes(` ${path} `));
    this.#mounts.splice(index, 1);
    this.#files.delete(`${this.#prefix}${path}`);
  }

  readdirSync(path: string): string[] {
    if (path !== `${this.#prefix}/proc`) throw failure('ENOENT', path);
    return ['acpi', ...[...this.processes.keys()].map(String), 'self', 'net'];
  }

  statSync(path: string): { ino: number; mtimeMs: number };
  statSync(path: string, options: { bigint: true }): { ino: bigint; ctimeNs: bigint };
  statSync(path: string, options?: { bigint: true }): unknown {
    this.beforeStat(path);
    const { changed, number } = this.#stat(path);
    return options === undefined ? { ino: number, mtimeMs: 0 } : { ino: BigInt(number), ctimeNs: changed };
  }

  openSync(path: string): number {
    const text = this.#text(path);
    if (text === undefined) throw failure('ENOENT', path);
    return this.#open.push(text) - 1;
  }

  readSync(descriptor: number, buffer: Uint8Array, offset: number, length: number, position: number): number {
    const bytes = Buffer.from(this.#open[descriptor] ?? '').subarray(position, position + length);
    buffer.set(bytes, offset);
    return bytes.length;
  }

  fstatSync(): { nlink: number; size: number } {
    return { nlink: 1, size: 0 };
  }

  closeSync(descriptor: number): void {
    this.#open[descriptor] = undefined;
  }

  #stat(path: string): { number: number; changed: bigint } {
    const file = this.#files.get(path) ?? this.#process(path);
    if (typeof file === 'string') throw failure(file, path);
    return file;
  }

  #process(path: string): FakeFile {
    if (path === '/proc/self/ns/net' && this.#prefix === '') return { number: OWN_NUMBER, changed: 0n };
    const [, pid, name] = /^\/proc\/(.+?)\/(.*)$/.exec(this.#withoutPrefix(path)) ?? [];
    if (path === `${this.#prefix}/proc/net/dev`) return this.hasOwn ? { number: OWN_INODE, changed: 0n } : 'EACCES';
    const found = this.processes.get(Number(pid));
    if (found === undefined || (name !== 'net/dev' && name !== 'net')) return 'ENOENT';
    if (name === 'net/dev') this.looked.push(Number(pid));
    return typeof found.inode === 'string' ? found.inode : { number: found.inode, changed: 0n };
  }

  #text(path: string): string | undefined {
    const [, pid, name] = /^\/proc\/([^/]+)\/(\w+)$/.exec(this.#withoutPrefix(path)) ?? [];
    if (name === 'mountinfo') return pid === (this.#prefix === '' ? 'self' : '1') ? `${this.#mounts.join('\n')}\n` : '';
    if (this.#files.has(path)) return '';
    const found = this.processes.get(Number(pid));
    if (name === 'cgroup') return found?.cgroup;
    return name === 'stat' && found !== undefined ? statText(Number(pid), found) : undefined;
  }

  #withoutPrefix(path: string): string {
    return path.startsWith(this.#prefix) ? path.slice(this.#prefix.length) : path;
  }
}

/** `/proc/PID/stat`, with distinctive numbers around the start time. */
function statText(pid: number, { name = 'sleep', started }: Pick<FakeProcess, 'name' | 'started'>): string {
  const before = Array.from({ length: 18 }, (_, index) => 7000 + index).join(' ');
  return `${pid} (${name}) S ${before} ${started} 8001 8002 8003\n`;
}

/** Runs work to its end. */
export function finish<T>(work: Work<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: cannot see '${path}'`), { code });
}
