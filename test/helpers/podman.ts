/** Containers of Podman, apart from those that the machine has. */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { run } from './conntrack.ts';

/** Without a network that others could see, and with limits that a restricted machine allows. */
const RUN = ['run', '--detach', '--network=none', '--ulimit=nofile=1024:1024', '--ulimit=nproc=1000:1000'];
/** The first process of a container. */
const SLEEP = ['/bin/busybox', 'sleep', '600'];
/** `crun`, the other runtime, rejects hosts with control groups of both versions. */
const WITH = ['--runtime=runc', '--cgroup-manager=cgroupfs', '--storage-driver=vfs', '--events-backend=none'];

export class Podman {
  readonly #folder = mkdtempSync(join(tmpdir(), 'conntrack-podman-'));
  readonly #root = join(this.#folder, 'container');
  readonly #podman = [
    'podman',
    ...['root', 'runroot', 'tmpdir'].map((name) => `--${name}=${join(this.#folder, name)}`),
    ...WITH,
  ];

  constructor() {
    mkdirSync(join(this.#root, 'bin'), { recursive: true });
    cpSync(run(['sh', '-c', 'command -v busybox']).trim(), join(this.#root, 'bin', 'busybox'));
  }

  /** Starts a container, and returns its id. */
  start(): string {
    return run([...this.#podman, ...RUN, '--rootfs', this.#root, ...SLEEP]).trim();
  }

  /** Stops a container and starts it again. */
  restart(id: string): void {
    run([...this.#podman, 'restart', '--time=0', id]);
  }

  /** The number of the first process of a container. */
  pidOf(id: string): number {
    return Number(run([...this.#podman, 'inspect', '--format={{.State.Pid}}', id]));
  }

  /** Removes all containers that were started. */
  close(): void {
    spawnSync(this.#podman[0] ?? '', [...this.#podman.slice(1), 'rm', '--all', '--force', '--time=0']);
    // Podman cleans up in the background too: it can add files while others are removed.
    run(['timeout', '60', 'sh', '-c', 'until rm -rf "$1"; do sleep 0.1; done', 'sh', this.#folder]);
  }
}
