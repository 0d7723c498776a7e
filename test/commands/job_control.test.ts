import fs from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { holdTerminal, jobControl } from '../../collector/commands/job_control.ts';
import { ENTER, LEAVE, Terminal } from '../../collector/terminal/terminal.ts';
import { Exit, fakeProcess } from '../helpers/fake_process.ts';
import { FakeDisplay, FakeJobControl, FakeKeyboard } from '../helpers/fake_terminal.ts';

afterEach(() => vi.restoreAllMocks());

/** A held terminal and the calls it made, each with what the display had received by then. */
function held() {
  const fake = fakeProcess();
  const display = new FakeDisplay();
  const keyboard = new FakeKeyboard();
  const happened: string[] = [];
  const note = (what: string) => () => void happened.push(`${what} after ${received(display)}`);
  for (const event of ['uncaughtException', 'unhandledRejection']) fake.events.on(event, note('message'));
  const listeners = (): number => fake.events.listenerCount('SIGTSTP') + fake.events.listenerCount('SIGCONT');
  fake.kill.mockImplementation((target, signal) => {
    note(`${signal} to ${target}, ${listeners()} listeners,`)();
    return true;
  });
  holdTerminal(new Terminal(display, keyboard, new FakeJobControl()), {
    resumed: note('resumed'),
    redraw: note('redraw'),
  });
  return { ...fake, display, keyboard, happened, listeners };
}

/** What a display received, in words. */
function received({ written }: FakeDisplay): string {
  return written.replaceAll(ENTER, '(taken)').replaceAll(LEAVE, '(restored)');
}

describe('a held terminal', () => {
  it('is taken immediately', () => {
    const { display, happened } = held();
    expect(received(display)).toBe('(taken)');
    expect(happened).toEqual([]);
  });

  it('is restored when the process ends', () => {
    const { display, events } = held();
    events.emit('exit');
    expect(received(display)).toBe('(taken)(restored)');
  });

  it.each(['uncaughtException', 'unhandledRejection'])('is restored before the message about an %s', (event) => {
    const { events, happened } = held();
    events.emit(event, new Error('ouch'));
    expect(happened).toEqual(['message after (taken)(restored)']);
  });

  it.each(['SIGHUP', 'SIGQUIT'])('ends the process with 0 on %s', (signal) => {
    const { events } = held();
    expect(() => events.emit(signal)).toThrow(new Exit(0));
  });

  it('ends the process with 0 on q', () => {
    const { keyboard } = held();
    expect(() => keyboard.emit('data', Buffer.from('q'))).toThrow(new Exit(0));
  });

  it('is redrawn on Ctrl-L', () => {
    const { happened, keyboard } = held();
    keyboard.emit('data', Buffer.from('\x0c'));
    expect(happened).toEqual(['redraw after (taken)']);
  });

  it.each([
    ['the process on SIGTSTP', process.pid, ({ events }: ReturnType<typeof held>) => events.emit('SIGTSTP')],
    [
      'the whole job on Ctrl-Z',
      0,
      ({ keyboard }: ReturnType<typeof held>) => keyboard.emit('data', Buffer.from('\x1a')),
    ],
  ])('is restored before %s is suspended, and taken again afterwards', (_what, target, suspend) => {
    const all = held();
    suspend(all);
    expect(all.happened).toEqual([
      `SIGTSTP to ${target}, 0 listeners, after (taken)(restored)`,
      'resumed after (taken)(restored)',
      'redraw after (taken)(restored)(taken)',
    ]);
    expect(all.listeners()).toBe(2);
  });

  it('can be suspended more than once', () => {
    const { display, events } = held();
    events.emit('SIGTSTP');
    events.emit('SIGTSTP');
    expect(received(display)).toBe('(taken)(restored)(taken)(restored)(taken)');
  });

  it('is taken again on SIGCONT after SIGSTOP', () => {
    const { events, happened } = held();
    events.emit('SIGCONT');
    expect(happened).toEqual(['resumed after (taken)', 'redraw after (taken)(taken)']);
  });
});

describe('the process of show', () => {
  it.each([
    ['in the foreground', '7 (a b) S 1 41 7 34816 41 4194304', true],
    ['in the background', '7 (a b) S 1 41 7 34816 43 4194304', false],
    ['in the foreground under a name with parentheses', '7 (a) R 1 (b 2) S 1 41 7 34816 41 4194304', true],
    ['in the foreground without a terminal', '7 (node) S 1 41 7 0 -1 4194304', true],
    ['in the foreground of a container', '12 (node) S 0 0 0 34816 0 4194304', true],
  ])('is %s according to /proc/self/stat', (_where, stat, isForeground) => {
    const read = vi.spyOn(fs, 'readFileSync').mockReturnValue(stat);
    expect(jobControl.isForeground()).toBe(isForeground);
    expect(read).toHaveBeenCalledWith('/proc/self/stat', 'latin1');
  });

  it('counts as in the foreground if /proc/self/stat cannot be read', () => {
    vi.spyOn(fs, 'readFileSync').mockImplementation(() => {
      throw new Error('EACCES');
    });
    expect(jobControl.isForeground()).toBe(true);
  });

  it('makes the display measure itself with SIGWINCH', () => {
    const { kill } = fakeProcess();
    jobControl.measure();
    expect(kill).toHaveBeenCalledExactlyOnceWith(process.pid, 'SIGWINCH');
  });
});
