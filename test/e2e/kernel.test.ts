/** The built program on a real kernel's counters, moved by real traffic. */

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { end, Laboratory, SERVER_ADDRESS } from '../helpers/laboratory.ts';
import { Program } from '../helpers/program.ts';
import { drawn, eventsOf } from '../helpers/stream.ts';

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
  let program: Program;

  beforeAll(() => {
    laboratory = Laboratory.create();
  });

  afterAll(async () => {
    await program?.stop();
    await laboratory?.close();
  });

  /** The counters of the router, summed over its CPUs, by column. */
  function counters(): Record<string, number> {
    const [header = '', ...rows] = laboratory.run('router', ['cat', STAT]).trim().split('\n');
    const names = header.trim().split(/ +/);
    const sums = names.map((_, at) =>
      rows.reduce((sum, row) => sum + Number.parseInt(row.trim().split(/ +/)[at] ?? '', 16), 0),
    );
    return Object.fromEntries(names.map((name, at) => [name, sums[at] ?? Number.NaN]));
  }

  it('are drawn to the last event: invalid packets, inserts, drops and early drops', async () => {
    laboratory.set('nf_conntrack_tcp_loose', 0);
    const before = counters();
    // The counters alone: what is reported of connections is drawn in the same charts.
    const config = 'modules: { events: { enabled: no }, flows: { enabled: no }, sockets: { enabled: no } }';
    program = new Program(['1'], {}, { via: laboratory.via('router'), config });
    await program.updated('conntrack.sockets', 1);

    // Segments of a connection that the tracker has forgotten are invalid.
    await laboratory.traffic('server', 'tcp-echo', 5001, 60);
    const talk = await laboratory.traffic('client', 'tcp-talk', SERVER_ADDRESS, 5001, 50, 60);
    await program.updated('conntrack.sockets', 1);
    laboratory.run('router', ['conntrack', '-D', '-p', 'tcp', '--dport', '5001']);
    await program.updated('conntrack.sockets', 3);
    await end(talk);

    const flows = await laboratory.overfill();
    await program.updated('conntrack.sockets', 4);
    await end(flows);
    await program.updated('conntrack.sockets', 2);

    const after = counters();
    const { ticks } = program;
    const counted = Object.fromEntries(
      Object.keys(DRAWN).map((column) => [column, (after[column] ?? Number.NaN) - (before[column] ?? Number.NaN)]),
    );
    const seen = Object.fromEntries(
      Object.entries(DRAWN).map(([column, [chart, dimension]]) => [column, eventsOf(ticks, chart, dimension)]),
    );
    expect(seen).toEqual(counted);
    expect(counted).toMatchObject({ insert: 1000 });
    for (const column of ['invalid', 'drop', 'early_drop']) expect(counted[column], column).toBeGreaterThan(20);
  });

  it('that this kernel prints as a constant 0 are not drawn', () => {
    const { definitions } = program.stream;
    expect(Object.keys(definitions['conntrack.new']?.dimensions ?? {})).toEqual(['invalid']);
    expect(Object.keys(definitions['conntrack.changes']?.dimensions ?? {})).toEqual(['inserted']);
    expect(Object.keys(definitions['conntrack.search']?.dimensions ?? {})).toEqual(['restarted', 'found']);
  });

  it('agree with conntrack -C on the number of entries, and with the limit on how full the table is', async () => {
    laboratory.flush();
    laboratory.load(517);
    await program.updated('conntrack.sockets', 2);
    const { stream } = program;
    expect(laboratory.count()).toBe(517);
    expect(drawn(stream, 'conntrack.sockets')).toEqual({ connections: 517 });
    expect(drawn(stream, 'conntrack.utilization')?.['used']).toBeCloseTo((517 / 1200) * 100, 2);
  });
});
