import { describe, expect, it, vi } from 'vitest';

import { eventCharts } from '../../../charts/events.ts';
import { Emitter } from '../../../collector/agent/emit.ts';
import { ProblemError } from '../../../collector/modules/problem.ts';
import { KernelFile } from '../../../collector/procfs/file.ts';
import { Listener, listening, NOTHING_HAPPENED, news, SETTING, UDP } from '../../helpers/events_listener.ts';
import { event, failure, overrun } from '../../helpers/netlink_channel.ts';
import { logged } from '../../helpers/problems.ts';

describe('events that are turned off', () => {
  const OFF = `new and destroyed connections are not collected: ${logged('events_off')}`;

  it.each([
    [false, 'notice'],
    [true, 'error'],
  ])('at the start are a problem, logged once; if required (%s) as %s', (required, level) => {
    const listener = new Listener({ enabled: required });
    listener.volume.writeFileSync(SETTING, '0\n');
    for (let second = 100; second < 400; second++) expect(listener.tick(second)).toBeUndefined();
    expect(listener.channels).toEqual([]);
    expect(listener.log.lines).toEqual([`${level} ${OFF}`]);

    listener.volume.writeFileSync(SETTING, '2\n');
    // Checked at 100, 130, 160 and so on.
    expect([400, 401].map((second) => listener.tick(second))).toEqual([undefined, NOTHING_HAPPENED]);
    expect(listener.log.lines.slice(1)).toEqual(['info the kernel reports connections']);
  });

  it('while listening give no rates until they are turned on again', () => {
    const listener = listening();
    expect(listener.ticks(101, 112)).not.toContain(undefined);
    listener.volume.writeFileSync(SETTING, '0\n');
    expect(listener.tick(113)).toBeUndefined();
    expect(listener.channel.isClosed).toBe(true);
    expect(listener.log.lines).toEqual([`notice ${OFF}`]);

    listener.volume.writeFileSync(SETTING, '1\n');
    expect(listener.ticks(114, 142).filter((values) => values !== undefined)).toEqual([]);
    expect(listener.channels).toHaveLength(1);
    expect(listener.tick(143)).toBeUndefined();
    expect(listener.channels).toHaveLength(2);
    expect(listener.tick(144)).toEqual(NOTHING_HAPPENED);
  });

  it('are noticed when no new connection comes: otherwise the setting is not read', () => {
    const listener = listening();
    listener.volume.writeFileSync(SETTING, '0\n');
    const read = vi.spyOn(KernelFile.prototype, 'read');
    const wasRead = (): boolean =>
      read.mock.contexts.some((file) => file instanceof KernelFile && file.path === SETTING);
    expect(listener.ticks(101, 130, 1)).not.toContain(undefined);
    listener.channel.queue(overrun(), news(1));
    expect(listener.tick(131)).toMatchObject({ event_overruns: 1 });
    expect(wasRead()).toBe(false);
    // The end of a connection that was created while events were on is still reported.
    listener.hear(event('destroy', { protocol: UDP }));
    expect(listener.tick(132)).toBeUndefined();
    expect(wasRead()).toBe(true);
    expect(listener.channel.isClosed).toBe(true);
  });

  it.each([
    ['is missing', undefined],
    ['holds no number', 'on\n'],
    ['is empty', ''],
  ])('are not assumed when the setting %s', (_what, text) => {
    const listener = new Listener();
    listener.volume.unlinkSync(SETTING);
    if (text !== undefined) listener.volume.writeFileSync(SETTING, text);
    listener.tick(100);
    expect(listener.ticks(101, 115)).not.toContain(undefined);
    expect(listener.log.lines).toEqual([]);
  });

  it.each<[boolean, readonly string[]]>([
    [false, []],
    [
      true,
      [
        `error new and destroyed connections are not collected: ${logged('tracking_not_loaded')}`,
        'info the kernel reports connections again',
      ],
    ],
  ])('are distinguished from a setting that vanishes with connection tracking; required: %s', (required, said) => {
    const listener = listening({ enabled: required });
    expect(listener.tick(101)).toEqual(NOTHING_HAPPENED);
    // As in the kernel, an open descriptor can no longer be read.
    listener.volume.writeFileSync(SETTING, '');
    listener.volume.unlinkSync(SETTING);
    expect(listener.tick(102)).toBeUndefined();
    expect(listener.channel.isClosed).toBe(true);

    listener.prepare = () => {
      throw new ProblemError('tracking_not_loaded', 'ctnetlink');
    };
    for (let second = 103; second < 162; second++) expect(listener.tick(second)).toBeUndefined();
    expect(listener.log.lines).toEqual(said.slice(0, 1));
    listener.prepare = () => undefined;
    listener.volume.writeFileSync(SETTING, '1\n');
    expect(listener.tick(162)).toBeUndefined();
    expect(listener.tick(163)).toEqual(NOTHING_HAPPENED);
    expect(listener.log.lines).toEqual(said);
  });

  it('are not assumed if the setting was missing already when the module resumed', () => {
    const listener = listening();
    listener.volume.unlinkSync(SETTING);
    expect(listener.tick(101)).toBeUndefined();
    expect(listener.tick(131)).toBeUndefined();
    expect(listener.ticks(132, 140)).not.toContain(undefined);
  });
});

describe('a kernel that refuses events', () => {
  const LOST = 'new and destroyed connections are not collected: ';
  const CAPABILITY = logged('no_capability');

  it.each([
    [false, 'notice'],
    [true, 'error'],
  ])('is logged once with the fix, if required (%s) as %s, and retried every half minute', (required, level) => {
    const listener = new Listener({ enabled: required });
    listener.prepare = (channel) => {
      channel.failures.join = failure('EPERM', 'join group 1 of');
    };
    for (let second = 100; second < 190; second++) expect(listener.tick(second)).toBeUndefined();
    expect(listener.channels.map(({ isClosed }) => isClosed)).toEqual([true, true, true]);
    expect(listener.log.lines).toEqual([`${level} ${LOST}${CAPABILITY}`]);

    listener.prepare = () => undefined;
    expect(listener.tick(190)).toBeUndefined();
    expect(listener.log.lines).toHaveLength(1);
    expect(listener.tick(191)).toEqual(NOTHING_HAPPENED);
    expect(listener.log.lines.slice(1)).toEqual(['info the kernel reports connections']);
  });

  it('the receive buffer is a problem, and the channel is closed', () => {
    const listener = new Listener();
    listener.prepare = (channel) => {
      channel.failures.setReceiveBuffer = failure('ENOMEM', 'set the receive buffer of');
    };
    listener.tick(100);
    expect(listener.channel).toMatchObject({ isClosed: true, joined: [] });
    expect(listener.log.lines).toEqual([
      expect.stringMatching(/^notice .*set the receive buffer of ctnetlink: ENOMEM/),
    ]);
  });

  it.each([
    [false, []],
    [true, [`error ${LOST}${logged('tracking_not_loaded')}`]],
  ])('without connection tracking is logged only if events are required (%s)', (required, said) => {
    let asked = 0;
    const connect = (): never => {
      asked++;
      throw new ProblemError('tracking_not_loaded', 'ctnetlink');
    };
    const listener = new Listener({ enabled: required }, { ctnetlink: connect });
    for (let second = 100; second < 160; second++) expect(listener.tick(second)).toBeUndefined();
    expect(asked).toBe(2);
    expect(listener.log.lines).toEqual(said);
  });

  it('is distinguished from a defect of the program, which every update throws', () => {
    const connect = (): never => {
      throw new TypeError('room is not iterable');
    };
    const listener = new Listener({}, { ctnetlink: connect });
    expect(() => listener.tick(100)).toThrow(TypeError);
    expect(() => listener.tick(101)).toThrow(new TypeError('room is not iterable'));
    expect(listener.log.lines).toEqual([]);
  });
});

describe('charts of new and destroyed connections', () => {
  it.each([
    [1, 1, false],
    [5, 1, false],
    [10, 1, false],
    [15, 1, false],
    [20, 1, false],
    [25, 1, false],
    [60, 1, false],
    [1, 2, true],
  ])(
    'become obsolete only after long failures: updated every %i s, %i failures, obsolete: %s',
    (every, failures, isObsolete) => {
      const listener = listening({ every });
      const emitter = new Emitter({ charts: eventCharts, source: '' });
      let text = '';
      const update = (second: number): void => {
        listener.runtime.advanceTo(second);
        text += emitter.render(second * 1e6, [
          { module: 'events', every, samples: listener.module.collect(second * 1e6) },
        ]);
      };
      for (let time = 1; time <= 3; time++) update(100 + time * every);
      listener.channel.queue(failure('ENOMEM'));
      listener.prepare = (channel) => {
        if (listener.channels.length <= failures) channel.failures.join = failure('ENOMEM', 'join');
      };
      for (let second = 100 + 4 * every; second <= 700; second += every) update(second);
      expect(listener.channels).toHaveLength(failures + 1);
      expect(listener.log.lines.at(-1)).toBe('info the kernel reports connections again');
      expect(text.includes('obsolete')).toBe(isObsolete);
    },
  );
});
