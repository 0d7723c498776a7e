/**
 * A disposable machine: an overlay of this machine's file system, with separate processes, network and connection
 * tracking. Packages can be installed in it.
 *
 * It consists of namespaces whose first process reads a pipe from here: when the pipe is closed, even because this process
 * is killed, that process ends, and the kernel kills all others and removes the mounts.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { end } from './laboratory.ts';
import { until } from './until.ts';

/** Prints the outer process id of the first process. */
const SETUP = `
set -e
read -r first _ </proc/self/stat
mount -t tmpfs -o size=2g tmpfs /mnt
cd /mnt
mkdir up work root
mount -t overlay -o lowerdir=/,upperdir=up,workdir=work overlay root
mount -t proc proc root/proc
mount -t sysfs sysfs root/sys
mount --rbind /dev root/dev
mount -t tmpfs -o mode=1777 tmpfs root/tmp
mount -t tmpfs -o mode=755 tmpfs root/run
ip link set lo up
echo "$first"
exec cat >/dev/null
`;
/** The machine's root folder by its outer path, which is unknown inside. */
const ROOT = /^\/mnt\/root(?=\/)/;
const NAMESPACES = ['--mount', '--net', '--pid', '--ipc'];

export interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Machine {
  readonly #first: ChildProcess;
  /** The machine's root folder by its outer path, and the upper layer of the overlay. */
  readonly #root: string;
  readonly #upper: string;
  readonly #enter: readonly string[];

  private constructor(first: ChildProcess, pid: number) {
    const mounts = `/proc/${pid}/root/mnt`;
    this.#first = first;
    this.#root = `${mounts}/root`;
    this.#upper = `${mounts}/up`;
    this.#enter = ['nsenter', `--target=${pid}`, ...NAMESPACES, `--root=${this.#root}`, `--wd=${this.#root}`];
  }

  static async start(): Promise<Machine> {
    const words = [...NAMESPACES, '--fork', '--kill-child', 'sh', '-c', SETUP];
    const first = spawn('unshare', words, { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = once(first, 'exit').then(() => Promise.reject(new Error('the machine ended as it started')));
    const [output] = await Promise.race([once(first.stdout, 'data'), ended]);
    ended.catch(() => undefined);
    return new Machine(first, Number(String(output)));
  }

  /** Runs a command as root to its end. */
  attempt(command: readonly string[], environment: Readonly<Record<string, string>> = {}, input = ''): Result {
    const [program = '', ...words] = [...this.#enter, ...command];
    return spawnSync(program, words, { encoding: 'utf8', input, env: environmentOf(environment), timeout: 120_000 });
  }

  /** Runs a command as root to its end and returns what it printed; throws when it fails. */
  run(command: readonly string[], environment: Readonly<Record<string, string>> = {}, input = ''): string {
    const { status, stderr, stdout } = this.attempt(command, environment, input);
    if (status !== 0) throw new Error(`${command.join(' ')}: exit ${status}: ${stdout}${stderr}`);
    return stdout;
  }

  /** Starts a command as root, which ends with the machine at the latest. */
  start(command: readonly string[]): ChildProcess {
    const [program = '', ...words] = [...this.#enter, ...command];
    return spawn(program, words, { stdio: 'ignore', env: environmentOf({}) });
  }

  /** Starts a command in the machine's network, but with the files of this one. */
  startOutside(command: readonly string[]): ChildProcess {
    const [program = '', ...words] = this.#enter.filter((word) => !/^--(root|wd|mount)/.test(word));
    return spawn(program, [...words, ...command], { stdio: 'ignore' });
  }

  /** Writes a file, with the folders that it needs. */
  write(path: string, text: string, mode = 0o644): void {
    mkdirSync(dirname(this.#outside(path)), { recursive: true });
    writeFileSync(this.#outside(path), text, { mode });
  }

  /** Copies a file, or a folder with all that is in it, into the machine. */
  copy(from: string, path: string): void {
    cpSync(from, this.#outside(path), { recursive: true });
  }

  read(path: string): string {
    return readFileSync(this.#outside(path), 'utf8');
  }

  /** The type, mode, owner, and content, link target or capabilities of a path; `undefined` if missing. */
  describe(path: string): string | undefined {
    return describe(this.#outside(path)) ?? undefined;
  }

  /** The inner ids of the processes that run a file. */
  processesOf(program: string): readonly number[] {
    const pids = readdirSync(this.#outside('/proc')).filter((name) => /^\d+$/.test(name));
    return pids.filter((pid) => programOf(this.#outside(`/proc/${pid}/exe`)) === program).map(Number);
  }

  /** Ends the processes that run a file, and waits for that. */
  async endAll(program: string): Promise<void> {
    this.run(['kill', ...this.processesOf(program).map(String)]);
    await until(`${program} has ended`, 120, () => this.processesOf(program).length === 0);
  }

  /** The paths that differ from this machine, described; `gone` if removed. */
  changes(): Readonly<Record<string, string>> {
    const entries = readdirSync(this.#upper, { recursive: true, encoding: 'utf8' }).sort();
    const changed = entries.flatMap((entry) => {
      const now = describe(join(this.#root, entry));
      return now === describe(join('/', entry)) ? [] : [[`/${entry}`, now ?? 'gone'] as const];
    });
    return Object.fromEntries(changed);
  }

  /** Ends all processes and removes the machine. */
  async close(): Promise<void> {
    this.#first.stdin?.end();
    await end(this.#first);
  }

  #outside(path: string): string {
    return `${this.#root}${path}`;
  }
}

/** A clean environment. */
function environmentOf(more: Readonly<Record<string, string>>): Record<string, string> {
  return { PATH: `/usr/sbin:/usr/bin:/sbin:/bin:${dirname(process.execPath)}`, LC_ALL: 'C.UTF-8', ...more };
}

/** The executable of a process; `undefined` for kernel threads and ended processes. */
function programOf(link: string): string | undefined {
  try {
    return readlinkSync(link)
      .replace(/ \(deleted\)$/, '')
      .replace(ROOT, '');
  } catch {
    return undefined;
  }
}

function describe(path: string): string | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats && `${stats.mode.toString(8)} ${stats.uid}:${stats.gid}${contentOf(path, stats)}`;
}

function contentOf(path: string, stats: Stats): string {
  if (stats.isSymbolicLink()) return ` -> ${readlinkSync(path)}`;
  if (!stats.isFile()) return '';
  const capabilities = spawnSync('getcap', [path], { encoding: 'utf8' }).stdout.slice(path.length).trimEnd();
  return ` ${createHash('sha256').update(readFileSync(path)).digest('hex')}${capabilities}`;
}
