/** The kernel's counters over netlink against the same counters from its statistics file, while they move. */

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { end, Laboratory, SERVER_ADDRESS } from '../helpers/laboratory.ts';
import { Program } from '../helpers/program.ts';
import { eventsByDimension, type Stream } from '../helpers/stream.ts';
import { until } from '../helpers/until.ts';

/** What is sent from one port to port 5007 of the server, in ever another zone, clashes with itself in the reply. */
const CLASHING_ZONES = `
table inet clash {
  chain zones {
    type filter hook prerouting priority raw; policy accept;
    udp dport 5007 ct original zone set numgen inc mod 50
  }
}
`;

describe.skipIf(inject('missing').kernel !== undefined)('the counters over netlink', () => {
  let laboratory: Laboratory;
  const programs: Program[] = [];

  beforeAll(() => {
    laboratory = Laboratory.create();
    laboratory.set('nf_conntrack_tcp_loose', 0);
    laboratory.addRules('router', CLASHING_ZONES);
  });

  afterAll(async () => {
    await Promise.all(programs.map((program) => program.stop()));
    await laboratory?.close();
  });

  function start(source: string): Program {
    const stat = `stat: { per_cpu: yes, read_from: ${source} }`;
    const config = `modules: { ${stat}, events: { enabled: no }, flows: { enabled: no }, sockets: { enabled: no } }`;
    const program = new Program(['1'], {}, { via: laboratory.via('router'), config });
    programs.push(program);
    return program;
  }

  it('are those of the statistics file, column by column and CPU by CPU', async () => {
    const [procfs, netlink] = [start('procfs'), start('netlink')];
    await Promise.all([procfs.updated('conntrack.errors', 2), netlink.updated('conntrack.errors', 2)]);

    // Segments of a connection that the tracker has forgotten are invalid.
    await laboratory.traffic('server', 'tcp-echo', 5001, 60);
    const talk = await laboratory.traffic('client', 'tcp-talk', SERVER_ADDRESS, 5001, 50, 60);
    await laboratory.finishedTraffic('client', 'udp-same', SERVER_ADDRESS, 5007, 40, 60);
    laboratory.run('router', ['conntrack', '-D', '-p', 'tcp', '--dport', '5001']);
    await Promise.all([procfs.updated('conntrack.errors', 2), netlink.updated('conntrack.errors', 2)]);
    await end(talk);

    const flows = await laboratory.overfill();
    await until('entries are dropped and evicted', 30, () => {
      const { drop = 0, early_drop: earlyDrop = 0 } = events(procfs)['conntrack.errors'] ?? {};
      return drop > 100 && earlyDrop > 100;
    });
    await end(flows);
    await Promise.all([procfs.updated('conntrack.errors', 3), netlink.updated('conntrack.errors', 3)]);

    expect(dimensionsOf(netlink.stream)).toEqual(dimensionsOf(procfs.stream));
    expect(events(netlink)).toEqual(events(procfs));
    expect(events(netlink)['conntrack.changes']).toEqual({ inserted: 1000 });
    expect(events(netlink)['conntrack.new']?.['invalid']).toBeGreaterThan(20);
    expect(events(netlink)['conntrack.errors']?.['insert_failed']).toBeGreaterThanOrEqual(39);
    const cpus = Object.keys(netlink.stream.definitions).filter((chart) => chart.startsWith('conntrack.cpu_events_'));
    expect(cpus.length).toBeGreaterThan(0);
    const totals = { ...events(netlink)['conntrack.errors'], ...events(netlink)['conntrack.changes'] };
    for (const dimension of ['inserted', 'insert_failed', 'drop', 'early_drop']) {
      const byCpu = cpus.map((chart) => events(netlink)[chart]?.[dimension] ?? 0);
      expect(
        byCpu.reduce((sum, count) => sum + count, 0),
        dimension,
      ).toBe(totals[dimension]);
    }
    expect([procfs.err, netlink.err]).toEqual(['', '']);
  });

  it('come with the number of entries and the limit', async () => {
    laboratory.flush();
    laboratory.load(317);
    await Promise.all(programs.map((program) => program.updated('conntrack.sockets', 2)));
    for (const program of programs) {
      expect(program.ticks.at(-1)?.charts['conntrack.sockets']).toEqual({ connections: 317 });
      expect(program.out).toContain('VARIABLE CHART max = 1200');
    }
  });
});

/** What a program's rates stand for, by chart and dimension. */
function events({ stream, ticks }: Program): Record<string, Record<string, number>> {
  const rates = Object.entries(stream.definitions).filter(([, { units }]) => units.endsWith('/s'));
  return Object.fromEntries(rates.map(([chart]) => [chart, eventsByDimension(ticks, chart)]));
}

function dimensionsOf({ definitions }: Stream): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(definitions).map(([chart, { dimensions }]) => [chart, Object.keys(dimensions)]),
  );
}
