/** The built program on a real kernel's counters, moved by real traffic. */

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { end, Laboratory, SERVER_ADDRESS } from '../helpers/laboratory.ts';
import { PLUGIN } from '../helpers/program.ts';
import { drawn, parseStream, type Stream } from '../helpers/stream.ts';
import { until } from '../helpers/until.ts';

const STAT = '/proc/net/stat/nf_conntrack';

/** Where each column of the kernel's file is drawn. */
const DRAWN: Readonly<Record<string, readonly [string, string]>> = {
  invalid: ['conntrack.new', 'invalid'],
  insert: ['conntrack.changes', 'inserted'],
  insert_failed: ['conntrack.errors', 'insert_failed'],
  drop: ['conntrack.errors', 'drop'],
  early_drop: ['conntrack.errors', 'early_drop'],
  icmp_error: ['conntrack.errors', 'icmp_error'],
  clashres: ['conntrack.clashes', 'resolved'],
  chainlength: ['conntrack.clashes', 'chain_too_long'],
  found: ['conntrack.search', 'found'],
  search_restart: ['conntrack.search', 'restarted'],
  expect_new: ['conntrack.expect', 'new'],
  expect_create: ['conntrack.expect', 'created'],
  expect_delete: ['conntrack.expect', 'deleted'],
};

describe.skipIf(inject('missing').kernel !== undefined)("the kernel's counters", () => {
  let laboratory: Laboratory;
  let out = '';

  beforeAll(() => {
    laboratory = Laboratory.create();
  });

  afterAll(() => laboratory?.close());

  /** The counters of the router, summed over its CPUs, by column. */
  function counters(): Record<string, number> {
    const [header = '', ...rows] = laboratory.run('router', ['cat', STAT]).trim().split('\n');
    const names = header.trim().split(/ +/);
    const sums = names.map((_, at) =>
      rows.reduce((sum, row) => sum + Number.parseInt(row.trim().split(/ +/)[at] ?? '', 16), 0),
    );
    return Object.fromEntries(names.map((name, at) => [name, sums[at] ?? Number.NaN]));
  }

  /** How many events a dimension stands for since the start: its rates, each times the time that it is of. */
  function events(stream: Stream, chart: string, dimension: string): number {
    const sockets = stream.updates.filter((update) => update.chart === 'conntrack.sockets').slice(1);
    const updates = stream.updates.filter((update) => update.chart === chart);
    expect(updates).toHaveLength(sockets.length);
    const products = updates.map(({ values }, at) => (values[dimension] ?? 0) * (sockets[at]?.microseconds ?? 0));
    return Math.round(products.reduce((sum, product) => sum + product, 0) / 1e9);
  }

  async function ticks(count: number): Promise<void> {
    const before = out.split('BEGIN conntrack.sockets').length;
    await until(
      `${count} ticks`,
      20,
      () => out.split('BEGIN conntrack.sockets').length >= before + count && out.endsWith('END\n'),
    );
  }

  it('are drawn to the last event: invalid packets, inserts, drops and early drops', async () => {
    laboratory.set('nf_conntrack_tcp_loose', 0);
    const before = counters();
    const program = laboratory.start('router', [process.execPath, PLUGIN, '1']);
    program.stdout?.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    await ticks(1);

    // Segments of a connection that the tracker has forgotten are invalid.
    await laboratory.traffic('server', 'tcp-echo', 5001, 60);
    const talk = await laboratory.traffic('client', 'tcp-talk', SERVER_ADDRESS, 5001, 50, 60);
    await ticks(1);
    laboratory.run('router', ['conntrack', '-D', '-p', 'tcp', '--dport', '5001']);
    await ticks(3);
    await end(talk);

    // A table that is full of assured connections drops new ones; unreplied ones among them are evicted.
    laboratory.set('nf_conntrack_buckets', 4096);
    laboratory.set('nf_conntrack_max', 1200);
    laboratory.load(1000);
    await laboratory.traffic('server', 'udp-sink', 5000, 60);
    const flows = await laboratory.traffic('client', 'udp-flows', SERVER_ADDRESS, 5000, 200, 60);
    await ticks(4);
    await end(flows);
    await ticks(2);

    const after = counters();
    const stream = parseStream(out);
    const counted = Object.fromEntries(
      Object.keys(DRAWN).map((column) => [column, (after[column] ?? Number.NaN) - (before[column] ?? Number.NaN)]),
    );
    const seen = Object.fromEntries(
      Object.entries(DRAWN).map(([column, [chart, dimension]]) => [column, events(stream, chart, dimension)]),
    );
    expect(seen).toEqual(counted);
    expect(counted).toMatchObject({ insert: 1000 });
    for (const column of ['invalid', 'drop', 'early_drop']) expect(counted[column], column).toBeGreaterThan(20);
  });

  it('that this kernel prints as a constant 0 are not drawn', () => {
    const { definitions } = parseStream(out);
    expect(Object.keys(definitions['conntrack.new']?.dimensions ?? {})).toEqual(['invalid']);
    expect(Object.keys(definitions['conntrack.changes']?.dimensions ?? {})).toEqual(['inserted']);
    expect(Object.keys(definitions['conntrack.search']?.dimensions ?? {})).toEqual(['restarted', 'found']);
  });

  it('agree with conntrack -C on the number of entries, and with the limit on how full the table is', async () => {
    laboratory.flush();
    laboratory.load(517);
    await ticks(2);
    const stream = parseStream(out);
    expect(laboratory.count()).toBe(517);
    expect(drawn(stream, 'conntrack.sockets')).toEqual({ connections: 517 });
    expect(drawn(stream, 'conntrack.utilization')?.['used']).toBeCloseTo((517 / 1200) * 100, 2);
  });
});
