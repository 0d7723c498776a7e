/** The built program on hosts in temporary folders. */

import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Program } from './program.ts';
import { NAMES, statRow, statText } from './stat_text.ts';

/** A recorded host. */
export const HOST = fileURLToPath(new URL('../../fixtures/hosts/linux-6.18', import.meta.url));

/** In place of the packaged configuration: on a recorded host, each module without netlink would log that. */
export const STAT_ALONE = 'modules: { events: { enabled: no }, flows: { enabled: no }, sockets: { enabled: no } }\n';

/** Milliseconds before spawnSync kills a program; the timeout of the test cannot fire while it blocks. */
export const AT_MOST = 120_000;

/** A folder for the files of a test, and the programs that it starts. */
export class ProgramHost {
  folder = '';
  /** The folder of the stock configuration. */
  stock = '';
  readonly #programs: Program[] = [];

  create(): void {
    this.folder = mkdtempSync(join(tmpdir(), 'conntrack-program-'));
    this.stock = join(this.folder, 'stock');
    mkdirSync(this.stock);
    writeFileSync(join(this.stock, 'conntrack.conf'), STAT_ALONE);
  }

  /** Kills the programs and removes the folder. */
  async remove(): Promise<void> {
    await Promise.all(this.#programs.splice(0).map((program) => program.stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  start(...parameters: ConstructorParameters<typeof Program>): Program {
    const program = new Program(...parameters);
    this.#programs.push(program);
    return program;
  }

  /** Starts the program on the recorded host, with pipes for standard input, output and error. */
  onRecorded(args: readonly string[] = ['1'], environment: Readonly<Record<string, string>> = {}): Program {
    return this.start(args, { NETDATA_HOST_PREFIX: HOST, NETDATA_STOCK_CONFIG_DIR: this.stock, ...environment });
  }

  /** Copies the recorded host to the folder. */
  copyRecorded(): void {
    cpSync(HOST, this.folder, { recursive: true });
  }

  /** Makes a host whose tick is more than a pipe holds; returns the environment for it. */
  wide(): Record<string, string> {
    mkdirSync(join(this.folder, 'proc/net/stat'), { recursive: true });
    const rows = Array.from({ length: 512 }, () => statRow({ entries: 99 }));
    replace(join(this.folder, 'proc/net/stat/nf_conntrack'), statText(NAMES, rows));
    writeFileSync(join(this.folder, 'conntrack.conf'), 'modules: { stat: { per_cpu: yes } }\n');
    return { NETDATA_HOST_PREFIX: this.folder, NETDATA_USER_CONFIG_DIR: this.folder };
  }
}

/** Replaces a file atomically. */
export function replace(path: string, content: string | Buffer): void {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}
