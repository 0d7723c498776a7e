/** What the benchmark's workers share. */

import type { Runtime } from '../../collector/base/runtime.ts';
import type { Channel } from '../../collector/netlink/channel.ts';
import { NLMSG_DONE } from '../../collector/netlink/message.ts';
import { type Question, request } from '../../collector/netlink/request.ts';

export const runtime: Runtime = {
  monotonic: () => Number(process.hrtime.bigint()) / 1000,
  cpuTime: () => {
    const { system, user } = process.cpuUsage();
    return user + system;
  },
  later: () => () => undefined,
  yield: () => new Promise((resolve) => setImmediate(resolve)),
};

/** Receives the answer to a question without looking at it; returns the CPU time in microseconds. */
export function receive(channel: Channel, question: Question): number {
  const before = runtime.cpuTime();
  channel.send(request(question, 1));
  for (;;) {
    const datagrams = channel.receive();
    if (datagrams === 0) throw new Error('the kernel did not answer');
    for (let index = 0; index < datagrams; index++) {
      if (channel.memory.u16[(channel.start(index) >> 1) + 2] === NLMSG_DONE) return runtime.cpuTime() - before;
    }
  }
}
