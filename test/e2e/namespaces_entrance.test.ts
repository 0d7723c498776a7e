/** Reading other network namespaces: real ones, which change between the readings. */

import { closeSync, existsSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, inject, it } from 'vitest';

import { ProblemError } from '../../collector/modules/problem.ts';
import { run } from '../helpers/conntrack.ts';
import {
  addNamespace,
  anchorOf,
  boundTo,
  deleteNamespace,
  entranceBy,
  entriesIn,
  Holder,
  openDescriptors,
  passage,
  pathOf,
  textOf,
  track,
} from '../helpers/namespaces.ts';
import { until } from '../helpers/until.ts';

const PREFIX = `entrance${process.pid}`;
const UNSHARED = ['unshare', '--net'];
const ENDS: (() => unknown)[] = [];
let names = 0;

afterEach(async () => {
  for (const end of ENDS.splice(0).reverse()) await end();
});

function add(): string {
  const name = `${PREFIX}-${names++}`;
  addNamespace(name);
  ENDS.push(() => existsSync(pathOf(name)) && deleteNamespace(name));
  return name;
}

async function hold(via: readonly string[]): Promise<Holder> {
  const holder = await Holder.start(via);
  ENDS.push(() => holder.stop());
  return holder;
}

function inside(name: string): string[] {
  return ['ip', 'netns', 'exec', name];
}

function insideOf({ pid }: Holder): string[] {
  return ['nsenter', `--target=${pid}`, '--net'];
}

/** The code of the problem that an action throws. */
function problemOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof ProblemError) return error.problem.code;
    throw error;
  }
}

/** Whether an interface of this namespace exists. */
function hasLink(name: string): boolean {
  return existsSync(`/sys/class/net/${name}`);
}

describe.skipIf(inject('missing').kernel !== undefined)('a network namespace', () => {
  it('is read through a process or its path, and both show what is inside', async () => {
    const name = add();
    track(inside(name), 37);
    const { pid } = await hold(inside(name));
    const count = run([...inside(name), 'conntrack', '-C']).trim();
    expect(count).toBe('37');
    const [, found, , insert] =
      /found=(\d+) invalid=(\d+) insert=(\d+)/.exec(run([...inside(name), 'sh', '-c', 'conntrack -S | head -n 1'])) ??
      [];
    const bound = boundTo(pathOf(name));
    for (const entrance of [
      entranceBy({ anchor: anchorOf(pid) }),
      entranceBy({ bound }),
      entranceBy({ anchor: anchorOf(pid), bound }),
    ]) {
      ENDS.push(() => entrance.close());
      const text = textOf(entrance, 'stat/nf_conntrack').split('\n');
      const columns = text[0]?.trim().split(/ +/) ?? [];
      const row = text[1]?.trim().split(/ +/) ?? [];
      const value = (column: string): string => String(Number.parseInt(row[columns.indexOf(column)] ?? '', 16));
      expect([value('entries'), value('found'), value('insert')]).toEqual([count, found, insert]);
      expect(entrance.inside(() => run(['conntrack', '-C']).trim())).toBe(count);
    }
    expect(passage.inodeOf(bound)).toBe(anchorOf(pid).inode);
  });

  it('disappears with its devices while its entrance is open', async () => {
    const name = add();
    track(inside(name), 3);
    const link = `ev${process.pid}`;
    run(['ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'inner', 'netns', name]);
    const holder = await hold(inside(name));
    const anchor = anchorOf(holder.pid);
    const bound = boundTo(pathOf(name));
    const entrances = [entranceBy({ anchor }), entranceBy({ bound }), entranceBy({ anchor, bound })];
    for (const entrance of entrances) {
      ENDS.push(() => entrance.close());
      expect(textOf(entrance, 'dev')).toContain('inner:');
      expect(entriesIn(entrance)).toBe(3);
      const setting = entrance.openSetting('nf_conntrack_count');
      expect(setting).toBeGreaterThan(2);
      closeSync(setting);
    }
    await holder.stop();
    deleteNamespace(name);
    await until('the pair is gone', 120, () => !hasLink(link));
    for (const entrance of entrances) {
      expect(problemOf(() => textOf(entrance, 'stat/nf_conntrack'))).toBe('namespace_gone');
      expect(problemOf(() => entrance.verify())).toBe('namespace_gone');
    }
  });

  it('stays readable after the process that it was found through has ended, but has no known user', async () => {
    const first = await hold(UNSHARED);
    const second = await hold(insideOf(first));
    track(insideOf(first), 11);
    const entrance = entranceBy({ anchor: anchorOf(first.pid) });
    ENDS.push(() => entrance.close());
    expect(entriesIn(entrance)).toBe(11);
    await first.stop();
    expect(entriesIn(entrance)).toBe(11);
    expect(problemOf(() => entrance.verify())).toBe('namespace_gone');
    await second.stop();
    await until('it is gone', 120, () => problemOf(() => textOf(entrance, 'stat/nf_conntrack')) === 'namespace_gone');
  });

  it('is distinguished from the one that its process moves to', async () => {
    const [old, other] = [add(), add()];
    track(inside(old), 5);
    track(inside(other), 9);
    const holder = await hold(inside(old));
    const fresh = anchorOf(holder.pid);
    const entrance = entranceBy({ anchor: fresh });
    ENDS.push(() => entrance.close());
    expect(entriesIn(entrance)).toBe(5);
    await holder.run(`exec nsenter --net=${pathOf(other)} sh -c 'echo moved; read -r line'`);
    expect(entriesIn(entrance)).toBe(5);
    expect(problemOf(() => textOf(entrance, 'sockstat'))).toBe('namespace_gone');
    expect(problemOf(() => entrance.verify())).toBe('namespace_gone');
    expect(problemOf(() => entranceBy({ anchor: fresh }))).toBe('namespace_gone');
    deleteNamespace(old);
    await until('it is gone', 120, () => problemOf(() => textOf(entrance, 'stat/nf_conntrack')) === 'namespace_gone');
  });

  it('is distinguished from that of a later process with the same number', async () => {
    const name = add();
    track(inside(name), 4);
    const first = await hold(UNSHARED);
    const anchor = anchorOf(first.pid);
    const entrance = entranceBy({ anchor });
    ENDS.push(() => entrance.close());
    expect(textOf(entrance, 'dev')).toContain('lo:');
    await first.stop();
    let later: Holder | undefined;
    await until('the number is reused', 120, async () => {
      writeFileSync('/proc/sys/kernel/ns_last_pid', String(anchor.pid - 1));
      const next = await hold(inside(name));
      // Start times have a resolution of 10 ms: a number that is reused sooner is tried again.
      if (next.pid === anchor.pid && anchorOf(next.pid).started !== anchor.started) later = next;
      else await next.stop();
      return later !== undefined;
    });
    expect(later?.pid).toBe(anchor.pid);
    for (const file of ['dev', 'stat/nf_conntrack']) {
      // The kernel may still hold the namespace of the first process, which is then read as before.
      await until(`${file} is gone`, 120, () => problemOf(() => textOf(entrance, file)) === 'namespace_gone');
    }
    expect(problemOf(() => entrance.verify())).toBe('namespace_gone');
    expect(problemOf(() => entranceBy({ anchor }))).toBe('namespace_gone');
    expect(problemOf(() => entranceBy({ anchor: { ...anchor, inode: anchorOf(anchor.pid).inode } }))).toBe(
      'namespace_gone',
    );
  });

  it('is distinguished from another one that its path is bound to later', async () => {
    const [name, other] = [add(), add()];
    track(inside(name), 6);
    track(inside(other), 8);
    const { pid } = await hold(inside(name));
    const [anchor, bound] = [anchorOf(pid), boundTo(pathOf(name))];
    const entrances = [entranceBy({ bound }), entranceBy({ anchor, bound })];
    for (const entrance of entrances) {
      ENDS.push(() => entrance.close());
      expect(entriesIn(entrance)).toBe(6);
    }
    // Bound on top: the first namespace still exists below.
    run(['mount', '--bind', pathOf(other), pathOf(name)]);
    ENDS.push(() => run(['umount', pathOf(name)]));
    for (const entrance of entrances) {
      expect(problemOf(() => textOf(entrance, 'stat/nf_conntrack'))).toBe('namespace_gone');
      expect(problemOf(() => entrance.inside(() => 0))).toBe('namespace_gone');
      expect(problemOf(() => entrance.verify())).toBe('namespace_gone');
    }
    const now = entranceBy({ bound: boundTo(pathOf(name)) });
    ENDS.push(() => now.close());
    expect(entriesIn(now)).toBe(8);
  });

  it('of a nested user namespace is read and entered', async () => {
    const holder = await hold(['unshare', '--user', '--map-root-user', '--net']);
    track(['nsenter', `--target=${holder.pid}`, '--user', '--preserve-credentials', '--net'], 2);
    const entrance = entranceBy({ anchor: anchorOf(holder.pid) });
    ENDS.push(() => entrance.close());
    expect(entriesIn(entrance)).toBe(2);
    expect(entrance.inside(() => run(['conntrack', '-C']).trim())).toBe('2');
  });

  it('is never mistaken for its successors under the same name, hundreds of times, and leaves no descriptor', () => {
    const name = `${PREFIX}-again`;
    const before = openDescriptors();
    let last: ReturnType<typeof entranceBy> | undefined;
    const seen: string[] = [];
    ENDS.push(() => existsSync(pathOf(name)) && deleteNamespace(name));
    for (let cycle = 0; cycle < 200; cycle++) {
      addNamespace(name);
      run(['ip', '-n', name, 'link', 'add', `d${cycle}`, 'type', 'veth', 'peer', 'name', 'other']);
      if (last !== undefined) {
        if (problemOf(() => last && textOf(last, 'dev')) !== 'namespace_gone')
          seen.push(`cycle ${cycle}: the earlier one`);
        last.close();
      }
      last = entranceBy({ bound: boundTo(pathOf(name)) });
      if (!textOf(last, 'dev').includes(`d${cycle}:`)) seen.push(`cycle ${cycle}: another one`);
      deleteNamespace(name);
      if (problemOf(() => last && textOf(last, 'dev')) !== 'namespace_gone') seen.push(`cycle ${cycle}: after its end`);
    }
    last?.close();
    expect(seen).toEqual([]);
    expect(openDescriptors()).toBe(before);
  }, 600_000);
});
