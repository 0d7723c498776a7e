import { describe, expect, it } from 'vitest';

import { host, instance, reading, Showing } from '../helpers/showing.ts';

/** The last line of a wide screen. */
function lastLine(values: Readonly<Record<string, number>>, isTroubled = false): string | undefined {
  const showing = new Showing().update(0, reading(1, host(values)));
  showing.isTroubled = isTroubled;
  return showing.screen(120, 24).split('\n').at(-1);
}

const TABLE = { connections: 235_930, max: 262_144, utilization: 90.0002 };

describe('the last line of the screen', () => {
  it.each([
    ['top', 'the table is nearly full', TABLE],
    ['top', 'packets are dropped', { drop: 0.5 }],
    ['top', 'connections are evicted', { early_drop: 0.5 }],
    ['top', 'connections are evicted and insertions fail', { early_drop: 0.5, insert_failed: 4 }],
    ['top', 'more packets are dropped than insertions fail', { drop: 4.1, insert_failed: 4 }],
    ['nat-ports', 'all dropped packets are failed insertions', { drop: 4, insert_failed: 4 }],
    ['nat-ports', 'only insertions fail', { drop: 0, early_drop: 0, insert_failed: 0.5 }],
    ['nat-ports', 'source NAT runs out of ports', { drop: 0, snat_ports_used: 80.1, flows_stuck: 21 }],
    ['stuck', 'connections are stuck', { drop: 0, snat_ports_used: 80, flows_stuck: 21 }],
  ])('points to the command %s when %s', (command, _when, values) => {
    expect(lastLine(values)).toMatch(new RegExp(`   run conntrack\\.plugin ${command}$`));
  });

  it.each([
    ['the table has room', { ...TABLE, connections: 235_929, utilization: 89.9998 }],
    ['the limit is unknown', { connections: 235_930 }],
    ['few connections are stuck', { snat_ports_used: 80, flows_stuck: 20 }],
    ['nothing is dropped', { drop: 0, early_drop: 0, insert_failed: 0, invalid: 7 }],
  ])('points to no command when %s', (_when, values) => {
    expect(lastLine(values)).toBe('Ctrl-C ends');
  });

  it('points to check before the command that check makes work', () => {
    expect(lastLine({ drop: 0.5 }, true)).toMatch(/ {3}run conntrack\.plugin check {3}run conntrack\.plugin top$/);
  });

  it('points to the fullest of the network namespaces that are nearly full, unless the host has trouble', () => {
    const netns = (name: string, connections: number) =>
      instance('host', `netns_${name}`, { netns: name }, { connections, max: 1000 });
    const others = [netns('green', 400), netns('blue', 901), netns('red', 987)];
    const line = (drop: number): string | undefined =>
      new Showing()
        .update(0, reading(1, host({ drop }), ...others))
        .screen(120, 24)
        .split('\n')
        .at(-1);
    expect(line(0)).toMatch(/ {3}run conntrack\.plugin top --netns red$/);
    expect(line(1)).toMatch(/ {3}run conntrack\.plugin top$/);
  });
});
