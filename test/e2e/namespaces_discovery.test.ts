/** Discovery of real network namespaces, by root and by a user without privilege. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';

import type { Namespace } from '../../collector/namespaces/namespace.ts';
import { bundled } from '../helpers/bundled.ts';
import { run } from '../helpers/conntrack.ts';
import { AS_NOBODY } from '../helpers/container.ts';
import { Discovering } from '../helpers/discovering.ts';
import { end, Laboratory } from '../helpers/laboratory.ts';
import { copyForEverybody } from '../helpers/program.ts';
import { until } from '../helpers/until.ts';

const ID = '5ca1ab1e0ddba11c0ffee0000c0ffee5ca1ab1e0ddba11c0ffee0000c0ffee00';
const SLEEP = ['sleep', '600'];

const hasPath = (path: string) => (namespace: Namespace) => namespace.bound?.path === path;
const hasProcess = (pid: number | undefined) => (namespace: Namespace) => namespace.anchor?.pid === pid;

describe.skipIf(inject('missing').kernel !== undefined)('discovery of network namespaces', () => {
  const folder = mkdtempSync(join(tmpdir(), 'conntrack-discovery-'));
  const children: ChildProcess[] = [];
  const discoveries: Discovering[] = [];
  /** Each undoes something. */
  const undo: (() => void)[] = [];
  let program = '';
  let names = 0;

  beforeAll(() => {
    const built = bundled('discovery_program');
    program = join(dirname(copyForEverybody(folder)), basename(built));
  });

  afterEach(async () => {
    await Promise.all([...children.splice(0).map(end), ...discoveries.splice(0).map((one) => one.close())]);
    for (const action of undo.splice(0).reverse()) action();
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function discover(via: readonly string[] = []): Discovering {
    const discovering = new Discovering(program, via);
    discoveries.push(discovering);
    return discovering;
  }

  /** Creates a namespace that `ip netns` knows, and returns its path. */
  function add(name = `ctdisc${process.pid}-${names++}`): string {
    run(['ip', 'netns', 'add', name]);
    undo.push(() => run(['sh', '-c', `ip netns delete ${name} 2>/dev/null || true`]));
    return `/run/netns/${name}`;
  }

  /** Starts a process and resolves when it is in another network namespace than this one. */
  async function start(...command: readonly string[]): Promise<number> {
    const [name = '', ...words] = command;
    const child = spawn(name, words, { stdio: 'ignore' });
    children.push(child);
    const inode = (pid: number | string): number => statSync(`/proc/${pid}/net/dev`).ino;
    await until(`${command.join(' ')} has a namespace`, 120, () => inode(child.pid ?? 0) !== inode('self'));
    return child.pid ?? 0;
  }

  describe.each([
    ['root', []],
    ['a user without privilege', AS_NOBODY],
  ])('as %s', (_, via) => {
    it('finds a namespace with a path, and distinguishes it from the next one of the same path', async () => {
      const discovering = discover(via);
      const path = add();
      const first = await discovering.found(path, hasPath(path));
      expect(first).toMatchObject({ name: basename(path), labels: { netns: basename(path) } });
      run(['ip', 'netns', 'delete', basename(path)]);
      add(basename(path));
      const second = await discovering.found(
        'the next namespace',
        ({ bound }) => bound?.path === path && bound.identity !== first.bound?.identity,
      );
      expect(second.name).toBe(first.name);
      run(['ip', 'netns', 'delete', basename(path)]);
      await discovering.gone(path, hasPath(path));
    });

    it.each([
      ['a process', ['unshare', '--net']],
      ['a process of another user in nested user namespaces', [...AS_NOBODY, 'unshare', '-Urn', 'unshare', '-Urn']],
    ])('finds a namespace that %s is in, until that ends', async (_name, command) => {
      const discovering = discover(via);
      await discovering.scan();
      const pid = await start(...command, ...SLEEP);
      const found = await discovering.found('the namespace', hasProcess(pid));
      expect(found.anchor?.inode).toBe(statSync(`/proc/${pid}/net/dev`).ino);
      await Promise.all(children.splice(0).map(end));
      await discovering.gone('the namespace', hasProcess(pid));
    });

    it('finds a container by its control group', async () => {
      const mount = mkdtempSync(join(tmpdir(), 'conntrack-cgroup-'));
      undo.push(() => rmdirSync(mount));
      run(['mount', '-t', 'cgroup2', 'none', mount]);
      undo.push(() => run(['umount', mount]));
      const group = join(mount, `docker-${ID}.scope`);
      mkdirSync(group);
      undo.push(() => rmdirSync(group));
      const pid = await start('unshare', '--net', ...SLEEP);
      writeFileSync(join(group, 'cgroup.procs'), String(pid));
      const { labels, name } = await discover(via).found('the container', hasProcess(pid));
      expect(labels).toEqual({ netns: name, container: ID.slice(0, 12) });
      expect(name).toMatch(new RegExp(`^docker-${ID.slice(0, 12)}(-${pid})?$`));
    });

    it('finds the process in a namespace that a veth pair connects with its own', async () => {
      const laboratory = Laboratory.create();
      try {
        const pid = laboratory.start('server', SLEEP).pid;
        const path = `/run/netns/${laboratory.namespace('server')}`;
        const discovering = discover([...laboratory.via('router'), ...via]);
        const server = await discovering.found(
          'the process of the server',
          ({ anchor, bound }) => bound?.path === path && anchor?.pid === pid,
        );
        expect(server.name).toBe(laboratory.namespace('server'));
        const { namespaces } = await discovering.scan();
        expect(namespaces.filter(hasProcess(pid))).toHaveLength(1);
        expect(namespaces.filter(hasPath(`/run/netns/${laboratory.namespace('router')}`))).toEqual([]);
      } finally {
        await laboratory.close();
      }
    });

    it('keeps no namespace alive', async () => {
      const path = add();
      const other = add();
      const [name, peer] = [basename(path), basename(other)];
      run(['ip', '-n', peer, 'link', 'add', 'pair', 'type', 'veth', 'peer', 'name', 'pair', 'netns', name]);
      const discovering = discover(['ip', 'netns', 'exec', peer, ...via]);
      const links = (): string => run(['ip', '-n', peer, '-o', 'link']);
      expect(links()).toContain('pair');
      await discovering.found(path, hasPath(path));
      run(['ip', 'netns', 'delete', name]);
      await until('the other end is gone', 120, () => !links().includes('pair'));
      await discovering.gone(path, hasPath(path));
    });
  });

  it('finds a namespace below a directory of root, which is hidden from others', async () => {
    const secret = mkdtempSync(join(tmpdir(), 'conntrack-secret-'));
    undo.push(() => rmSync(secret, { recursive: true }));
    const path = join(secret, 'secret');
    writeFileSync(path, '');
    const first = add();
    run(['mount', '--bind', first, path]);
    undo.push(() => run(['umount', path]));
    run(['ip', 'netns', 'delete', basename(first)]);
    const unprivileged = await discover(AS_NOBODY).scan();
    expect(unprivileged.hidden.map((hidden) => hidden.path)).toContain(path);
    expect(unprivileged.namespaces.filter(hasPath(path))).toEqual([]);
    expect(await discover().found(path, hasPath(path))).toMatchObject({ name: 'secret' });
  });
});
