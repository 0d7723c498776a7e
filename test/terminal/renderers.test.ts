import { describe, expect, it } from 'vitest';

import { charts } from '../../charts/index.ts';
import { Messages } from '../../collector/terminal/messages.ts';
import { ENTER, LEAVE, paint } from '../../collector/terminal/paint.ts';
import { PlainRenderer } from '../../collector/terminal/plain_renderer.ts';
import { ScreenRenderer } from '../../collector/terminal/screen_renderer.ts';
import { span } from '../../collector/terminal/text.ts';
import { host, instance, noon, reading } from '../helpers/showing.ts';

const START = 12_345_678;

describe('painted lines', () => {
  const lines = [[span('full', 'critical')], [], [span('a'), span('b', 'dim')]];

  it('replace the screen from its first place on, and erase what they leave free', () => {
    expect(paint(lines, { columns: 4, hasColour: false })).toBe('\x1b[Hfull\r\n\x1b[K\r\nab\x1b[J');
  });

  it('have colours, each of which ends with its text', () => {
    expect(paint(lines, { columns: 4, hasColour: true })).toBe(
      '\x1b[H\x1b[1;31mfull\x1b[0m\r\n\x1b[K\r\na\x1b[2mb\x1b[0m\x1b[J',
    );
  });

  it('are shown on a screen of their own, with neither cursor nor wrapping, which are put back', () => {
    const modes = (text: string, end: string): string[] => text.split('\x1b[?').filter((mode) => mode.endsWith(end));
    const other = (mode: string): string => mode.replace(/[hl]$/, (end) => (end === 'h' ? 'l' : 'h'));
    expect(modes(ENTER, 'h').map(other)).toEqual(modes(LEAVE, 'l'));
    expect(modes(ENTER, 'l').map(other).sort()).toEqual(modes(LEAVE, 'h').sort());
    expect(modes(ENTER, 'l')).toEqual(['25l', '7l']);
  });
});

describe('the renderer for a terminal', () => {
  it('is the whole screen at every update, and again in another size without one', () => {
    const size = { columns: 60, rows: 10 };
    let isShown = true;
    let seconds = 0;
    const renderer = new ScreenRenderer({
      charts,
      facts: { host: 'fw-south', kernel: 'Linux 6.1.2', every: 2 },
      abilities: { isUnicode: false, hasColour: false, hasCursor: true },
      messages: new Messages(() => 0),
      size: () => (isShown ? size : undefined),
      now: () => noon(seconds),
      monotonic: () => START + (seconds - 7) * 1e6,
    });
    seconds = 7;
    const text = renderer.render(START, [reading(2, host({ connections: 51, max: 100, utilization: 51 }))]);
    expect(text.split('\r\n')).toEqual([
      '\x1b[Hfw-south  every 2 s  Linux 6.1.2                    12:00:07',
      `51 of 100 entries  51.0 %${'#'.padStart(35)}`,
      '###############################.............................',
      ...Array.from({ length: 6 }, () => '\x1b[K'),
      'Ctrl-C ends\x1b[J',
    ]);
    seconds = 8;
    Object.assign(size, { columns: 40, rows: 4 });
    expect(renderer.redraw().split('\r\n')).toEqual([
      '\x1b[Hfw-south  every 2 s             12:00:07',
      '51 of 100 entries  51.0 %\x1b[K',
      '####################....................',
      'Ctrl-C ends\x1b[J',
    ]);
    // In the background, where the numbers come in all the same.
    isShown = false;
    expect([
      renderer.render(START + 2e6, [reading(2, host({ connections: 52, max: 100 }))]),
      renderer.redraw(),
    ]).toEqual(['', '']);
    isShown = true;
    expect(renderer.redraw()).toContain('52 of 100 entries');
    // Suspended, and looked at before the next update.
    seconds = 12;
    size.columns = 80;
    expect(renderer.redraw()).toContain('cannot be read at present');
  });
});

describe('the renderer for a pipe', () => {
  const renderer = () => new PlainRenderer({ charts, every: 1, now: () => Date.UTC(2026, 10, 21, 8, 45, 1, 234) });

  it('is a line of what is known, under the ids of charts and dimensions, as exact as an agent gets it', () => {
    const samples = [
      host({ connections: 12_345, max: 262_144, utilization: 4.70924, new: 1203.0004, drop: 0, invalid: undefined }),
      instance('daemon', 'north', { daemon: 'north' }, { up: 0, unresponsive: 1, down: 0 }),
    ];
    expect(renderer().render(START, [reading(1, ...samples)])).toBe(
      '2026-11-21T08:45:01Z sockets.connections=12345 sockets.max=262144 utilization.used=4.709 new.new=1203 errors.drop=0 ' +
        'conntrackd_state_north.up=0 conntrackd_state_north.unresponsive=1 conntrackd_state_north.down=0\n',
    );
  });

  it('is empty while nothing is known', () => {
    expect(renderer().render(START, [reading(1)])).toBe('');
  });

  it('leaves out what is not known any more, with its limits', () => {
    const plain = renderer();
    plain.render(START, [reading(1, host({ connections: 5, max: 100, new: 3 }))]);
    expect(plain.render(START + 1e6, [reading(1, host({ new: 4 }))])).toBe('2026-11-21T08:45:01Z new.new=4\n');
  });
});
