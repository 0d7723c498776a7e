import { describe, expect, it } from 'vitest';

import { Counting } from '../../helpers/sockets_module.ts';

/** A host whose hash table takes the kernel a few milliseconds to walk. */
function walked(): Counting {
  const counting = new Counting();
  counting.cost = 600;
  total(counting, 'sockstat', 'TCP: inuse 21 orphan 4 tw 7 alloc 38 mem 15\nUDP: inuse 11 mem 91\n');
  total(counting, 'sockstat6', 'TCP6: inuse 17\nUDP6: inuse 9\n');
  return counting;
}

function total({ host }: Counting, name: string, text: string): void {
  host.volume.writeFileSync(`/proc/net/${name}`, text);
}

describe('sockets whose totals stay the same', () => {
  it('are counted every half a minute, and the last count is returned every five seconds', async () => {
    const counting = walked();
    expect(await counting.countedAt(500, 528)).toEqual([500]);
    counting.host.become({ tcp: [8, 8, 8], udp: [] });
    expect(await counting.tick(529)).toBeUndefined();
    await counting.tick(530);
    expect(await counting.tick(531)).toMatchObject({ tcp: 3 });
    expect(await counting.countedAt(532, 565)).toEqual([560]);
    expect(await counting.tick(566)).toMatchObject({ tcp: 3 });
  });

  it.each([
    ['sockstat', 'TCP: inuse 22 orphan 4 tw 7 alloc 38 mem 15\nUDP: inuse 11 mem 91\n'],
    ['sockstat', 'TCP: inuse 21 orphan 4 tw 8 alloc 38 mem 15\nUDP: inuse 11 mem 91\n'],
    ['sockstat6', 'TCP6: inuse 17\nUDP6: inuse 10\n'],
  ])('are counted at the next interval when %s becomes %j', async (name, text) => {
    const counting = walked();
    expect(await counting.countedAt(500, 509)).toEqual([500]);
    total(counting, name, text);
    expect(await counting.countedAt(510, 529)).toEqual([510]);
  });
});

describe('sockets without totals', () => {
  it('are counted every five seconds', async () => {
    const counting = walked();
    counting.host.volume.unlinkSync('/proc/net/sockstat');
    expect(await counting.countedAt(500, 510)).toEqual([500, 505, 510]);
  });
});
