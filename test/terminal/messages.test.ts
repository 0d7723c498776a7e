import { describe, expect, it } from 'vitest';

import { Messages } from '../../collector/terminal/messages.ts';

describe('the messages of show', () => {
  it('have level notice or above, their fields, and one line of ASCII each', () => {
    let now = 1000;
    const messages = new Messages(() => now);
    const log = (write: () => void): void => {
      write();
      now++;
    };
    messages.debug();
    log(() => messages.notice('a setting cannot be read', { path: '/proc/x', count: 3, error: undefined }));
    log(() => messages.warning('late\nupdates'));
    log(() => messages.error('the module failed'));
    expect(messages.recent).toMatchObject([
      { time: 1000, level: 'notice', text: 'a setting cannot be read path=/proc/x count=3' },
      { time: 1001, level: 'warning', text: 'late\\u{a}updates' },
      { time: 1002, level: 'error', text: 'the module failed' },
    ]);
  });

  it('include a resolved problem, but only after it occurred', () => {
    const messages = new Messages(() => 5);
    messages.info('the table is dumped at another interval');
    expect(messages.recent).toEqual([]);
    messages.notice('sockets are not counted');
    messages.info('sockets can be counted again');
    expect(messages.recent.map(({ level, text }) => `${level}: ${text}`)).toEqual([
      'notice: sockets are not counted',
      'info: sockets can be counted again',
    ]);
  });

  it('are the newest ten, each text once', () => {
    let now = 0;
    const messages = new Messages(() => now);
    for (const number of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 5]) {
      messages.warning(`trouble ${number}`);
      now++;
    }
    expect(messages.recent.map(({ text }) => text.slice(8)).join(' ')).toBe('2 3 4 6 7 8 9 10 11 5');
    expect(messages.recent.at(-1)?.time).toBe(11);
  });

  it('disappear after a minute, although the problem lasts', () => {
    let now = 7000;
    const messages = new Messages(() => now);
    expect(messages.isTroubled).toBe(false);
    messages.warning('late');
    now = 66_999;
    expect(messages.recent.map(({ text }) => text)).toEqual(['late']);
    now = 67_000;
    expect([messages.recent, messages.isTroubled]).toEqual([[], true]);
  });

  it('lack the code, errno and retry interval', () => {
    const messages = new Messages(() => 5);
    messages.warning('no reply', {
      code: 'conntrackd_unresponsive',
      errno: 'EAGAIN',
      path: '/run/north',
      retry: '30s',
    });
    expect(messages.recent.map(({ text }) => text)).toEqual(['no reply path=/run/north']);
  });

  it('are replaced by the message that their problem is resolved', () => {
    const messages = new Messages(() => 5);
    messages.warning('conntrackd does not run', { path: '/run/north', error: 'refused' });
    messages.warning('conntrackd does not run', { path: '/run/south', error: 'refused' });
    messages.info('conntrackd answers again', { path: '/run/north' });
    expect(messages.recent.map(({ text }) => text)).toEqual([
      'conntrackd does not run path=/run/south error=refused',
      'conntrackd answers again path=/run/north',
    ]);
    expect(messages.isTroubled).toBe(true);
    messages.info('conntrackd answers again', { path: '/run/south' });
    expect(messages.isTroubled).toBe(false);
    // A number is no subject.
    messages.warning('late', { skipped: 3 });
    messages.info('back on schedule', { skipped: 3 });
    expect(messages.isTroubled).toBe(true);
  });
});
