import { beforeEach, describe, expect, it, vi } from 'vitest';

import { parseConfig } from '../../collector/config/parse.ts';
import { createAccess } from '../../collector/modules/access.ts';
import { ALL, Collecting, off, SIGNS, valuesOf, working } from '../helpers/collecting.ts';

vi.mock(import('../../collector/modules/access.ts'), async (original) => ({
  ...(await original()),
  createAccess: vi.fn(),
}));

beforeEach(() => {
  vi.mocked(createAccess).mockReset();
});

describe('applying another configuration', () => {
  const charts = (lines: readonly string[], pattern: RegExp): string[] =>
    lines.flatMap((line) => (pattern.test(line) ? [/^CHART conntrack\.(\S+)/.exec(line)?.[1] ?? ''] : []));

  it('replaces no module and defines no chart again if it is the same', async () => {
    const collecting = new Collecting('');
    await collecting.update(3);
    const channels = [...collecting.channels.values()];
    collecting.configure('modules: { flows: { update_every: 10 } }');
    const lines = await collecting.update(2);
    expect([...collecting.channels.values()]).toEqual(channels);
    expect(channels.map(({ isClosed }) => isClosed)).toEqual(channels.map(() => false));
    expect(charts(lines, /^CHART/)).toEqual([]);
    expect(lines).toContain('BEGIN conntrack.sockets 1000000');
    expect(valuesOf(lines, 'errors')).toContain('SET drop = 0');
  });

  it('closes a module that is turned off and removes its charts, and no other', async () => {
    const collecting = new Collecting('');
    await collecting.update(3);
    collecting.configure(off('sockets', 'conntrackd'));
    const lines = await collecting.update(1);
    expect(collecting.channels.get('sockets')?.isClosed).toBe(true);
    expect(collecting.daemon.open).toBe(0);
    const gone = charts(lines, /obsolete/);
    expect(gone).toEqual(expect.arrayContaining([SIGNS.sockets, SIGNS.conntrackd]));
    expect(gone.filter((chart) => !/^(socket_states|conntrackd)_/.test(chart))).toEqual([]);
    expect(collecting.channels.get('events')?.isClosed).toBe(false);
    expect(lines).toContain('BEGIN conntrack.sockets 1000000');
    expect(working(await collecting.update(10))).toEqual(['stat', 'events', 'flows']);
  });

  it('replaces a module whose options change, and no other', async () => {
    const collecting = new Collecting('');
    await collecting.update(3);
    const { events, flows } = Object.fromEntries(collecting.channels);
    collecting.configure('modules: { flows: { update_every: 4 } }');
    const lines = await collecting.update(5);
    expect([events?.isClosed, flows?.isClosed]).toEqual([false, true]);
    expect(collecting.channels.get('flows')).not.toBe(flows);
    expect(charts(lines, /'flows'$/)).toContain(SIGNS.flows);
    expect(lines.find((line) => line.startsWith('BEGIN conntrack.flows_by_protocol'))).toMatch(/ \d+$/);
    expect(charts(lines, /obsolete/)).toEqual([]);
  });

  it('removes the charts that basic mode lacks, and returns them with advanced mode', async () => {
    const collecting = new Collecting('');
    await collecting.update(3);
    collecting.configure('mode: basic');
    const lines = await collecting.update(1);
    expect(charts(lines, /obsolete/)).toEqual(expect.arrayContaining(['new', 'errors', SIGNS.events, SIGNS.flows]));
    expect(working(lines)).toEqual(['stat']);
    collecting.configure('');
    expect(working(await collecting.update(3))).toEqual(ALL);
  });

  it('defines the charts again for another interval, each with the exact time since its last update', async () => {
    const collecting = new Collecting(off('conntrackd'));
    await collecting.update(3);
    collecting.configure(off('conntrackd'), 5);
    const lines = await collecting.update(2, 5);
    expect(lines.find((line) => line.startsWith('CHART conntrack.sockets '))).toMatch(
      / 5 '' 'conntrack.plugin' 'stat'$/,
    );
    expect(lines).toContain('BEGIN conntrack.sockets 1000000');
    expect(lines).toContain('BEGIN conntrack.sockets 5000000');
  });

  it('removes every chart when no module is left', async () => {
    const collecting = new Collecting(off('conntrackd'));
    await collecting.update(3);
    const known = new Set(charts(collecting.pipe.text.split('\n'), /^CHART/));
    collecting.configure(off(...ALL));
    expect(collecting.hasModules).toBe(false);
    expect(charts(await collecting.update(1), /obsolete/).sort()).toEqual([...known].sort());
  });
});

describe('jobs', () => {
  it('are added and removed without touching the others', () => {
    const { context, jobs } = new Collecting('');
    const own = jobs.all.flatMap(({ modules }) => modules);
    expect(own.map(({ name }) => name)).toEqual(['stat', 'events', 'flows', 'sockets', 'conntrackd']);
    jobs.set('guest', context, { config: parseConfig('conntrack.conf', off('events', 'conntrackd')), every: 7 });
    const guests = jobs.get('guest')?.modules ?? [];
    expect(guests.map(({ every, name }) => `${name} ${every}`)).toEqual(['stat 7', 'flows 14', 'sockets 7']);
    const closed: string[] = [];
    for (const module of own) vi.spyOn(module, 'close').mockImplementation(() => closed.push(`own ${module.name}`));
    for (const module of guests) vi.spyOn(module, 'close').mockImplementation(() => closed.push(module.name));
    jobs.remove('guest');
    expect(closed).toEqual(['stat', 'flows', 'sockets']);
    expect(jobs.all.flatMap(({ modules }) => modules)).toEqual(own);
  });

  it('share the CPU time for background work until one is removed', () => {
    const { context, jobs } = new Collecting('');
    const flows = context.budget.claim('flows', 0.06);
    expect(flows.share).toBe(0.03);
    jobs.set('guest', context, { config: parseConfig('conntrack.conf', ''), every: 1 });
    expect(flows.share).toBe(0.02);
    jobs.remove('guest');
    expect(flows.share).toBe(0.03);
  });

  it('that are replaced give back the CPU time that their modules had claimed', () => {
    const collecting = new Collecting('');
    const flows = collecting.context.budget.claim('flows', 0.06);
    collecting.configure('modules: {flows: {cpu_share: 9}}');
    expect(flows.share).toBe(0.03);
  });
});
