import { describe, expect, it } from 'vitest';

import { UsageError } from '../../collector/base/errors.ts';
import { explained, functionOf, guarded } from '../../collector/commands/live.ts';
import { ArgumentError } from '../../collector/functions/function.ts';
import { ProblemError } from '../../collector/modules/problem.ts';

describe('a command of a live answer', () => {
  it('reports a bad argument as the option that it was', async () => {
    const refused = guarded(async () => {
      throw new ArgumentError('dport: found "https", allowed: a port from 0 to 65535');
    });
    await expect(refused).rejects.toEqual(new UsageError('--dport: found "https", allowed: a port from 0 to 65535'));
  });

  it('passes on an unexpected error', async () => {
    const broken = new TypeError('broken');
    await expect(guarded(() => Promise.reject(broken))).rejects.toBe(broken);
  });

  it('explains a missing capability with check, and with root as the way that works at once', () => {
    expect(explained(new ProblemError('no_capability', 'ctnetlink'))).toBe(
      'the plugin lacks CAP_NET_ADMIN; run conntrack.plugin check to see how to grant it, or run this command as root',
    );
  });

  it('explains what keeps it out of a network namespace, with root as the way that works at once', () => {
    expect(explained(new ProblemError('namespace_closed', '/run/netns/blue', 'CAP_SYS_ADMIN is missing'))).toBe(
      'cannot enter the network namespace: CAP_SYS_ADMIN is missing; run conntrack.plugin check to see how to allow it, ' +
        'or run this command as root',
    );
  });

  it('ends the message of another problem with its fix', () => {
    expect(explained(new ProblemError('events_off', 'ctnetlink'))).toBe(
      'connection tracking events are turned off; turn them on with "sysctl net.netfilter.nf_conntrack_events=1"',
    );
  });

  it('is the function with the same command', () => {
    expect(functionOf('list').name).toBe('connections');
    expect(() => functionOf('lost')).toThrow('no function for the command lost');
  });
});
