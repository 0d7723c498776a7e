import { describe, expect, it, vi } from 'vitest';

import { ProblemError } from '../../../collector/modules/problem.ts';
import { Listener, listening, news } from '../../helpers/events_listener.ts';
import { logged } from '../../helpers/problems.ts';

describe('nf_conntrack_netlink that is unloaded while the plugin listens', () => {
  const MODULE = '/sys/module/nf_conntrack_netlink';
  const UNLOADED =
    'warning nf_conntrack_netlink was unloaded: new and destroyed connections of that time are not counted';
  const load = (listener: Listener): void => void listener.volume.mkdirSync(MODULE, { recursive: true });
  const unload = (listener: Listener): void => listener.volume.rmdirSync(MODULE);

  /** A module on a kernel that loads nf_conntrack_netlink in the background when the groups are joined. */
  function listeningToModule(): Listener {
    const listener = new Listener();
    load(listener);
    listener.tick(100);
    return listener;
  }

  it('is loaded again by joining the groups at the next update, with a gap and one log line', () => {
    const listener = listeningToModule();
    listener.hear(...news(4));
    expect(listener.tick(101)).toMatchObject({ new: 4 });
    unload(listener);
    listener.change(110);
    expect(listener.tick(102)).toBeUndefined();
    expect(listener.channels.map(({ isClosed }) => isClosed)).toEqual([true, false]);
    expect(listener.channel.joined).toEqual([1, 3]);
    load(listener);
    listener.change(5);
    expect(listener.tick(103)).toBeUndefined();
    listener.hear(...news(6));
    expect(listener.tick(104)).toMatchObject({ new: 6 });
    expect(listener.log.lines).toEqual([UNLOADED]);
  });

  it('is noticed even if it was loaded again in between', () => {
    const listener = listeningToModule();
    listener.tick(101);
    listener.hear(...news(2));
    unload(listener);
    load(listener);
    expect(listener.tick(102)).toBeUndefined();
    listener.hear(...news(3));
    expect(listener.tick(103)).toMatchObject({ new: 3 });
    expect(listener.log.lines).toEqual([UNLOADED]);
  });

  it('is logged once with the fix if it cannot be loaded again', () => {
    const listener = listeningToModule();
    listener.tick(101);
    unload(listener);
    for (let second = 102; second <= 200; second++) expect(listener.tick(second)).toBeUndefined();
    expect(listener.log.lines).toEqual([
      UNLOADED,
      `notice new and destroyed connections are not collected: ${logged('no_ctnetlink')}`,
    ]);
    expect(listener.module.status().problems).toMatchObject([{ code: 'no_ctnetlink', loses: 'all' }]);
    load(listener);
    const values = listener.ticks(201, 240);
    expect(values.findIndex((one) => one !== undefined)).toBeLessThan(31);
    expect(values.at(-1)).toMatchObject({ new: 0 });
    expect(listener.log.lines.slice(2)).toEqual(['info the kernel reports connections again']);
  });

  it('is not logged if connection tracking is unloaded too', () => {
    const listener = listeningToModule();
    listener.tick(101);
    unload(listener);
    listener.prepare = () => {
      throw new ProblemError('tracking_not_loaded', 'ctnetlink');
    };
    expect(listener.tick(102)).toBeUndefined();
    expect(listener.log.lines).toEqual([]);
  });

  it('is distinguished from a module that the first join loads; no rates are returned until it is loaded', () => {
    const listener = listening();
    load(listener);
    expect(listener.tick(101)).toBeUndefined();
    listener.hear(...news(2));
    expect(listener.tick(102)).toMatchObject({ new: 2 });
    expect(listener.channels).toHaveLength(2);
    expect(listener.log.lines).toEqual([]);
  });

  it('is not looked up at every update if built in', () => {
    const listener = listening();
    listener.tick(101);
    const look = vi.spyOn(listener.volume, 'statSync');
    listener.ticks(102, 130);
    expect(look).not.toHaveBeenCalled();
  });
});
