import { describe, expect, it } from 'vitest';

import { paint, widthOf } from '../../collector/terminal/text.ts';
import { host, instance, noon, reading, Showing, textOf } from '../helpers/showing.ts';
import { firewall, SURVEYS } from '../helpers/showing_firewall.ts';

const NO_PRIVILEGE = 'the plugin lacks the capability CAP_NET_ADMIN; trying again every 30 seconds';

/** A host where the plugin lacks a capability. */
function unprivileged(): Showing {
  const showing = new Showing();
  const table = { connections: 12_345, max: 262_144, utilization: 4.709 };
  const rates = { invalid: 0.25, drop: 0, early_drop: 0, insert_failed: 1.5, chain_too_long: 0, icmp_error: 0 };
  for (let second = 0; second < 3; second++) showing.update(second, reading(1, host({ ...table, ...rates })));
  showing.messages = [
    { time: noon(0), level: 'notice', text: `new and destroyed connections are not drawn: ${NO_PRIVILEGE}` },
    { time: noon(1), level: 'error', text: `the composition of the connection table is not drawn: ${NO_PRIVILEGE}` },
  ];
  showing.isTroubled = true;
  return showing;
}

describe('the screen', () => {
  it('of 80x24 has two columns with the most important sections', () => {
    expect(
      firewall(66).screen(80, 24),
    ).toBe(`fw-north  every 1 s  Linux 6.18.7                                       12:01:06
219,800 of 262,144 entries  83.8 %  full in 2 min
███████████████████████████████████████████████████████████████████▏░░░░░░░░░░░░

Rates ─────────────────────────────────  Connections by Protocol ───────────────
new                 1,443/s  ███▇████▇▇  tcp      170,000  79.8 % ███████████▏
deleted               903/s  ██████████  udp       40,000  18.8 % ██▋
invalid               2.5/s  ██████████  icmp       3,000   1.4 % ▎
drop                  0.0/s  ▁▁▁█▁▁▁▁▁▁
early_drop            7.0/s! ▁▁▁▁▁▁▁▁▁█  TCP Connections by State ──────────────
insert_failed         0.0/s  ▁▁▁▁▁▁▁▁▁▁  established     120,000  70.6 % █████
                                         time_wait        38,000  22.4 % █▋
conntrackd ────────────────────────────  syn_sent          9,000   5.3 % ▍
state               up
eth2                running              Connections by Reply ──────────────────
eth3                no_carrier !         unreplied      11,012   5.2 % ▌
lost                      1.2/s! ██████  replied        20,000   9.4 % ▉
                                         assured       182,000  85.4 % ███████▊
Sockets ───────────────────────────────
tcp   established 1,432  time_wait 233   Connections by Address Translation ────
tcp6  listen 4                           snat     190,000  89.2 % ████████████▌
udp   unconnected 11  connected 3        none      13,012   6.1 % ▉

Ctrl-C ends   ! trouble   run conntrack.plugin top`);
  });

  it('of 132x34 shows everything', () => {
    expect(
      firewall(66).screen(132, 34),
    ).toBe(`fw-north  every 1 s  Linux 6.18.7                                                                                           12:01:06
219,800 of 262,144 entries  83.8 %  full in 2 min                                                     ▇▇▇███████████████████████████
██████████████████████████████████████████████████████████████████████████████████████████████████████████████▋░░░░░░░░░░░░░░░░░░░░░

Rates ───────────────────────────────────────────────────────────  Connections by Protocol ─────────────────────────────────────────
new                 1,443/s        █▇▇▇██▇▇▇██▇▇▇██▇▇▇██▇▇▇██▇▇▇▇  tcp      170,000  79.8 % ███████████████████████████████▉
deleted               903/s        ██████████████████████████████  udp       40,000  18.8 % ███████▌
invalid               2.5/s        ██████████████████████████████  icmp       3,000   1.4 % ▋
drop                  0.0/s        ▁▁▁▁▁▁▁▁▁▁▁███▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁  gre           12  <0.1 % ▏
early_drop            7.0/s!       ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁█
insert_failed         0.0/s        ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁  TCP Connections by State ────────────────────────────────────────
chain_too_long        0.0/s        ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁  established     120,000  70.6 % ███████████████████████▎
overruns              0.0/s        ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁  time_wait        38,000  22.4 % ███████▍
icmp_error            0.0/s        ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁  syn_sent          9,000   5.3 % █▊
                                                                   fin_wait          1,500   0.9 % ▎
conntrackd ──────────────────────────────────────────────────────  close               749   0.4 % ▏
state               up                                             close_wait          700   0.4 % ▏
eth2                running
eth3                no_carrier !                                   Connections by Reply ────────────────────────────────────────────
kernel                  214,500          ████████████████████████  unreplied      11,012   5.2 % █▊
internal                214,497          ████████████████████████  replied        20,000   9.4 % ███▎
external                 81,233          ████████████████████████  assured       182,000  85.4 % █████████████████████████████▉
lost                      1.2/s!         ████████████████████████
malformed_received        0.0/s          ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁  Connections by Address Translation ──────────────────────────────
malformed_sent            0.0/s          ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁  snat     190,000  89.2 % ███████████████████████████████████▋
overruns                  0.0/s          ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁  none      13,012   6.1 % ██▌
                                                                   dnat      10,000   4.7 % █▉
Sockets ─────────────────────────────────────────────────────────
tcp   established 1,432  time_wait 233  listen 17
tcp6  listen 4
udp   unconnected 11  connected 3
udp6  0 sockets

Ctrl-C ends   ! trouble   run conntrack.plugin top`);
  });

  it('of 40x10 shows the most important section, and rows with trouble before others', () => {
    expect(firewall(66).screen(40, 10)).toBe(`fw-north  every 1 s             12:01:06
219,800 / 262,144  83.8 %  full in 2 min
█████████████████████████████████▌░░░░░░
Rates ──────────────────────────────────
new                 1,443/s   ███▇████▇▇
deleted               903/s   ██████████
invalid               2.5/s   ██████████
drop                  0.0/s   ▁▁▁█▁▁▁▁▁▁
early_drop            7.0/s!  ▁▁▁▁▁▁▁▁▁█
Ctrl-C ends   ! trouble`);
  });

  it('has one column if the other would be empty, and shows messages', () => {
    expect(
      unprivileged().screen(80, 24),
    ).toBe(`fw-north  every 1 s  Linux 6.18.7                                       12:00:02
12,345 of 262,144 entries  4.7 %                                              ██
███▊░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░

Rates ──────────────────────────────────────────────────────────────────────────
invalid               0.3/s                                                   ██
drop                  0.0/s                                                   ▁▁
early_drop            0.0/s                                                   ▁▁
insert_failed         1.5/s!                                                  ██
chain_too_long        0.0/s                                                   ▁▁
icmp_error            0.0/s                                                   ▁▁








12:00:00 new and destroyed connections are not drawn: the plugin lacks the
         capability CAP_NET_ADMIN; trying again every 30 seconds
12:00:01 the composition of the connection table is not drawn: the plugin lacks
         the capability CAP_NET_ADMIN; trying again every 30 seconds
Ctrl-C ends   ! trouble   run conntrack.plugin check`);
  });

  it('cuts messages without space', () => {
    expect(unprivileged().screen(60, 16)).toMatch(
      /^12:00:00 new and destroyed connections are not drawn: the…\n12:00:01 the composition of the connection table is not…$/m,
    );
  });

  it('has only drawing characters that have an ASCII substitute', () => {
    const text = paint(firewall(66).lines(132, 50), { columns: 132, isUnicode: false, hasColour: false });
    expect(text).not.toMatch(/[^\p{ASCII}]/u);
  });

  it('is empty before the first values', () => {
    expect(new Showing(10).update(0).screen(40, 5)).toBe(`fw-north  every 10 s            12:00:00



Ctrl-C ends`);
  });

  it.each([
    [40, 10],
    [41, 17],
    [77, 23],
    [78, 24],
    [79, 31],
    [120, 12],
    [300, 90],
    // Too small for any section.
    [12, 4],
    [3, 2],
    [1, 1],
  ])('of %ix%i has as many lines as the terminal, none wider', (columns, rows) => {
    for (const showing of [firewall(66), unprivileged(), new Showing()]) {
      const lines = showing.lines(columns, rows);
      expect(lines).toHaveLength(rows);
      expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns);
    }
  });
});

describe('a terminal', () => {
  const firewallAt66 = firewall(66);

  it.each([
    [77, false],
    [78, true],
  ])('%i columns wide has two columns of sections: %s', (columns, expected) => {
    const [title] = firewallAt66.screen(columns, 24).match(/^Rates .*$/m) ?? [];
    expect(title?.includes('Connections by Protocol')).toBe(expected);
  });

  it.each([
    [19, false],
    [20, true],
  ])('%i rows high has an empty line above the sections: %s', (rows, expected) => {
    expect(firewallAt66.screen(80, rows).split('\n')[3] === '').toBe(expected);
  });

  it('that is narrow omits bars, trends and the ends of lists', () => {
    const rows = (columns: number): string[] =>
      firewallAt66.screen(columns, 60).match(/^(?:deleted|time_wait|tcp {3}est).*$/gm) ?? [];
    expect(rows(44)).toEqual([
      'deleted               903/s  ███████████████',
      'time_wait        38,000  22.4 % ██▋',
      'tcp   established 1,432  time_wait 233',
    ]);
    expect(rows(37)).toEqual([
      'deleted               903/s  ████████',
      'time_wait        38,000  22.4 % █▏',
      'tcp   established 1,432',
    ]);
    expect(rows(34)).toEqual([
      'deleted               903/s  █████',
      'time_wait        38,000  22.4 %',
      'tcp   established 1,432',
    ]);
  });
});

describe('a value', () => {
  const styleOf = (label: string): string | undefined => {
    const line = firewall(66)
      .lines(200, 60)
      .find((candidate) => textOf(candidate).startsWith(label));
    return line?.find(({ text }) => /\d/.test(text))?.style;
  };

  it('is highlighted if it is trouble, and dim if it is 0', () => {
    expect(['early_drop', 'insert_failed', 'deleted'].map(styleOf)).toEqual(['critical', 'dim', undefined]);
  });
});

describe('the table', () => {
  const table = (used: number): Showing =>
    new Showing().update(0, reading(1, host({ connections: used * 10, max: 1000 })));
  const styles = (showing: Showing): (string | undefined)[] => [
    showing.lines(80, 24)[1]?.[1]?.style,
    showing.lines(80, 24)[2]?.[0]?.style,
  ];

  it.each([
    [90, 'good'],
    [90.1, 'warning'],
    [95, 'warning'],
    [95.1, 'critical'],
  ])('with a share of %d used is drawn as %s', (used, style) => {
    expect(styles(table(used))).toEqual([style, style]);
  });

  it('without a known limit has a number and no bar', () => {
    const showing = new Showing().update(0, reading(1, host({ connections: 4321 })));
    expect(showing.screen(80, 24).split('\n').slice(1, 3)).toEqual([
      '4,321 entries                                                                  █',
      '',
    ]);
  });

  it('that cannot be read is reported as such for a minute, then left out', () => {
    const showing = table(81.2);
    expect(showing.update(1, reading(1)).screen(60, 10)).toContain('812 of 1,000 entries  81.2 %');
    expect(showing.update(2, reading(1)).screen(60, 10)).toContain('cannot be read at present');
    expect(showing.update(59, reading(1)).screen(60, 10)).toContain('cannot be read at present');
    expect(showing.update(60, reading(1)).screen(60, 10)).not.toContain('table');
  });

  it('has the time until it is full only while it grows', () => {
    const growing = (perSecond: number): string => {
      const showing = new Showing();
      for (let second = 0; second < 60; second++) {
        const connections = 5000 + second * perSecond;
        showing.update(second, reading(1, host({ connections, max: 10_000 })));
      }
      return showing.screen(80, 10).split('\n')[1] ?? '';
    };
    // 5,590 after 59 seconds; the missing 4,410 take 441 seconds.
    expect(growing(10)).toMatch(/^5,590 of 10,000 entries {2}55\.9 % {2}full in 7 min /);
    expect(growing(0)).not.toContain('full');
    expect(growing(-10)).not.toContain('full');
    // In more than a day.
    expect(growing(0.05)).not.toContain('full');
  });
});

describe('a gap', () => {
  it('is blank in a trend, and so is the value if the last reading lacks it', () => {
    const showing = new Showing();
    for (const second of [0, 1, 2, 3, 7, 8, 9])
      showing.update(second, reading(1, host({ new: 8, invalid: 0, drop: 3 })));
    // The last readings have one dimension of the first chart, and nothing of the other.
    for (const second of [10, 11]) showing.update(second, reading(1, host({ invalid: 0 })));
    expect(showing.screen(78, 12)).toBe(`fw-north  every 1 s  Linux 6.18.7                                     12:00:11
Rates ────────────────────────────────────────────────────────────────────────
new                                                                     ██ ██
invalid        0.0/s                                                    ▁▁ ▁▁▁
drop           3.0/s?                                                   ██ ██






Ctrl-C ends   ? old`);
  });

  it('of a whole minute removes the row', () => {
    const showing = new Showing().update(0, reading(1, host({ new: 8, invalid: 4 })));
    for (let second = 1; second < 60; second++) showing.update(second, reading(1, host({ invalid: 4 })));
    expect(showing.screen(40, 10)).toMatch(/^new /m);
    expect(showing.update(60, reading(1, host({ invalid: 4 }))).screen(40, 10)).not.toMatch(/^new /m);
  });
});

describe('the last line', () => {
  it('explains the marks on the screen, and no others', () => {
    const drops = (drop: number): string => new Showing().update(0, reading(1, host({ drop }))).screen(60, 10);
    expect(drops(3)).toMatch(/ 3\.0\/s! .*^Ctrl-C ends {3}! trouble {3}run conntrack\.plugin top$/ms);
    expect(drops(0)).toMatch(/^Ctrl-C ends$/m);
    const old = new Showing().update(0, ...SURVEYS).update(1, reading(1, host({ drop: 3 })));
    old.isTroubled = true;
    const both = old.update(30, reading(1, host({ drop: 3 }))).screen(60, 60);
    expect(both).toMatch(/^Ctrl-C ends {3}! trouble {3}\? old {3}run conntrack\.plugin check$/m);
  });
});

describe('a value that is read less often than the screen is updated', () => {
  it('is marked once it is overdue, and the last line explains the mark', () => {
    const showing = new Showing().update(0, ...SURVEYS);
    const marked = (): string[] =>
      showing.screen(80, 60).match(/^(?:tcp {2}|snat|lost|kernel|state|eth3|udp {2}|Ctrl).*$/gm) ?? [];
    const showingNow = marked();
    expect(showingNow.join('\n')).not.toContain('?');
    showing.update(6);
    expect(marked()).toEqual(showingNow);
    showing.isTroubled = true;
    showing.update(30);
    expect(showing.screen(60, 60)).toMatch(/^Ctrl-C ends {3}\? old {3}run conntrack\.plugin check$/m);
    expect(showing.screen(40, 60)).toMatch(/^Ctrl-C ends {3}\? old$/m);
    expect(showing.screen(40, 60).match(/^(?:tcp|assured|kernel|lost|state|eth3|udp {2}).*$/gm)).toEqual([
      'tcp      170,000  79.8 %?████████████',
      'udp       40,000  18.8 %?██▉',
      'state               up ?',
      'eth3                no_carrier ?',
      'kernel                  214,500?    █',
      'lost                      1.2/s?    █',
      'assured       182,000  85.4 %?████████▌',
      'tcp   established 1,432  time_wait 233 ?',
      'tcp6  listen 4 ?',
      'udp   unconnected 11  connected 3 ?',
    ]);
    const styles = showing
      .lines(40, 60)
      .filter((line) => textOf(line).includes('?'))
      .flat()
      .map(({ style }) => style);
    expect(styles).not.toContain('critical');
    expect(styles).not.toContain('accent');
  });

  it('is shown for a minute after its last reading', () => {
    const showing = new Showing().update(0, ...SURVEYS);
    const [flows] = SURVEYS;
    const sections = (): string[] => showing.screen(40, 60).match(/^\S.*(?= ─)/gm) ?? [];
    const all = [
      'Connections by Protocol',
      'conntrackd',
      'TCP Connections by State',
      'Connections by Reply',
      'Sockets',
      'Connections by Address Translation',
    ];
    expect(sections()).toEqual(all);
    showing.update(59);
    expect(sections()).toEqual(all);
    expect(showing.screen(40, 60)).toContain('established     120,000  70.6 %?█████▋');
    // The module that is read every ten seconds has a later reading.
    if (flows !== undefined) showing.update(59, flows);
    showing.update(60);
    expect(sections()).toEqual(all.filter((title) => title.includes('Connections')));
    showing.update(119);
    expect(sections()).toEqual([]);
  });

  it('is shown for four intervals if these are longer than a minute', () => {
    const showing = new Showing().update(0, reading(30, host({ flows_tcp: 5 })));
    expect(showing.update(119).screen(40, 10)).toMatch(/^tcp +5 /m);
    expect(showing.update(120).screen(40, 10)).not.toContain('tcp');
  });
});

describe('conntrackd', () => {
  const daemon = (name: string, values: Readonly<Record<string, number>>) =>
    instance('daemon', name, { daemon: name }, values);

  it('that is down has its state only', () => {
    const showing = firewall(66);
    const DOWN = { up: 0, unresponsive: 0, down: 1 };
    showing.update(67, reading(5, daemon('conntrackd', DOWN)));
    const section = (): string => /^conntrackd ─+\n(?:.+\n)*/m.exec(showing.screen(50, 60))?.[0] ?? '';
    expect(section()).toMatch(/^conntrackd ─+\nstate +down !\n$/);
    showing.update(68, reading(5, daemon('conntrackd', { up: 1, unresponsive: 0, down: 0, kernel_connections: 5 })));
    expect(section()).toMatch(/^state +up\neth2 +running\neth3 +no_carrier !\nkernel +5 /m);
  });

  it('has a section per daemon, each with its own links', () => {
    const link = { running: 1, no_carrier: 0, down: 0 };
    const showing = new Showing().update(
      0,
      reading(
        5,
        daemon('north', { up: 1, unresponsive: 0, down: 0 }),
        daemon('south', { up: 0, unresponsive: 0, down: 1 }),
        instance('link', 'north_eth7', { daemon: 'north', device: 'eth7\u4e2d' }, link),
        instance('link', 'south_eth9', { daemon: 'south', device: 'eth9' }, link),
      ),
    );
    expect(showing.screen(40, 12)).toBe(`fw-north  every 1 s             12:00:00
conntrackd north ───────────────────────
state         up
eth7\\u{4e2d}  running

conntrackd south ───────────────────────
state  down !




Ctrl-C ends   ! trouble`);
  });
});

describe('the messages', () => {
  it('fill a sixth of the screen at most, with the newest', () => {
    const showing = new Showing().update(0);
    showing.messages = ['one', 'two', 'three', 'four'].map((text, second) => ({
      time: noon(second),
      level: 'warning',
      text,
    }));
    const shown = (rows: number): string[] => showing.screen(60, rows).match(/(?<=12:00:0[1-9] )\w+/g) ?? [];
    expect([shown(10), shown(12), shown(18), shown(60)]).toEqual([
      ['four'],
      ['three', 'four'],
      ['two', 'three', 'four'],
      ['two', 'three', 'four'],
    ]);
  });

  it('are coloured by level', () => {
    const showing = unprivileged();
    const [first, second] = showing
      .lines(200, 24)
      .slice(-4)
      .filter((line) => /^12:00/.test(textOf(line)));
    expect([first?.[1]?.style, second?.[1]?.style]).toEqual(['warning', 'critical']);
  });
});
