import { describe, expect, it } from 'vitest';

import { host, instance, reading, Showing } from '../helpers/showing.ts';

const NEW = 'netfilter.conntrack_new';
const PROTOCOLS = 'netfilter.conntrack_flows_by_protocol';
const TCP = 'network_connections.tcp_states';

const values = (showing: Showing, context: string) =>
  showing.board.instances(context).map((shown) => [...shown.values]);

describe('the board', () => {
  it('has, of a value that several modules know, that of the first', () => {
    const showing = new Showing().update(
      0,
      reading(1, host({ invalid: 2.5, ignore: undefined })),
      reading(1, host({ new: 31, invalid: 99 })),
    );
    expect(values(showing, NEW)).toEqual([
      [
        ['new', 31],
        ['invalid', 2.5],
      ],
    ]);
  });

  it.each([
    // Read in every update.
    [1, 1, { 0.9: 'due', 1.4: 'due', 2: 'old', 59: 'old', 60: undefined }],
    [5, 5, { 5: 'due', 10: 'old', 59: 'old', 60: undefined }],
    // Read less often; a reading can take a while.
    [1, 10, { 9: 'new', 10: 'due', 12: 'due', 13: 'old', 59: 'old', 60: undefined }],
    [10, 40, { 30: 'new', 40: 'due', 50: 'old', 150: 'old', 160: undefined }],
    [300, 300, { 300: 'due', 600: 'old', 900: 'old', 1200: undefined }],
  ])('keeps a value, then due or old, with updates every %i s and readings every %i s', (tick, every, ages) => {
    for (const [seconds, age] of Object.entries(ages)) {
      const showing = new Showing(tick).update(0, reading(every, host({ invalid: 2.5 })));
      expect(showing.board.instances(NEW).map((shown) => shown.age)).toEqual(['new']);
      showing.update(Number(seconds), reading(every));
      expect([seconds, showing.board.instances(NEW)[0]?.age]).toEqual([seconds, age]);
      if (age !== undefined) expect(values(showing, NEW)).toEqual([[['invalid', 2.5]]]);
      showing.update(Number(seconds) + 1, reading(every, host({ invalid: 3 })));
      expect([showing.board.instances(NEW)[0]?.age, values(showing, NEW)]).toEqual(['new', [[['invalid', 3]]]]);
    }
  });

  it('keeps the values of a chart until its next reading, which can have other dimensions', () => {
    const showing = new Showing().update(0, reading(10, host({ flows_tcp: 5, flows_udp: 6 })));
    expect(values(showing.update(9), PROTOCOLS)).toEqual([
      [
        ['tcp', 5],
        ['udp', 6],
      ],
    ]);
    showing.update(10, reading(10, host({ flows_udp: 7 })));
    expect(values(showing, PROTOCOLS)).toEqual([[['udp', 7]]]);
  });

  it('removes an instance without values, but not the others of the chart', () => {
    const sockets = (name: string, established: number) =>
      reading(5, instance('tcp', name, { protocol: name }, { socket_established: established }));
    const showing = new Showing().update(0, sockets('tcp', 3), sockets('tcp6', 4));
    expect(values(showing, TCP)).toEqual([[['established', 3]], [['established', 4]]]);
    showing.update(30, sockets('tcp6', 5));
    showing.update(60);
    expect(showing.board.instances(TCP).map((shown) => [shown.instance, shown.labels])).toEqual([
      ['tcp6', { protocol: 'tcp6' }],
    ]);
  });

  it('starts a new history when the interval changes', () => {
    const showing = new Showing().update(0, reading(10, host({ flows_tcp: 5 })));
    showing.update(10, reading(10, host({ flows_tcp: 6 })));
    const series = () => showing.board.instances(PROTOCOLS)[0]?.series('tcp');
    expect(series()).toMatchObject({ values: [5, 6], length: 12 });
    showing.update(20, reading(2, host({ flows_tcp: 7 })));
    expect(series()).toMatchObject({ values: [7], length: 30 });
  });

  it('takes the interval of a chart from its first known dimension', () => {
    const showing = new Showing().update(0, reading(1, host({ invalid: 2 })), reading(10, host({ new: 1 })));
    expect(showing.board.instances(NEW).map(({ every }) => every)).toEqual([10]);
  });

  it('has only variables that the last reading has', () => {
    const showing = new Showing().update(0, reading(1, host({ connections: 3, max: 10 })));
    const variables = () => [...(showing.board.instances('netfilter.conntrack_sockets')[0]?.variables ?? [])];
    expect(variables()).toEqual([['max', 10]]);
    showing.update(1, reading(1, host({ connections: 3 })));
    expect(variables()).toEqual([]);
  });

  it('keeps the host apart from other network namespaces', () => {
    const blue = { netns: 'blue' };
    const showing = new Showing().update(
      0,
      reading(1, instance('host', 'netns_blue', blue, { new: 17 }), host({ new: 5 })),
      reading(5, instance('tcp', 'netns_blue_tcp', { ...blue, protocol: 'tcp' }, { socket_established: 2 })),
    );
    expect(values(showing, NEW)).toEqual([[['new', 5]]]);
    expect(values(showing, TCP)).toEqual([]);
    const known = [...showing.board.namespaces].map(([name, all]) => [name, all.map(({ chart }) => chart.context)]);
    expect(known).toEqual([['blue', [NEW, TCP]]]);
    expect([...showing.update(60).board.namespaces]).toEqual([]);
  });
});
