import { describe, expect, it } from 'vitest';

import type { EventChannel } from '../../collector/modules/access.ts';
import { ProblemError } from '../../collector/modules/problem.ts';
import { NamespaceChannel } from '../../collector/namespaces/channel.ts';
import type { Entrance } from '../../collector/namespaces/namespace.ts';
import { request } from '../../collector/netlink/request.ts';
import { FakeChannel } from '../helpers/netlink_channel.ts';

describe('a channel in a namespace', () => {
  it.each([
    ['send', (channel: EventChannel): unknown => channel.send(request('statistics', 1))],
    ['receive', (channel: EventChannel): unknown => channel.receive()],
  ])('closes instead of %s once no other process uses the namespace', (_, use) => {
    let isGone = false;
    const verify = (): void => {
      if (isGone) throw new ProblemError('namespace_gone', 'blue');
    };
    const socket = new FakeChannel();
    const channel = new NamespaceChannel(socket, { verify } as Entrance);
    use(channel);
    expect(socket.isClosed).toBe(false);
    isGone = true;
    expect(() => use(channel)).toThrow(ProblemError);
    expect(socket.isClosed).toBe(true);
  });
});
