import { describe, expect, it } from 'vitest';

import { host, instance, reading, Showing, textOf } from '../helpers/showing.ts';
import { firewall, SURVEYS } from '../helpers/showing_firewall.ts';

describe('the rows of a section', () => {
  it('lose bars, trends and the ends of lists if they are narrow', () => {
    const rows = (columns: number): string[] =>
      firewall(66)
        .screen(columns, 60)
        .match(/^(?:deleted|time_wait|tcp {3}est).*$/gm) ?? [];
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

  const styleOf = (label: string): string | undefined => {
    const line = firewall(66)
      .lines(200, 60)
      .find((candidate) => textOf(candidate).startsWith(label));
    return line?.find(({ text }) => /\d/.test(text))?.style;
  };

  it('of hot spots name what each number is of, and mark source NAT that has nearly used up its ports', () => {
    const values = { largest_source: 41.26, largest_service: 80.8, snat_ports_used: 80.1, flows_stuck: 1234 };
    const screen = new Showing().update(0, reading(10, host(values))).screen(40, 24);
    expect(screen.match(/^.*(?:%|stuck).*$/gm)?.map((row) => row.slice(0, 32).trimEnd())).toEqual([
      'largest source          41.3 %',
      'largest service         80.8 %',
      'SNAT ports used         80.1 %!',
      'stuck connections        1,234',
    ]);
    const half = new Showing().update(0, reading(10, host({ snat_ports_used: 79.9 }))).screen(40, 24);
    expect(half).toMatch(/^SNAT ports used +79\.9 % /m);
  });

  it('highlight a value that is trouble, and dim a 0', () => {
    expect(['early_drop', 'insert_failed', 'deleted'].map(styleOf)).toEqual(['critical', 'dim', undefined]);
  });

  it('are blank where a trend has a gap, and where the last reading lacks the value', () => {
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

  it('lack what has been unknown for a minute', () => {
    const showing = new Showing().update(0, reading(1, host({ new: 8, invalid: 4 })));
    for (let second = 1; second < 60; second++) showing.update(second, reading(1, host({ invalid: 4 })));
    expect(showing.screen(40, 10)).toMatch(/^new /m);
    expect(showing.update(60, reading(1, host({ invalid: 4 }))).screen(40, 10)).not.toMatch(/^new /m);
  });
});

describe('a value that is read less often than the screen is updated', () => {
  it('is marked as old once it is overdue, and the last line explains the mark', () => {
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

describe('the section of conntrackd', () => {
  const daemon = (name: string, values: Readonly<Record<string, number>>) =>
    instance('daemon', name, { daemon: name }, values);

  it('has only the state of a daemon that is down', () => {
    const showing = firewall(66);
    const DOWN = { up: 0, unresponsive: 0, down: 1 };
    showing.update(67, reading(5, daemon('conntrackd', DOWN)));
    const section = (): string => /^conntrackd ─+\n(?:.+\n)*/m.exec(showing.screen(50, 60))?.[0] ?? '';
    expect(section()).toMatch(/^conntrackd ─+\nstate +down !\n$/);
    showing.update(68, reading(5, daemon('conntrackd', { up: 1, unresponsive: 0, down: 0, kernel_connections: 5 })));
    expect(section()).toMatch(/^state +up\neth2 +running\neth3 +no_carrier !\nkernel +5 /m);
  });

  it('is there for each daemon, with the links of that daemon', () => {
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
