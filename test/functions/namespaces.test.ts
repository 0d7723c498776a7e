import { describe, expect, it } from 'vitest';

import { NAMESPACE_COLUMNS } from '../../collector/functions/namespaces.ts';
import { TOP } from '../../collector/functions/top.ts';
import { ProblemError } from '../../collector/modules/problem.ts';
import { documentedColumns } from '../helpers/documented_columns.ts';
import { FakeNamespaces } from '../helpers/fake_namespaces.ts';
import { LiveKernel, rowsOf } from '../helpers/live_kernel.ts';
import { alerts } from '../helpers/project.ts';

const BY = { by: 'netns' };

/** A kernel whose namespaces change in the second between the two readings. */
function kernelWith(namespaces: FakeNamespaces, change: () => void = () => undefined): LiveKernel {
  const kernel = new LiveKernel({}, { namespaces });
  kernel.clock.onSleep((milliseconds) => {
    kernel.clock.advance(milliseconds);
    change();
  });
  return kernel;
}

describe('the ranking of network namespaces', () => {
  it('has entries, the share of the limit, and rates over the second between two readings, the host among them', async () => {
    const namespaces = new FakeNamespaces(1000)
      .host({ entries: 17, drop: 5 })
      .set('blue', { entries: 400, drop: 31, early_drop: 2, insert_failed: 9 })
      .set('red', { entries: 30 });
    const kernel = kernelWith(namespaces, () => {
      namespaces.host({ entries: 19, drop: 5 });
      namespaces.set('blue', { entries: 371, drop: 34, early_drop: 2, insert_failed: 13 });
    });
    const answer = await kernel.answer(TOP, BY);
    // Two CPUs.
    expect(rowsOf(answer)).toEqual([
      {
        netns: 'blue',
        connections: 371,
        used: 37.1,
        growth: -29,
        new: null,
        drop: 6,
        early_drop: 0,
        insert_failed: 8,
        via: 'process of blue',
        problem: null,
      },
      expect.objectContaining({ netns: 'red', connections: 30, growth: 0, drop: 0, via: 'process of red' }),
      expect.objectContaining({ netns: 'host', connections: 19, growth: 2, via: '/proc/net/stat/nf_conntrack' }),
    ]);
    expect(answer.notes).toEqual([
      'Each network namespace can hold 1,000 entries.',
      'This kernel does not count new connections; growth is the change of their number.',
    ]);
    expect(kernel.clock.sleeps).toEqual([1000]);
    expect(kernel.channels).toEqual([]);
  });

  it('has the rate of new connections on kernels that count them', async () => {
    const namespaces = new FakeNamespaces().host({ new: 100 });
    const kernel = kernelWith(namespaces, () => namespaces.host({ new: 112 }));
    const answer = await kernel.answer(TOP, BY);
    expect(rowsOf(answer)).toMatchObject([{ netns: 'host', new: 24 }]);
    expect(answer.notes).toEqual([]);
  });

  it('has no share without a limit', async () => {
    const rows = await kernelWith(new FakeNamespaces().set('blue', { entries: 3 })).rows(TOP, BY);
    expect(rows).toMatchObject([
      { netns: 'blue', used: null },
      { netns: 'host', used: null },
    ]);
  });

  it('marks a nearly full table and errors, at the thresholds of the alert', async () => {
    const [warning, critical] = [90, 95];
    const alert = alerts.find(({ template }) => template === 'conntrack_namespace_full');
    expect([alert?.['warn'], alert?.['crit']]).toEqual([
      expect.stringContaining(`(${warning}))`),
      expect.stringContaining(`(${critical}))`),
    ]);
    const namespaces = new FakeNamespaces(1000);
    for (const entries of [900, 901, 950, 951]) namespaces.set(`with-${entries}`, { entries });
    namespaces.set('dropping', { entries: 1, drop: 1 });
    const kernel = kernelWith(namespaces, () => namespaces.set('dropping', { entries: 1, drop: 2 }));
    const { rows } = await kernel.answer(TOP, BY);
    expect(rows.map(({ cells: [name], severity }) => [name, severity])).toEqual([
      ['with-951', 'error'],
      ['with-950', 'warning'],
      ['with-901', 'warning'],
      ['with-900', undefined],
      ['dropping', 'warning'],
      ['host', undefined],
    ]);
  });

  it('lists namespaces that cannot be read last, with the reason instead of numbers', async () => {
    const closed = new ProblemError('namespace_hidden', '/run/netns/shut', 'EACCES');
    const namespaces = new FakeNamespaces(1000).set('shut', {}).refuse('shut', closed).set('blue', { entries: 0 });
    namespaces.found = { ...namespaces.found, hidden: [{ path: '/run/docker/netns/1a2b', error: 'EACCES' }] };
    const answer = await kernelWith(namespaces).answer(TOP, BY);
    const message = 'the path of the network namespace is not accessible: EACCES';
    const rates = { growth: null, new: null, drop: null, early_drop: null, insert_failed: null };
    const nothing = { connections: null, used: null, ...rates };
    expect(rowsOf(answer).slice(2)).toEqual([
      { netns: 'shut', ...nothing, via: null, problem: message },
      { netns: '/run/docker/netns/1a2b', ...nothing, via: null, problem: message },
    ]);
    expect(rowsOf(answer)[1]).toMatchObject({ netns: 'blue', connections: 0, problem: null });
    expect(answer.notes.at(-1)).toBe(
      `Not readable: shut, /run/docker/netns/1a2b: ${message}; let the agent's user search its directory.`,
    );
  });

  it('shows no numbers of a namespace that cannot be read any more', async () => {
    const namespaces = new FakeNamespaces(1000).set('blue', { entries: 400, drop: 1 });
    const kernel = kernelWith(namespaces, () =>
      namespaces.refuse('blue', new ProblemError('system_error', 'blue', 'EIO')),
    );
    expect((await kernel.rows(TOP, BY)).at(-1)).toMatchObject({ netns: 'blue', connections: null, drop: null });
  });

  it('leaves out a namespace that has gone meanwhile', async () => {
    const namespaces = new FakeNamespaces(1000).set('blue', { entries: 400 });
    const gone = new ProblemError('namespace_gone', 'blue');
    const answer = await kernelWith(namespaces, () => namespaces.refuse('blue', gone)).answer(TOP, BY);
    expect(rowsOf(answer)).toMatchObject([{ netns: 'host' }]);
    expect(answer.notes.join()).not.toContain('Not readable');
  });

  it('shows a namespace that is called host by its path, or by a process in it', async () => {
    const anchor = { pid: 4711, started: 1, inode: 2 };
    const named = new FakeNamespaces().set('host', { entries: 5 });
    expect(await kernelWith(named).rows(TOP, BY)).toMatchObject([{ netns: '/run/netns/host' }, { netns: 'host' }]);
    const unnamed = new FakeNamespaces().set('host', { entries: 5 }, { bound: undefined, anchor });
    expect(await kernelWith(unnamed).rows(TOP, BY)).toMatchObject([{ netns: '/proc/4711/ns/net' }, { netns: 'host' }]);
  });

  it('reads a thousand namespaces in slices, one file at a time, and shows the fullest', async () => {
    const namespaces = new FakeNamespaces();
    for (let number = 0; number < 1000; number++) namespaces.set(`tenant-${number}`, { entries: number });
    const kernel = kernelWith(namespaces);
    const { monotonic } = kernel.runtime;
    // Each look at the clock takes a millisecond.
    kernel.runtime.monotonic = () => {
      kernel.runtime.compute(1000);
      return monotonic.call(kernel.runtime);
    };
    const answer = await kernel.answer(TOP, { ...BY, limit: '2' });
    expect(rowsOf(answer)).toMatchObject([{ netns: 'tenant-999' }, { netns: 'tenant-998' }]);
    expect(answer.notes[0]).toBe('Showing 2 of 1,001 network namespaces.');
    expect([namespaces.opened, namespaces.mostOpened]).toEqual([0, 1]);
    expect(kernel.runtime.yields).toBeGreaterThan(300);
  });

  it('closes what it opened when a text is malformed', async () => {
    const namespaces = new FakeNamespaces().set('blue', { entries: 5 });
    namespaces.write('/namespaces/blue/stat/nf_conntrack', 'entries\n0000');
    const rows = await kernelWith(namespaces).rows(TOP, BY);
    expect(rows.at(-1)).toMatchObject({ netns: 'blue', connections: null, problem: expect.stringContaining('torn') });
    expect(namespaces.opened).toBe(0);
  });

  it('is a problem where connection tracking is not loaded', async () => {
    const namespaces = new FakeNamespaces().set('blue', {});
    namespaces.remove('/proc/net/stat/nf_conntrack').remove('/namespaces/blue/stat/nf_conntrack');
    await expect(kernelWith(namespaces).answer(TOP, BY)).rejects.toThrow('connection tracking is not loaded');
  });

  it('stops when aborted', async () => {
    const abort = new AbortController();
    const kernel = kernelWith(new FakeNamespaces(), () => abort.abort());
    await expect(kernel.answer(TOP, BY, abort.signal)).rejects.toThrow('aborted');
  });

  it('is not estimated', async () => {
    const answer = new LiveKernel().answer(TOP, { ...BY, sample: 'yes' });
    await expect(answer).rejects.toThrow('sample: not allowed together with by netns, whose numbers are exact');
  });

  it('has its columns in metadata.yaml', () => {
    const headings = NAMESPACE_COLUMNS.map(({ name }) => name);
    expect(documentedColumns('conntrack:top')).toEqual(expect.arrayContaining(headings));
  });
});
