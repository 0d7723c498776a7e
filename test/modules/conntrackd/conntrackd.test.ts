import { describe, expect, it } from 'vitest';

import { CT, descriptorsOf, EDGE, Firewall, FW, runtimeAnswer, USUAL } from '../../helpers/conntrackd_firewall.ts';

describe('module conntrackd', () => {
  it('sends requests after the update, and returns replies once', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    const daemon = firewall.start(FW);
    firewall.runtime.advanceTo(100);
    expect(firewall.module.collect(100e6, true)).toEqual([]);
    expect(daemon.asked).toEqual([]);
    await firewall.runtime.settle();
    expect(daemon.taken()).toContain('queue');
    const samples = await firewall.tick(101);
    expect(samples.map(({ instance, scope }) => `${scope} ${instance}`)).toEqual(['daemon fw', 'cache fw_internal']);
    expect(samples[0]?.values).toMatchObject({
      up: 1,
      unresponsive: 0,
      down: 0,
      uptime: 420,
      events_received: undefined,
    });
    expect(samples[1]?.values).toMatchObject({ active: 41 });
    expect(await firewall.tick(102)).toEqual([]);
    expect([firewall.module.name, firewall.module.every, firewall.logged(), firewall.open]).toEqual([
      'conntrackd',
      5,
      [],
      0,
    ]);
  });

  it('queries every five seconds, and computes rates over the time that actually passed', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    const daemon = firewall.start(FW);
    expect(await firewall.states(100, 111)).toEqual([
      [101, 'fw up'],
      [106, 'fw up'],
      [111, 'fw up'],
    ]);
    daemon.replies.runtime = runtimeAnswer(142);
    // The previous round was at 110; this one is late.
    await firewall.tick(117);
    const [sample] = await firewall.tick(118);
    expect(sample?.values).toMatchObject({ events_received: 6 });
  });

  it('returns the latest samples of each daemon until they are used', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    const daemon = firewall.start(FW);
    await firewall.tick(100, false);
    for (const second of [101, 104]) expect(await firewall.tick(second, false)).toHaveLength(2);
    daemon.replies.ct = CT.replace('41', '43');
    await firewall.tick(105, false);
    const samples = await firewall.tick(106);
    expect(samples.map(({ values }) => values['active'])).toEqual([undefined, 43]);
    expect(await firewall.tick(107)).toEqual([]);
  });

  it('returns no rate over a restart', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    firewall.start(FW);
    await firewall.states(100, 106);
    firewall.start(FW, { runtime: runtimeAnswer(5000) });
    await firewall.tick(110);
    expect((await firewall.tick(111))[0]?.values).toMatchObject({ up: 1, events_received: undefined });
  });
});

describe('several daemons', () => {
  it('have samples with their names', async () => {
    const firewall = new Firewall({ sockets: [FW, EDGE] });
    firewall.start(FW);
    firewall.start(EDGE, { ct: CT.replace('41', '17') });
    await firewall.tick(0);
    const samples = await firewall.tick(1);
    expect(samples.map(({ instance, labels, values }) => [instance, labels['daemon'], values['active']])).toEqual([
      ['fw', 'fw', undefined],
      ['fw_internal', 'fw', 41],
      ['edge', 'edge', undefined],
      ['edge_internal', 'edge', 17],
    ]);
  });

  it('have samples on time while one of them hangs', async () => {
    const firewall = new Firewall({ sockets: [FW, EDGE] });
    firewall.start(FW).instead = 'hangs';
    firewall.start(EDGE);
    expect(await firewall.states(0, 8)).toEqual([
      [1, 'edge up'],
      [2, 'fw unresponsive'],
      [6, 'edge up'],
      [7, 'fw unresponsive'],
    ]);
  });

  it('are queried on time while one needs longer than the interval for its replies', async () => {
    const firewall = new Firewall({ sockets: [FW, EDGE], timeout: 60 });
    firewall.start(FW).instead = 'hangs';
    const edge = firewall.start(EDGE);
    expect(await firewall.states(0, 16)).toEqual([
      [1, 'edge up'],
      [6, 'edge up'],
      [11, 'edge up'],
      [16, 'edge up'],
    ]);
    // One round at a time.
    expect(firewall.connected.filter((path) => path === FW)).toHaveLength(1);
    expect(edge.asked.filter((request) => request === 'runtime')).toHaveLength(4);
  });
});

describe('module conntrackd, when closed,', () => {
  it('aborts a round in progress, and sends no more requests', async () => {
    const firewall = new Firewall({ sockets: [FW, EDGE] });
    const hanging = firewall.start(FW, { cache: 'hangs' });
    const answering = firewall.start(EDGE);
    let asked = 0;
    answering.onAsk = () => {
      if (++asked === 3) firewall.module.close();
    };
    await firewall.tick(0);
    firewall.runtime.advanceTo(60);
    await firewall.runtime.settle();
    expect([asked, firewall.open, firewall.runtime.waiting]).toEqual([3, 0, 0]);
    expect(hanging.asked.length).toBeLessThanOrEqual(5);
    expect(firewall.logged()).toEqual([]);
  });

  it('does not start a round', async () => {
    const firewall = new Firewall();
    firewall.start(USUAL);
    const held = descriptorsOf(firewall);
    const release = firewall.runtime.hold();
    firewall.module.collect(0, true);
    firewall.module.close();
    release();
    await firewall.runtime.settle();
    expect([firewall.connected, firewall.runtime.waiting, held()]).toEqual([[], 0, { opened: 0, open: 0 }]);
  });

  it('ignores the replies of a round that has just ended', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    firewall.start(FW);
    firewall.listed(FW);
    firewall.count('43\n');
    const held = descriptorsOf(firewall);
    const socket = firewall.volume.statSync(FW);
    let looks = 0;
    const statSync = (): unknown => {
      // Before the round, and after it.
      if (++looks === 2) firewall.module.close();
      return socket;
    };
    Object.assign(firewall.volume, { statSync });
    await firewall.tick(0);
    expect([looks, held(), firewall.logged()]).toEqual([2, { opened: 0, open: 0 }, []]);
  });

  it('closes its files', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    const held = descriptorsOf(firewall);
    firewall.start(FW);
    firewall.listed(FW);
    firewall.count('43\n');
    await firewall.states(0, 70);
    firewall.module.close();
    firewall.module.close();
    expect(held()).toEqual({ opened: 2, open: 0 });
  });
});

describe('a defect of this program', () => {
  it('is thrown by the next update, once, and does not stop the module', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    firewall.start(FW);
    const defect = new TypeError('undefined is not a function');
    firewall.defect = defect;
    await firewall.tick(0);
    await expect(firewall.tick(1)).rejects.toBe(defect);
    expect(await firewall.tick(2)).toEqual([]);
    firewall.defect = undefined;
    expect(await firewall.states(3, 6)).toEqual([[6, 'fw up']]);
    expect(firewall.logged()).toEqual([]);
  });
});

describe('the status of module conntrackd', () => {
  const problems = async (firewall: Firewall): Promise<readonly string[]> => {
    await firewall.states(0, 3);
    return firewall.module.status().problems.map(({ code, loses, target }) => `${target} ${code}, loses ${loses}`);
  };

  it('names no socket at first, then the default one', async () => {
    const firewall = new Firewall();
    expect(firewall.module.status()).toEqual({ reads: [], problems: [] });
    expect(await problems(firewall)).toEqual([`${USUAL} conntrackd_down, loses nothing`]);
    expect(firewall.module.status().reads).toEqual([USUAL]);
  });

  it('has no problem while the daemon answers', async () => {
    const firewall = new Firewall();
    firewall.start(USUAL);
    expect(await problems(firewall)).toEqual([]);
  });
});
