/** Network namespaces that change under the eyes of the program, and places from which it sees only a part of them. */

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, inject, it } from 'vitest';

import { run } from '../helpers/conntrack.ts';
import { AS_NOBODY } from '../helpers/container.ts';
import { addNamespace, deleteNamespace, Holder, pathOf, track } from '../helpers/namespaces.ts';
import { copyForEverybody, Program, type ProgramOptions } from '../helpers/program.ts';
import { until } from '../helpers/until.ts';

const PREFIX = `ctraces${process.pid}`;
const OFF = '{ enabled: no }';
const CONFIG = `
modules: { events: ${OFF}, flows: ${OFF}, sockets: ${OFF}, conntrackd: ${OFF} }
namespaces: { enabled: yes, max: 1000 }
`;
/** Seconds that a slow machine may take. */
const LONG = 120;
/** Updates after which another search has ended. */
const SEARCHED = 12;
const ENDS: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ENDS.splice(0).reverse()) await end();
});

function add(suffix: string, entries: number): string {
  const name = `${PREFIX}-${suffix}`;
  addNamespace(name);
  ENDS.push(() => existsSync(pathOf(name)) && deleteNamespace(name));
  if (entries > 0) track(['ip', 'netns', 'exec', name], entries);
  return name;
}

/**
 * A process, in a namespace with as many entries if any are asked for. The program sees the namespaces of other tests too: a
 * number of entries that identifies one here is used nowhere else.
 */
async function hold(via: readonly string[], entries = 0): Promise<Holder> {
  const holder = await Holder.start(via);
  ENDS.push(() => holder.stop());
  if (entries > 0) track(['nsenter', `--target=${holder.pid}`, '--net'], entries);
  return holder;
}

function start(options: ProgramOptions = {}, environment: Readonly<Record<string, string>> = {}): Program {
  const program = new Program(['1'], environment, { config: CONFIG, ...options });
  ENDS.push(() => program.stop());
  return program;
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'conntrack-races-'));
  ENDS.push(() => rmSync(made, { recursive: true }));
  return made;
}

/** The numbers of entries that were printed for a name, without repetitions. */
function printed({ out }: Program, name: string): readonly number[] {
  const found = out.matchAll(
    new RegExp(`^BEGIN conntrack.sockets_netns_${name}(?: \\d+)?\nSET connections = (\\d+)$`, 'gm'),
  );
  return [...found].map(([, number]) => Number(number)).filter((number, at, all) => number !== all[at - 1]);
}

/** Waits until a number of entries is printed for a name. */
async function shown(program: Program, name: string, entries: number): Promise<void> {
  await until(`${name} has ${entries} entries`, LONG, () => printed(program, name).at(-1) === entries);
}

/** The latest numbers of namespaces. */
function counts(program: Program): Readonly<Record<string, number>> {
  return program.stream.updates.findLast(({ chart }) => chart === 'conntrack.namespaces')?.values ?? {};
}

/** The name of the namespace whose table has as many entries; waits until it is shown. */
async function nameWith(program: Program, entries: number): Promise<string> {
  const update = new RegExp(`^BEGIN conntrack.sockets_netns_(\\S+)(?: \\d+)?\nSET connections = ${entries}$`, 'm');
  await until(`a namespace has ${entries} entries`, LONG, () => update.test(program.out));
  return update.exec(program.out)?.[1] ?? '';
}

describe.skipIf(inject('missing').kernel !== undefined)('a network namespace', () => {
  it('is not that of a process that has moved to another one', async () => {
    const other = add('other', 1005);
    const moving = await hold(['unshare', '--net'], 1011);
    const program = start();
    await shown(program, other, 1005);
    const name = await nameWith(program, 1011);
    await moving.run(`exec nsenter --net=${pathOf(other)} sh -c 'echo; exec sleep 600'`);
    track(['ip', 'netns', 'exec', other], 1006);
    await until('more entries are shown', LONG, () => (printed(program, other).at(-1) ?? 0) > 1005);
    await program.updated('conntrack.sockets', SEARCHED);
    expect(printed(program, name)).toEqual([1011]);
    expect(printed(program, other)).toEqual([1005, 1006]);
    expect(program.out.lastIndexOf(`BEGIN conntrack.sockets_netns_${name} `)).toBeLessThan(
      program.out.lastIndexOf(`BEGIN conntrack.sockets_netns_${other} `),
    );
  });

  it('is not another one that was bound to its path', async () => {
    const [covered, covering] = [add('covered', 3), add('covering', 8)];
    const program = start();
    await shown(program, covered, 3);
    await shown(program, covering, 8);
    run(['mount', '--bind', pathOf(covering), pathOf(covered)]);
    ENDS.push(() => run(['umount', pathOf(covered)]));
    await program.updated('conntrack.sockets', SEARCHED);
    expect([printed(program, covered), printed(program, covering)]).toEqual([[3], [8]]);
  });

  it('of another user namespace is read by everybody, and one without entries is shown as empty', async () => {
    await hold(['unshare', '--user', '--map-root-user', '--net'], 1013);
    const empty = await hold(['unshare', '--net']);
    const program = start({ plugin: copyForEverybody(folder()), via: AS_NOBODY });
    await nameWith(program, 1013);
    const update = new RegExp(`netns_\\S*${empty.pid}(?: \\d+)?\nSET connections = 0$`, 'm');
    await until('the empty one is shown', LONG, () => update.test(program.out));
    expect(program.out).toMatch(update);
  });

  it('is unreadable where procfs hides the processes of others', async () => {
    const name = add('bound', 4);
    await hold(['unshare', '--net'], 1017);
    const hiding = 'mount -t proc -o hidepid=2 proc /proc && exec "$@"';
    const via = ['unshare', '--mount', 'sh', '-c', hiding, 'sh', ...AS_NOBODY];
    const program = start({ plugin: copyForEverybody(folder()), via });
    await until('it is counted as unreadable', LONG, () => (counts(program)['unreadable'] ?? 0) > 0);
    expect(printed(program, name)).toEqual([]);
    expect(program.out).not.toMatch(/^SET connections = 1017$/m);
  });

  it('of the host is read from a container', async () => {
    await hold(['unshare', '--net'], 1019);
    const host = folder();
    mkdirSync(join(host, 'proc'));
    const via = ['unshare', '--net', '--mount', 'sh', '-c', 'mount --rbind /proc "$0/proc" && exec "$@"', host];
    const program = start({ via }, { NETDATA_HOST_PREFIX: host });
    expect(await nameWith(program, 1019)).not.toBe('');
  });

  it('is not that of another process with the same number', async () => {
    // In a separate process namespace, numbers can be chosen.
    const first = await hold(['unshare', '--pid', '--mount-proc', '--fork', '--kill-child']);
    const pid = Number(readFileSync(`/proc/${first.pid}/task/${first.pid}/children`, 'utf8'));
    const via = ['nsenter', `--target=${pid}`, '--pid', '--mount'];
    const occupy = async (entries: number): Promise<void> => {
      // A thread of the program can take the number.
      await first.run(
        'held=; until [ "$held" = 9001 ]; do [ -z "$held" ] || kill $held; ' +
          'echo 9000 > /proc/sys/kernel/ns_last_pid; unshare --net sleep 600 & held=$!; done',
      );
      await until('the process is in its namespace', LONG, () => {
        return run([...via, 'readlink', '/proc/9001/exe']).includes('sleep');
      });
      track([...via, 'nsenter', '--target=9001', '--net'], entries);
    };
    await occupy(1023);
    const program = start({ via });
    await until('the first is shown', LONG, () => printed(program, 'pid-9001').at(-1) === 1023);
    await first.run('kill $held; wait $held 2>/dev/null');
    await occupy(1029);
    await nameWith(program, 1029);
    expect(printed(program, 'pid-9001')).toEqual([1023]);
  });
});
