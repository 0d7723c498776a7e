import fs from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { holdTerminal, job } from '../../collector/commands/job.ts';
import { ENTER, LEAVE } from '../../collector/show/paint.ts';
import { Terminal } from '../../collector/show/terminal.ts';
import { Exit, fakeProcess } from '../helpers/fake_process.ts';
import { FakeDisplay, FakeJob, FakeKeyboard } from '../helpers/fake_terminal.ts';

afterEach(() => vi.restoreAllMocks());

/** A terminal that is held, and what happened: what was shown is told, and what had been drawn by then. */
function held() {
  const fake = fakeProcess();
  const display = new FakeDisplay();
  const keyboard = new FakeKeyboard();
  const happened: string[] = [];
  const note = (what: string) => () => void happened.push(`${what} after ${drawn(display)}`);
  for (const event of ['uncaughtException', 'unhandledRejection']) fake.events.on(event, note('message'));
  const listeners = (): number => fake.events.listenerCount('SIGTSTP') + fake.events.listenerCount('SIGCONT');
  fake.kill.mockImplementation((target, signal) => {
    note(`${signal} to ${target}, ${listeners()} listeners,`)();
    return true;
  });
  holdTerminal(new Terminal(display, keyboard, new FakeJob()), { goOn: note('going on'), redraw: note('redraw') });
  return { ...fake, display, keyboard, happened, listeners };
}

/** What was written to a display, in words. */
function drawn({ written }: FakeDisplay): string {
  return written.replaceAll(ENTER, '(taken)').replaceAll(LEAVE, '(given back)');
}

describe('the terminal that is held', () => {
  it('is taken at once', () => {
    const { display, happened } = held();
    expect(drawn(display)).toBe('(taken)');
    expect(happened).toEqual([]);
  });

  it('is given back when the process ends', () => {
    const { display, events } = held();
    events.emit('exit');
    expect(drawn(display)).toBe('(taken)(given back)');
  });

  it.each(['uncaughtException', 'unhandledRejection'])('is given back before the message about an %s', (event) => {
    const { events, happened } = held();
    events.emit(event, new Error('ouch'));
    expect(happened).toEqual(['message after (taken)(given back)']);
  });

  it.each(['SIGHUP', 'SIGQUIT'])('ends the process with 0 on %s', (signal) => {
    const { events } = held();
    expect(() => events.emit(signal)).toThrow(new Exit(0));
  });

  it('ends the process with 0 on q', () => {
    const { keyboard } = held();
    expect(() => keyboard.emit('data', Buffer.from('q'))).toThrow(new Exit(0));
  });

  it('is drawn anew on Ctrl-L', () => {
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
  ])('is given back before %s is suspended, and taken anew after that', (_what, target, suspend) => {
    const all = held();
    suspend(all);
    expect(all.happened).toEqual([
      `SIGTSTP to ${target}, 0 listeners, after (taken)(given back)`,
      'going on after (taken)(given back)',
      'redraw after (taken)(given back)(taken)',
    ]);
    expect(all.listeners()).toBe(2);
  });

  it('can be suspended more than once', () => {
    const { display, events } = held();
    events.emit('SIGTSTP');
    events.emit('SIGTSTP');
    expect(drawn(display)).toBe('(taken)(given back)(taken)(given back)(taken)');
  });

  it('is taken anew on SIGCONT: the process was stopped without a warning', () => {
    const { events, happened } = held();
    events.emit('SIGCONT');
    expect(happened).toEqual(['going on after (taken)', 'redraw after (taken)(taken)']);
  });
});

describe('the process and its terminal', () => {
  it.each([
    ['in the foreground', '7 (a b) S 1 41 7 34816 41 4194304', true],
    ['in the background', '7 (a b) S 1 41 7 34816 43 4194304', false],
  ])('is %s by its own stat file', (_where, stat, isForeground) => {
    const read = vi.spyOn(fs, 'readFileSync').mockReturnValue(stat);
    expect(job.isForeground()).toBe(isForeground);
    expect(read).toHaveBeenCalledWith('/proc/self/stat', 'latin1');
  });

  it('is taken for one in the foreground where that cannot be told', () => {
    vi.spyOn(fs, 'readFileSync').mockImplementation(() => {
      throw new Error('EACCES');
    });
    expect(job.isForeground()).toBe(true);
  });

  it('is measured by a signal to itself', () => {
    const { kill } = fakeProcess();
    job.measure();
    expect(kill).toHaveBeenCalledExactlyOnceWith(process.pid, 'SIGWINCH');
  });
});
