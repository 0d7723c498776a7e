import { beforeEach, describe, expect, it } from 'vitest';

import { valuesOf } from '../helpers/collecting.ts';
import { boundNamespace, NamespaceCollecting } from '../helpers/namespace_scene.ts';

let collecting: NamespaceCollecting;

beforeEach(() => {
  collecting = new NamespaceCollecting();
});

/** The charts of namespaces in `CHART` lines. */
const ids = (lines: readonly string[], option = ''): readonly string[] =>
  lines.flatMap((line) => {
    const [, id] = /^CHART conntrack\.(\S+_netns_\S+|namespaces) /.exec(line) ?? [];
    return id !== undefined && line.includes(option) ? [id] : [];
  });

describe('a network namespace', () => {
  it('has the charts of the host with its name in their ids and its labels', async () => {
    collecting.scene.add('blue', { entries: 250 }, boundNamespace('blue', 1, { container: 'c0ffee' }));
    await collecting.update();
    const lines = await collecting.update(2);
    expect(ids(lines)).toEqual([
      'sockets_netns_blue',
      'utilization_netns_blue',
      'namespaces',
      ...['new', 'errors', 'clashes', 'search', 'expect'].map((id) => `${id}_netns_blue`),
    ]);
    const chart = lines.findIndex((line) => line.startsWith('CHART conntrack.utilization_netns_blue '));
    expect(lines.slice(chart + 1, chart + 4)).toEqual([
      "CLABEL 'netns' 'blue' 1",
      "CLABEL 'container' 'c0ffee' 1",
      'CLABEL_COMMIT',
    ]);
    expect(valuesOf(lines, 'sockets_netns_blue')).toEqual(['SET connections = 250']);
    expect(valuesOf(lines, 'utilization_netns_blue')).toEqual(['SET used = 25000']);
  });

  it('that appears has charts within 15 seconds', async () => {
    await collecting.update(2);
    collecting.scene.add('late', { entries: 1 });
    await collecting.update(9);
    expect(valuesOf(await collecting.update(), 'sockets_netns_late')).toContain('SET connections = 1');
  });

  it.each([
    ['at once if it is included: its modules can have sockets inside', 'include: [blue]', 0],
    ['after a reading has failed otherwise', '', 1],
  ])('that is gone is dropped %s', async (_when, options, updates) => {
    collecting.configure(`namespaces: {${options}}`);
    collecting.scene.add('blue', { entries: 1 });
    await collecting.update(3);
    expect(collecting.scene.open).toBe(1);
    collecting.scene.destroy('blue');
    expect(valuesOf(await collecting.update(1 + updates), 'sockets_netns_blue')).toEqual([]);
    expect([collecting.scene.open, collecting.watched]).toEqual([0, []]);
  });

  it('that is gone has charts for another minute', async () => {
    collecting.scene.add('blue', { entries: 1 });
    await collecting.update(3);
    collecting.scene.destroy('blue');
    await collecting.update();
    expect(ids(await collecting.update(58), 'obsolete')).toEqual([]);
    expect(ids(await collecting.update(), 'obsolete')).toContain('sockets_netns_blue');
  });

  it('that returns under its name continues its charts, within four seconds', async () => {
    collecting.scene.add('blue', { entries: 1 });
    await collecting.update(5);
    collecting.scene.destroy('blue');
    await collecting.update(2);
    collecting.scene.add('blue', { entries: 7 }, boundNamespace('blue', 2));
    await collecting.update(3);
    const lines = await collecting.update();
    expect(ids(lines)).toEqual([]);
    expect(valuesOf(lines, 'sockets_netns_blue')).toEqual(['SET connections = 7']);
  });

  it('that was replaced between two updates is watched again, without rates across both', async () => {
    collecting.scene.add('blue', { entries: 1, drop: 1000 });
    await collecting.update(9);
    collecting.scene.add('blue', { entries: 2, drop: 9000 }, boundNamespace('blue', 2));
    for (let second = 0; second < 6; second++) {
      const [drop = ''] = valuesOf(await collecting.update(), 'errors_netns_blue').filter((line) => /drop/.test(line));
      expect(['', 'SET drop = 0']).toContain(drop);
    }
    expect(collecting.watched).toEqual(['netns blue']);
  });

  it.each([
    ['blue', '', ['stat']],
    ['blue', 'include: [blue]', ['stat', 'events', 'flows', 'sockets']],
    ['blue', 'include: [blue]}\nmodules: {flows: {enabled: no}', ['stat', 'events', 'sockets']],
    ['blue', 'exclude: [b*]', undefined],
    ['blue', 'enabled: no, include: [blue]', undefined],
  ])('%s has its modules with {%s}: %j', async (name, options, modules) => {
    collecting.configure(`namespaces: {${options}}`);
    collecting.scene.add(name, { entries: 1 });
    await collecting.update(2);
    expect(collecting.modulesOf(name)).toEqual(modules);
  });

  it.each([
    ['basic mode', 'mode: basic', ['netns blue']],
    [
      'every module turned off',
      'modules: {stat: {enabled: no}, events: {enabled: no}, flows: {enabled: no}, sockets: {enabled: no}}',
      [],
    ],
  ])('is watched as configured with %s', async (_what, config, watched) => {
    collecting.configure(config);
    collecting.scene.add('blue', { entries: 1 });
    await collecting.update(2);
    expect(collecting.watched).toEqual(watched);
  });

  it('has its own rates beside another one, and beside one whose file is torn', async () => {
    const { scene } = collecting;
    scene.add('blue', { entries: 1, drop: 100 });
    scene.add('red', { entries: 2, drop: 5000 });
    scene.add('torn', { entries: 3, drop: 7 });
    await collecting.update(3);
    scene.set('blue', { entries: 1, drop: 104 });
    scene.set('red', { entries: 2, drop: 5030 });
    scene.volume.writeFileSync('/ns/torn/stat/nf_conntrack', 'entries drop\n0000');
    const lines = await collecting.update();
    expect(valuesOf(lines, 'errors_netns_blue')).toContain('SET drop = 8000');
    expect(valuesOf(lines, 'errors_netns_red')).toContain('SET drop = 60000');
    expect(valuesOf(lines, 'errors_netns_torn')).toEqual([]);
  });

  it('with the longest name of a file has chart ids that every agent stores whole, and the whole name as label', async () => {
    const names = ['a', 'b'].map((end) => `${'x'.repeat(254)}${end}`);
    for (const [place, name] of names.entries()) collecting.scene.add(name, { entries: 41 - place });
    await collecting.update();
    const lines = await collecting.update(2);
    const long = ids(lines).filter((id) => id.includes('_netns_'));
    expect(new Set(long).size).toBe(14);
    expect(Math.max(...long.map((id) => `conntrack.${id}`.length))).toBeLessThan(200);
    const labels = lines.filter((line) => line.startsWith("CLABEL 'netns'"));
    expect(new Set(labels)).toEqual(new Set(names.map((name) => `CLABEL 'netns' '${name}' 1`)));
    const short = `sockets_netns_${'x'.repeat(120)}`;
    expect([short, `${short}_2`].map((id) => valuesOf(lines, id).at(-1))).toEqual([
      'SET connections = 41',
      'SET connections = 40',
    ]);
  });

  it('of a name that chart ids do not allow has a separate id', async () => {
    for (const name of ['pod/a', 'pod.a', 'pod_a']) collecting.scene.add(name, { entries: 1 });
    await collecting.update();
    expect(ids(await collecting.update()).filter((id) => id.startsWith('sockets'))).toEqual([
      'sockets_netns_pod_a',
      'sockets_netns_pod_a_2',
      'sockets_netns_pod_a_3',
    ]);
  });

  it('of such a name has its id to itself while the charts of one that is gone remain', async () => {
    collecting.scene.add('pod.a', { entries: 1 });
    await collecting.update(3);
    collecting.scene.destroy('pod.a');
    await collecting.update(20);
    collecting.scene.add('pod_a', { entries: 7 });
    const lines = await collecting.update(20);
    expect(valuesOf(lines, 'sockets_netns_pod_a')).toEqual([]);
    expect(valuesOf(lines, 'sockets_netns_pod_a_2')).toContain('SET connections = 7');
    collecting.scene.destroy('pod_a');
    await collecting.update(121);
    collecting.scene.add('pod/a', { entries: 5 });
    expect(valuesOf(await collecting.update(20), 'sockets_netns_pod_a')).toContain('SET connections = 5');
  });

  it('of such a name keeps its id when it is made again', async () => {
    for (const name of ['pod.a', 'pod_a']) collecting.scene.add(name, { entries: 1 });
    await collecting.update(3);
    collecting.scene.destroy('pod.a');
    collecting.scene.add('pod_a', { entries: 7 }, boundNamespace('pod_a', 2));
    const lines = await collecting.update(12);
    expect(valuesOf(lines, 'sockets_netns_pod_a')).toEqual([]);
    expect(valuesOf(lines, 'sockets_netns_pod_a_2')).toContain('SET connections = 7');
  });

  it('whose labels change has the new ones', async () => {
    collecting.scene.add('blue', { entries: 1 });
    await collecting.update(2);
    const [before] = collecting.scene.namespaces;
    collecting.scene.namespaces = before === undefined ? [] : [{ ...before, labels: { netns: 'blue', pod: 'p7' } }];
    const lines = await collecting.update(10);
    expect(lines).toContain("CLABEL 'pod' 'p7' 1");
    expect(collecting.scene.entered.get('blue')).toBe(3);
  });
});

describe('the chart of network namespaces', () => {
  const numbers = async (seconds: number): Promise<string[]> =>
    valuesOf(await collecting.update(seconds), 'namespaces');

  it('accounts for each, as soon as the first search is complete', async () => {
    collecting.configure('namespaces: {exclude: [x*], max: 1}');
    for (const [name, entries] of Object.entries({ a: 9, b: 7, x1: 1, x2: 0, idle: 0 }))
      collecting.scene.add(name, { entries });
    collecting.scene.add('closed', { entries: 1 });
    collecting.scene.problems.set('closed', 'namespace_closed');
    await collecting.update();
    expect(await numbers(1)).toEqual(['SET watched = 1', 'SET idle = 1', 'SET left_out = 3', 'SET unreadable = 1']);
  });

  it('counts one that cannot be entered as unreadable', async () => {
    collecting.scene.add('a', { entries: 1 });
    collecting.scene.refused.add('a');
    await collecting.update();
    expect(await numbers(1)).toEqual(['SET watched = 0', 'SET idle = 0', 'SET left_out = 0', 'SET unreadable = 1']);
  });

  it('counts those as left out that the limit of open files does not allow, and the fullest are watched', async () => {
    collecting = new NamespaceCollecting('namespaces: {include: [last]}', 128 + 14 + 2 * 3);
    for (const [place, name] of ['last', 'a', 'b', 'c', 'd'].entries()) collecting.scene.add(name, { entries: place });
    await collecting.update();
    expect(await numbers(1)).toEqual(['SET watched = 3', 'SET idle = 0', 'SET left_out = 2', 'SET unreadable = 0']);
    expect(collecting.watched).toEqual(['netns last', 'netns d', 'netns c']);
    const short = { level: 'warning', message: expect.stringContaining('the limit of open files is too low') };
    expect(collecting.log.entries.filter(({ level }) => level === 'warning')).toEqual([
      { ...short, fields: { left_out: 2, open_files: 148 } },
    ]);
    collecting.scene.destroy('c');
    collecting.scene.destroy('d');
    await collecting.update(12);
    expect(collecting.watched).toEqual(['netns last', 'netns b', 'netns a']);
    expect(collecting.log.lines).toContain('info the limit of open files suffices for the selected network namespaces');
  });

  it('counts the paths that cannot be seen, unless processes may be in them', async () => {
    collecting.scene.hidden = ['one', 'two', 'three'];
    collecting.scene.add(
      'web',
      { entries: 1 },
      {
        ...boundNamespace('web'),
        bound: undefined,
        anchor: { pid: 7, started: 3, inode: 9 },
      },
    );
    await collecting.update();
    expect(await numbers(1)).toContain('SET unreadable = 2');
  });

  it('is shown with auto once there is any, and then also without one', async () => {
    await collecting.update();
    expect(await numbers(11)).toEqual([]);
    collecting.scene.add('a', { entries: 1 });
    expect(await numbers(10)).toContain('SET watched = 1');
    collecting.scene.destroy('a');
    expect(await numbers(12)).toEqual(['SET watched = 0', 'SET idle = 0', 'SET left_out = 0', 'SET unreadable = 0']);
  });

  it('is shown with yes, and not with no', async () => {
    collecting.configure('namespaces: {enabled: yes}');
    await collecting.update();
    expect(await numbers(1)).toContain('SET watched = 0');
    collecting.configure('namespaces: {enabled: no}');
    expect(ids(await collecting.update(), 'obsolete')).toEqual(['namespaces']);
  });
});

describe('a search', () => {
  /** Seconds of CPU time that each search takes; the seconds after the start when they begin. */
  async function begun(costs: readonly number[], seconds: number): Promise<readonly number[]> {
    const { runtime, scene } = collecting;
    const begins: number[] = [];
    const find = scene.find.bind(scene);
    scene.find = function* () {
      begins.push(runtime.monotonic() / 1e6 - 300);
      runtime.compute((costs[begins.length - 1] ?? 0) * 1e6);
      return yield* find();
    };
    await collecting.update(seconds);
    return begins;
  }

  it('is made every ten seconds, whatever the first two cost', async () => {
    expect(await begun([0.9, 0.7], 35)).toEqual([0, 10, 20, 30]);
  });

  it('is made less often if a later one costs more than 2 % of a CPU', async () => {
    expect(await begun([0.9, 0.7, 0.36], 62)).toEqual([0, 10, 20, 40, 50, 60]);
  });
});

describe('another configuration', () => {
  it('keeps what stays watched, without entering again, and drops the rest', async () => {
    for (const name of ['a', 'b']) collecting.scene.add(name, { entries: 1 });
    await collecting.update(3);
    const module = collecting.jobs.get('netns a')?.modules[0];
    collecting.configure('namespaces: {exclude: [b]}');
    await collecting.update(2);
    expect(collecting.watched).toEqual(['netns a']);
    expect(collecting.jobs.get('netns a')?.modules[0]).toBe(module);
    expect(collecting.scene.open).toBe(1);
  });

  it('gives an included one its modules, and removes them again', async () => {
    collecting.scene.add('a', { entries: 1 });
    await collecting.update(3);
    collecting.configure('namespaces: {include: [a]}');
    await collecting.update(2);
    expect(collecting.modulesOf('a')).toEqual(['stat', 'events', 'flows', 'sockets']);
    collecting.configure('');
    await collecting.update(2);
    expect(collecting.modulesOf('a')).toEqual(['stat']);
  });

  it('that turns namespaces off drops all at once', async () => {
    collecting.scene.add('a', { entries: 1 });
    await collecting.update(3);
    collecting.configure('namespaces: {enabled: no}');
    expect([collecting.watched, collecting.scene.open]).toEqual([[], 0]);
  });
});

describe('the log', () => {
  it('names the patterns of include that match nothing, once for each configuration', async () => {
    const lines = (): readonly unknown[] =>
      collecting.log.entries.filter(({ message }) => message.includes('namespaces.include'));
    const line = (patterns: string) => ({
      level: 'notice',
      message: 'no network namespace matches these patterns of namespaces.include',
      fields: { patterns },
    });
    collecting.scene.add('blue', { entries: 1 });
    collecting.configure("namespaces: {include: [bleu, blue, 'q*-7']}");
    await collecting.update(25);
    expect(lines()).toEqual([line('bleu, q*-7')]);
    collecting.configure("namespaces: {include: [blue, 'q*-7']}");
    await collecting.update(25);
    expect(lines()).toEqual([line('bleu, q*-7'), line('q*-7')]);
    collecting.configure('namespaces: {include: [blue]}');
    await collecting.update(25);
    expect(lines()).toHaveLength(2);
  });

  it('has a line for each namespace that is watched, and one when it is gone; nothing about its modules', async () => {
    collecting.configure('namespaces: {include: [a]}');
    collecting.scene.add('a', { entries: 1 });
    await collecting.update(3);
    collecting.scene.destroy('a');
    await collecting.update(2);
    expect(
      collecting.log.entries.filter(({ fields, level }) => fields?.['netns'] === 'a' && level !== 'debug'),
    ).toEqual([
      {
        level: 'info',
        message: 'watching a network namespace',
        fields: { netns: 'a', via: 'the gate of a' },
      },
      {
        level: 'info',
        message: 'no longer watching a network namespace',
        fields: { netns: 'a', why: 'the network namespace is gone' },
      },
    ]);
  });
});
