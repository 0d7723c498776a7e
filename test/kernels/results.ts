/** What guest.sh wrote. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseStream, type Tick, ticksOf } from '../helpers/stream.ts';

/** Between two marks of the guest. */
export interface Part {
  readonly ticks: readonly Tick[];
  readonly log: readonly string[];
}

/** What a guest left behind. */
export class Results {
  /** The release of the kernel, the machine as `uname` names it, and the size of pages. */
  readonly platform: readonly [string, string, string];
  readonly #folder: string;
  readonly #out: string;
  readonly #log: string;
  readonly #marks: readonly { readonly name: string; readonly out: number; readonly log: number }[];

  constructor(folder: string) {
    this.#folder = folder;
    this.#out = this.file('out');
    this.#log = this.file('log');
    const [, page = ''] = /(\d+) kB/.exec(this.file('page.size')) ?? [];
    this.platform = [this.file('release').trim(), this.file('machine').trim(), `${page} KiB`];
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

/** The output up to the end of its last update. */
function whole(out: string): string {
  return out.slice(0, out.lastIndexOf('\nEND\n') + '\nEND\n'.length);
}
