import { describe, expect, it } from 'vitest';

import { paint, widthOf } from '../../collector/terminal/text.ts';
import { host, noon, reading, Showing, textOf } from '../helpers/showing.ts';
import { firewall, SURVEYS } from '../helpers/showing_firewall.ts';

const NO_PRIVILEGE = 'the plugin lacks the capability CAP_NET_ADMIN; trying again every 30 seconds';

/** A host where the plugin lacks a capability. */
function unprivileged(): Showing {
  const showing = new Showing();
  const table = { connections: 12_345, max: 262_144, utilization: 4.709 };
  const rates = { invalid: 0.25, drop: 0, early_drop: 0, insert_failed: 1.5, chain_too_long: 0, icmp_error: 0 };
  for (let second = 0; second < 3; second++) showing.update(second, reading(1, host({ ...table, ...rates })));
  showing.messages = [
    { time: noon(0), level: 'notice', text: `new and destroyed connections are not collected: ${NO_PRIVILEGE}` },
    {
      time: noon(1),
      level: 'error',
      text: `the composition of the connection table is not collected: ${NO_PRIVILEGE}`,
    },
  ];
  showing.isTroubled = true;
  return showing;
}

describe('the screen', () => {
  it('has two columns with the most important sections in 80x24', () => {
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

  it('shows everything in 132x34', () => {
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

  it('shows the most important section, and rows with trouble before others, in 40x10', () => {
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








12:00:00 new and destroyed connections are not collected: the plugin lacks the
         capability CAP_NET_ADMIN; trying again every 30 seconds
12:00:01 the composition of the connection table is not collected: the plugin
         lacks the capability CAP_NET_ADMIN; trying again every 30 seconds
Ctrl-C ends   ! trouble   run conntrack.plugin check`);
  });

  it('shortens messages that do not fit', () => {
    expect(unprivileged().screen(60, 16)).toMatch(
      /^12:00:00 new and destroyed connections are not collected:…\n12:00:01 the composition of the connection table is not…$/m,
    );
  });

  it('has only drawing characters that have an ASCII substitute', () => {
    const text = paint(firewall(66).lines(132, 50), 132, { isUnicode: false, hasColour: false });
    expect(text).not.toMatch(/[^\p{ASCII}]/u);
  });

  it('names the network namespace beside the host, before what may not fit', () => {
    const showing = new Showing();
    showing.netns = 'blue\x1b';
    showing.update(0);
    expect(showing.screen(50, 3)).toMatch(/^fw-north {2}netns blue\\u\{1b\} {2}every 1 s +12:00:00\n/);
    expect(showing.screen(38, 3)).toMatch(/^fw-north {2}netns blue\\u\{1b\} +12:00:00\n/);
    expect(showing.lines(60, 3)[0]?.find(({ text }) => text.startsWith('blue'))?.style).toBe('strong');
  });

  it('is empty before the first values', () => {
    expect(new Showing(10).update(0).screen(40, 5)).toBe(`fw-north  every 10 s            12:00:00



Ctrl-C ends`);
  });

  it.each([
    [77, false],
    [78, true],
  ])('has, with %i columns, two columns of sections: %s', (columns, expected) => {
    const [title] =
      firewall(66)
        .screen(columns, 24)
        .match(/^Rates .*$/m) ?? [];
    expect(title?.includes('Connections by Protocol')).toBe(expected);
  });

  it.each([
    [19, false],
    [20, true],
  ])('has, with %i rows, an empty line above the sections: %s', (rows, expected) => {
    expect(firewall(66).screen(80, rows).split('\n')[3] === '').toBe(expected);
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
  ])('has as many lines as a terminal of %ix%i, none wider', (columns, rows) => {
    for (const showing of [firewall(66), unprivileged(), new Showing()]) {
      const lines = showing.lines(columns, rows);
      expect(lines).toHaveLength(rows);
      expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns);
    }
  });
});

describe('the last line of the screen', () => {
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

describe('the messages on the screen', () => {
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
