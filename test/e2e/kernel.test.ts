/** The built program on a real kernel's counters, moved by real traffic: from the statistics file and over netlink. */

import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { end, Laboratory, SERVER_ADDRESS } from '../helpers/laboratory.ts';
import { Program } from '../helpers/program.ts';
import { eventsByDimension, lastValues, type Stream } from '../helpers/stream.ts';
import { until } from '../helpers/until.ts';

const STAT = '/proc/net/stat/nf_conntrack';
const SOURCES = ['procfs', 'netlink'] as const;
type Source = (typeof SOURCES)[number];

/** Chart and dimension of each column of the kernel's file. */
const DIMENSIONS: Readonly<Record<string, readonly [string, string]>> = {
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

/** Puts datagrams from one port to port 5007 of the server into different zones, so that their replies clash. */
const CLASHING_ZONES = `
table inet clash {
  chain zones {
    type filter hook prerouting priority raw; policy accept;
    udp dport 5007 ct original zone set numgen inc mod 50
  }
}
`;

/** Collects the counters alone: other modules draw in the same charts. */
function configOf(source: Source): string {
  const stat = `stat: { per_cpu: yes, read_from: ${source} }`;
  return `modules: { ${stat}, events: { enabled: no }, flows: { enabled: no }, sockets: { enabled: no } }`;
}

describe.skipIf(inject('missing').kernel !== undefined)("the kernel's counters", () => {
  let laboratory: Laboratory;
  let programs: Readonly<Record<Source, Program>>;

  beforeAll(() => {
    laboratory = Laboratory.create();
    laboratory.set('nf_conntrack_tcp_loose', 0);
    laboratory.addRules('router', CLASHING_ZONES);
  });

  afterAll(async () => {
    await Promise.all(Object.values(programs ?? {}).map((program) => program.stop()));
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

  /** By how much the counters that have a dimension have grown. */
  function since(before: Readonly<Record<string, number>>): Record<string, number> {
    const now = counters();
    const grown = (column: string): number => (now[column] ?? Number.NaN) - (before[column] ?? Number.NaN);
    return Object.fromEntries(Object.keys(DIMENSIONS).map((column) => [column, grown(column)]));
  }

  async function updated(times: number): Promise<void> {
    await Promise.all(SOURCES.map((source) => programs[source].updated('conntrack.errors', times)));
  }

  it('add up to the exact number of invalid packets, clashes, drops and early drops, from procfs and over netlink', async () => {
    const before = counters();
    const start = (source: Source): Program =>
      new Program(['1'], {}, { via: laboratory.via('router'), config: configOf(source) });
    programs = { procfs: start('procfs'), netlink: start('netlink') };
    await updated(1);

    // Segments of a connection that the tracker has forgotten are invalid.
    await laboratory.traffic('server', 'tcp-echo', 5001, 60);
    const talk = await laboratory.traffic('client', 'tcp-talk', SERVER_ADDRESS, 5001, 50, 60);
    await laboratory.finishedTraffic('client', 'udp-same', SERVER_ADDRESS, 5007, 40, 60);
    laboratory.run('router', ['conntrack', '-D', '-p', 'tcp', '--dport', '5001']);
    await updated(2);
    await end(talk);

    const flows = await laboratory.overfill();
    await until('entries are dropped and evicted', 120, () => {
      const { drop = 0, early_drop: earlyDrop = 0 } = eventsOfAll(programs.procfs)['conntrack.errors'] ?? {};
      return drop > 100 && earlyDrop > 100;
    });
    await end(flows);
    let counted: Record<string, number> = {};
    await until('the counters stand still', 120, async () => {
      counted = since(before);
      await updated(3);
      return isDeepStrictEqual(since(before), counted);
    });
    for (const source of SOURCES) {
      const events = eventsOfAll(programs[source]);
      const seen = Object.entries(DIMENSIONS).map(([column, [chart, dimension]]) => [
        column,
        events[chart]?.[dimension],
      ]);
      expect(Object.fromEntries(seen), source).toEqual(counted);
    }
    expect(counted).toMatchObject({ insert: 1000 });
    expect(counted['invalid']).toBeGreaterThan(20);
    expect(counted['insert_failed']).toBeGreaterThanOrEqual(39);
    expect(SOURCES.map((source) => programs[source].err)).toEqual(['', '']);
  });

  it('of each CPU are the same from procfs and over netlink, and add up to those of the host', () => {
    const { netlink, procfs } = programs;
    expect(dimensionsOf(netlink.stream)).toEqual(dimensionsOf(procfs.stream));
    const events = eventsOfAll(netlink);
    expect(events).toEqual(eventsOfAll(procfs));
    const cpus = Object.keys(netlink.stream.definitions).filter((chart) => chart.startsWith('conntrack.cpu_events_'));
    expect(cpus.length).toBeGreaterThan(0);
    const totals = { ...events['conntrack.errors'], ...events['conntrack.changes'] };
    for (const dimension of ['inserted', 'insert_failed', 'drop', 'early_drop']) {
      const byCpu = cpus.map((chart) => events[chart]?.[dimension] ?? 0);
      const sum = byCpu.reduce((total, count) => total + count, 0);
      expect(sum, dimension).toBe(totals[dimension]);
    }
  });

  it('that this kernel prints as a constant 0 have no dimension', () => {
    const { definitions } = programs.procfs.stream;
    expect(Object.keys(definitions['conntrack.new']?.dimensions ?? {})).toEqual(['invalid']);
    expect(Object.keys(definitions['conntrack.changes']?.dimensions ?? {})).toEqual(['inserted']);
    expect(Object.keys(definitions['conntrack.search']?.dimensions ?? {})).toEqual(['restarted', 'found']);
  });

  it('come with the number of entries of conntrack -C, the limit, and the utilization of the table', async () => {
    laboratory.flush();
    laboratory.load(517);
    await updated(2);
    expect(laboratory.count()).toBe(517);
    for (const source of SOURCES) {
      const { out, stream } = programs[source];
      expect(lastValues(stream, 'conntrack.sockets'), source).toEqual({ connections: 517 });
      expect(lastValues(stream, 'conntrack.utilization')?.['used'], source).toBeCloseTo((517 / 1200) * 100, 2);
      expect(out).toContain('VARIABLE CHART max = 1200');
    }
  });
});

/** Events that the rates of a program add up to, by chart and dimension. */
function eventsOfAll({ stream, ticks }: Program): Record<string, Record<string, number>> {
  const rates = Object.entries(stream.definitions).filter(([, { units }]) => units.endsWith('/s'));
  return Object.fromEntries(rates.map(([chart]) => [chart, eventsByDimension(ticks, chart)]));
}

function dimensionsOf({ definitions }: Stream): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(definitions).map(([chart, { dimensions }]) => [chart, Object.keys(dimensions)]),
  );
}
