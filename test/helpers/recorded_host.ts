/** A host in memory whose kernel files a test changes, with a module `stat` that reads it. */

import { Volume } from 'memfs';

import { createLog } from '../../collector/base/log.ts';
import type { Context } from '../../collector/modules/context.ts';
import type { Sample } from '../../collector/modules/module.ts';
import { kernelRelease } from '../../collector/modules/stat/kernel.ts';
import { StatModule, type StatSettings } from '../../collector/modules/stat/stat.ts';
import { Host } from '../../collector/procfs/host.ts';
import { contextOf } from './context.ts';
import { statText } from './stat_text.ts';

export const STAT = '/proc/net/stat/nf_conntrack';
export const SETTINGS = '/proc/sys/net/netfilter/nf_conntrack_';

export class RecordedHost {
  readonly volume = new Volume();
  /** Each log line: level and message. */
  readonly logged: string[] = [];
  readonly module: StatModule;

  constructor(
    files: Readonly<Record<string, string>> = {},
    settings: Partial<StatSettings> = {},
    parts: Partial<Context> = {},
  ) {
    this.volume.fromJSON(files);
    const log = createLog({
      level: 'debug',
      now: () => 0,
      write: (line) => this.logged.push(line.replace(/^time=\S+ comm=\S+ source=\S+ level=(\S+) msg=/, '$1 ').trim()),
    });
    const release = kernelRelease(this.volume, new Host(this.volume, ''), '6.18.0');
    this.module = new StatModule(contextOf({ fs: this.volume, log, release, ...parts }), {
      enabled: 'auto',
      every: 1,
      per_cpu: false,
      read_from: 'procfs',
      ...settings,
    });
  }

  /** What was logged of the statistics; a host without settings has lines about these too. */
  get saidOfStatistics(): string[] {
    return this.logged.filter((line) => !line.includes('a setting'));
  }

  write(path: string, text: string | Buffer): void {
    this.volume.mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true });
    this.volume.writeFileSync(path, text);
  }

  /** Writes the statistics file. */
  stat(names: readonly string[], ...rows: readonly (readonly number[])[]): void {
    this.write(STAT, statText(names, rows));
  }

  /** Removes a file like the kernel: an open descriptor can no longer be read. */
  remove(path: string): void {
    this.volume.writeFileSync(path, '');
    this.volume.unlinkSync(path);
    this.module.close();
  }

  collect(second: number): readonly Sample[] {
    return this.module.collect(second * 1e6);
  }

  /** The known numbers of the host; `undefined` without a sample. */
  values(second: number): Record<string, number> | undefined {
    const [host] = this.collect(second);
    if (host === undefined) return undefined;
    const known = Object.entries(host.values).flatMap(([metric, value]) =>
      value === undefined ? [] : [[metric, value]],
    );
    return Object.fromEntries(known);
  }
}
