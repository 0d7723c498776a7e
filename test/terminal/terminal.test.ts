import { describe, expect, it } from 'vitest';

import { ENTER, LEAVE, Terminal } from '../../collector/terminal/terminal.ts';
import { FakeDisplay, FakeJobControl, FakeKeyboard } from '../helpers/fake_terminal.ts';

function terminal() {
  const display = new FakeDisplay();
  const keyboard = new FakeKeyboard();
  const job = new FakeJobControl();
  const taken = new Terminal(display, keyboard, job);
  const done: string[] = [];
  taken.listen({
    end: () => done.push('end'),
    suspend: () => done.push('suspend'),
    redraw: () => done.push('redraw'),
  });
  return { terminal: taken, display, keyboard, job, done };
}

describe('the terminal', () => {
  it('has every changed mode restored', () => {
    const modes = (text: string, end: string): string[] => text.split('\x1b[?').filter((mode) => mode.endsWith(end));
    const other = (mode: string): string => mode.replace(/[hl]$/, (end) => (end === 'h' ? 'l' : 'h'));
    expect(modes(ENTER, 'h').map(other)).toEqual(modes(LEAVE, 'l'));
    expect(modes(ENTER, 'l').map(other).sort()).toEqual(modes(LEAVE, 'h').sort());
    expect(modes(ENTER, 'l')).toEqual(['25l', '7l']);
  });

  it('is restored once, and only if it was taken', () => {
    const { display, keyboard, terminal: taken } = terminal();
    taken.restore();
    expect(display.written).toBe('');
    taken.take();
    expect([display.written, keyboard.isRaw]).toEqual([ENTER, true]);
    taken.restore();
    taken.restore();
    expect([display.written, keyboard.isRaw]).toEqual([ENTER + LEAVE, false]);
  });

  it('has 80 columns and 24 rows if it does not report its size', () => {
    const { display, terminal: taken } = terminal();
    expect(taken.size).toEqual({ columns: 80, rows: 24 });
    Object.assign(display, { columns: 91, rows: 37 });
    expect(taken.size).toEqual({ columns: 91, rows: 37 });
  });

  it('maps Ctrl-C, q, Ctrl-Z and Ctrl-L to actions, and ignores other keys', () => {
    const { done, keyboard } = terminal();
    keyboard.emit('data', Buffer.from('x\x1b[A\x0c'));
    keyboard.emit('data', Buffer.from('\x1a'));
    keyboard.emit('data', Buffer.from('q'));
    keyboard.emit('data', Buffer.from('\x03'));
    expect(done).toEqual(['redraw', 'suspend', 'end', 'end']);
  });

  it('is redrawn when resized, but only while it is taken', () => {
    const { display, done, terminal: taken } = terminal();
    display.emit('resize');
    expect(done).toEqual([]);
    taken.take();
    display.emit('resize');
    expect(done).toEqual(['redraw']);
  });

  it.each(['end', 'error'])('ends the command if it is gone (%s)', (event) => {
    const { done, keyboard } = terminal();
    keyboard.emit(event, new Error('EIO'));
    expect(done).toEqual(['end']);
  });

  it('is measured, and its keys are read, only when it is first taken', () => {
    const { display, job, keyboard, terminal: taken } = terminal();
    expect(keyboard.isRead).toBe(false);
    expect([taken.take(), taken.take()]).toEqual([true, true]);
    expect([display.written, keyboard.isRead, job.measured]).toEqual([ENTER, true, 1]);
    taken.restore();
    expect(keyboard.isRead).toBe(false);
  });

  it('is not taken in the background, but as soon as the process is in the foreground', () => {
    const { display, job, keyboard, terminal: taken } = terminal();
    job.isInForeground = false;
    expect(taken.take()).toBe(false);
    expect([display.written, keyboard.isRaw, keyboard.isRead]).toEqual(['', false, false]);
    job.isInForeground = true;
    expect(taken.take()).toBe(true);
    expect([display.written, keyboard.isRaw, keyboard.isRead]).toEqual([ENTER, true, true]);
  });

  it('is left alone if the process continues in the background after SIGSTOP', () => {
    const { display, done, job, keyboard, terminal: taken } = terminal();
    taken.take();
    job.isInForeground = false;
    taken.resume();
    display.emit('resize');
    taken.restore();
    expect([display.written, done, keyboard.isRead]).toEqual([ENTER, [], false]);
    job.isInForeground = true;
    expect([taken.take(), display.written]).toEqual([true, ENTER + ENTER]);
  });

  it('is taken again after SIGSTOP', () => {
    const { display, keyboard, terminal: taken } = terminal();
    taken.take();
    const modes: boolean[] = [];
    keyboard.setRawMode = (isRaw) => void modes.push(isRaw);
    taken.resume();
    expect([modes, display.written]).toEqual([[false, true], ENTER + ENTER]);
  });

  it('is restored from the background without a change of the key mode, which would stop the process', () => {
    const { display, job, keyboard, terminal: taken } = terminal();
    taken.take();
    job.isInForeground = false;
    taken.restore();
    expect([display.written, keyboard.isRaw]).toEqual([ENTER + LEAVE, true]);
  });

  it('is taken and restored without a keyboard', () => {
    const display = new FakeDisplay();
    const taken = new Terminal(display, undefined, new FakeJobControl());
    taken.take();
    taken.restore();
    expect(display.written).toBe(ENTER + LEAVE);
  });
});
