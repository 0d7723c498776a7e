import { describe, expect, it } from 'vitest';
import type { Request } from '../../../collector/modules/conntrackd/request.ts';
import { BACK, COUNT, CT, DENIED, DOWN, EDGE, Firewall, FW, SLOW, USUAL } from '../../helpers/conntrackd_firewall.ts';

describe('a daemon', () => {
  it('that never ran has no samples and no log line, and no connection is tried', async () => {
    const firewall = new Firewall();
    expect(await firewall.states(0, 200)).toEqual([]);
    expect(firewall.logged()).toEqual([]);
    expect(firewall.connected).toEqual([]);
  });

  it('that never ran is down if configured or required', async () => {
    const configured = new Firewall({ sockets: [FW] });
    expect((await configured.states(0, 12)).map(([, state]) => state)).toEqual(['fw down', 'fw down', 'fw down']);
    expect(configured.logged()).toEqual([`warning ${DOWN} ${FW}`]);
    const required = new Firewall({ enabled: true });
    expect(await required.states(0, 2)).toEqual([[1, 'conntrackd down']]);
    expect(required.logged()).toEqual([`error ${DOWN} ${USUAL}`]);
  });

  it('that exits is down, logged once, and so is its return', async () => {
    const firewall = new Firewall();
    firewall.start(USUAL);
    await firewall.states(0, 6);
    firewall.stop(USUAL);
    const gone = (await firewall.states(7, 30)).map(([, state]) => state);
    expect(new Set(gone)).toEqual(new Set(['conntrackd down']));
    firewall.start(USUAL);
    expect((await firewall.states(31, 37)).at(-1)).toEqual([36, 'conntrackd up']);
    expect(firewall.logged()).toEqual([`warning ${DOWN} ${USUAL}`, `info ${BACK} ${USUAL}`]);
  });

  it('that starts later has samples and no log line', async () => {
    const firewall = new Firewall();
    await firewall.states(0, 10);
    firewall.start(USUAL);
    expect(await firewall.states(11, 16)).toEqual([[16, 'conntrackd up']]);
    expect(firewall.logged()).toEqual([]);
  });

  it('that does not reply in time is unresponsive, logged once', async () => {
    const firewall = new Firewall();
    const daemon = firewall.start(USUAL);
    await firewall.states(0, 6);
    daemon.instead = 'hangs';
    const hung = await firewall.states(7, 26);
    expect(hung).toEqual([
      [12, 'conntrackd unresponsive'],
      [17, 'conntrackd unresponsive'],
      [22, 'conntrackd unresponsive'],
    ]);
    expect([firewall.open, firewall.runtime.waiting]).toEqual([1, 1]);
    daemon.instead = undefined;
    await firewall.states(27, 36);
    expect([firewall.open, firewall.runtime.waiting]).toEqual([0, 0]);
    expect(firewall.logged()).toEqual([`warning ${SLOW} ${USUAL}`, `info ${BACK} ${USUAL}`]);
  });

  it('that changes its state is logged once per change', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    const daemon = firewall.start(FW);
    await firewall.states(0, 6);
    for (const [at, fails] of ['EAGAIN', 'ECONNREFUSED', 'ETIMEDOUT', 'ENOENT', 'ENOENT'].entries()) {
      daemon.instead = { fails };
      await firewall.states(7 + at * 10, 16 + at * 10);
    }
    expect(firewall.logged()).toEqual([
      `warning ${SLOW} ${FW}`,
      `warning ${DOWN} ${FW}`,
      `warning ${SLOW} ${FW}`,
      `warning ${DOWN} ${FW}`,
    ]);
  });

  it.each([
    ['EACCES', false, `notice ${DENIED} ${USUAL}`],
    ['EPERM', false, `notice ${DENIED} ${USUAL}`],
    ['EACCES', true, `error ${DENIED} ${USUAL}`],
    ['EMFILE', false, expect.stringMatching(/^warning cannot query conntrackd: request runtime from .*: .*EMFILE/)],
    ['ENOMEM', true, expect.stringMatching(/^error cannot query conntrackd: request runtime from .*: .*ENOMEM/)],
  ])(
    'that cannot be queried because of %s (required: %s) has no state, and is logged once',
    async (fails, required, line) => {
      const firewall = new Firewall({ enabled: required });
      firewall.start(USUAL).instead = { fails };
      expect(await firewall.states(0, 30)).toEqual([]);
      expect(firewall.logged()).toEqual([line]);
    },
  );

  it('that fails at different requests is logged once', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    const daemon = firewall.start(FW);
    const breaking: readonly Request[] = ['ct', 'runtime', 'link', 'queue'];
    for (const [at, request] of breaking.entries()) {
      const { [request]: reply = '' } = daemon.replies;
      daemon.replies[request] = { fails: 'ENOMEM' };
      await firewall.states(at * 10, at * 10 + 9);
      daemon.replies[request] = reply;
    }
    expect(firewall.logged()).toEqual([
      expect.stringMatching(/^warning cannot query conntrackd: request ct from .*: .*ENOMEM/),
    ]);
  });

  it('with malformed replies is up; their start and end are logged once', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    const daemon = firewall.start(FW, { ct: 'cache internal:\ncurr', queue: '?' });
    expect((await firewall.states(0, 12)).map(([, state]) => state)).toEqual(['fw up', 'fw up', 'fw up']);
    expect(firewall.log.entries.splice(0)).toEqual([
      {
        level: 'warning',
        message: 'malformed reply from conntrackd: ct: truncated reply',
        fields: { code: 'conntrackd_malformed', path: FW },
      },
    ]);
    daemon.replies.ct = CT;
    await firewall.states(13, 17);
    expect(firewall.log.entries.splice(0)).toMatchObject([{ message: expect.stringContaining(': queue: ') }]);
    daemon.replies.queue = '';
    await firewall.states(18, 30);
    expect(firewall.logged()).toEqual([`info the replies of conntrackd are well-formed ${FW}`]);
  });
});

describe("the number of entries in the kernel's table", () => {
  const kernelOf = async (firewall: Firewall): Promise<number | undefined> => {
    await firewall.tick(0);
    return (await firewall.tick(1))[0]?.values['kernel_connections'];
  };

  it('is returned for a daemon in the same namespace', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    firewall.start(FW);
    firewall.listed('/run/other.ctl', FW, '/run/last.ctl');
    firewall.count('43\n');
    expect(await kernelOf(firewall)).toBe(43);
    firewall.count('44\n');
    await firewall.tick(5);
    expect((await firewall.tick(6))[0]?.values).toMatchObject({ kernel_connections: 44, internal_connections: 41 });
  });

  it.each([
    ['of another path', [`${FW}.old`, `/srv${FW}`]],
    ['of none', []],
  ])('is absent if the sockets of the namespace are those %s', async (_which, paths) => {
    const firewall = new Firewall({ sockets: [FW] });
    firewall.start(FW);
    firewall.listed(...paths);
    firewall.count('43\n');
    expect(await kernelOf(firewall)).toBeUndefined();
  });

  it('is absent if the sockets or the number cannot be read', async () => {
    const blind = new Firewall({ sockets: [FW] });
    blind.start(FW);
    blind.count('43\n');
    expect(await kernelOf(blind)).toBeUndefined();
    const unloaded = new Firewall({ sockets: [FW] });
    unloaded.start(FW);
    unloaded.listed(FW);
    expect(await kernelOf(unloaded)).toBeUndefined();
    expect([blind.logged(), unloaded.logged()]).toEqual([[], []]);
  });

  it('is absent if this process runs in another namespace', async () => {
    const firewall = new Firewall({ sockets: [FW] }, '/host');
    firewall.start(FW);
    firewall.volume.fromJSON({
      '/host/proc/1/net/dev': '',
      '/host/proc/1/net/unix': `x ${FW}\n`,
      '/proc/self/net/dev': '',
    });
    firewall.volume.mkdirSync('/host/proc/sys/net/netfilter', { recursive: true });
    firewall.volume.writeFileSync(`/host${COUNT}`, '43\n');
    expect(await kernelOf(firewall)).toBeUndefined();
  });

  it('is absent once a restarted daemon runs in another namespace', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    firewall.start(FW);
    firewall.listed(FW);
    firewall.count('43\n');
    expect(await kernelOf(firewall)).toBe(43);
    firewall.listed();
    firewall.start(FW);
    await firewall.tick(5);
    expect((await firewall.tick(6))[0]?.values['kernel_connections']).toBeUndefined();
  });
});

describe('the problems of a daemon', () => {
  const problems = async (firewall: Firewall): Promise<readonly string[]> => {
    await firewall.states(0, 3);
    return firewall.module.status().problems.map(({ code, loses, target }) => `${target} ${code}, loses ${loses}`);
  };

  it.each([
    [{ fails: 'EACCES' }, 'conntrackd_denied', 'all'],
    [{ fails: 'EPERM' }, 'conntrackd_denied', 'all'],
    [{ fails: 'EMFILE' }, 'conntrackd_failed', 'all'],
    ['hangs', 'conntrackd_unresponsive', 'all'],
    [{ fails: 'ECONNREFUSED' }, 'conntrackd_down', 'nothing'],
  ] as const)('with %j are %s, which loses %s', async (instead, code, loses) => {
    const firewall = new Firewall();
    firewall.start(USUAL).instead = instead;
    expect(await problems(firewall)).toEqual([`${USUAL} ${code}, loses ${loses}`]);
  });

  it('lose everything if it is down and was configured, required or seen before', async () => {
    const configured = new Firewall({ sockets: [FW, EDGE] });
    configured.start(EDGE);
    expect(await problems(configured)).toEqual([`${FW} conntrackd_down, loses all`]);
    expect(await problems(new Firewall({ enabled: true }))).toEqual([`${USUAL} conntrackd_down, loses all`]);
    const found = new Firewall();
    found.start(USUAL);
    await found.states(0, 3);
    found.stop(USUAL);
    await found.states(4, 12);
    expect(found.module.status().problems).toMatchObject([{ code: 'conntrackd_down', loses: 'all' }]);
  });

  it('lose a part while some replies are malformed', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    firewall.start(FW, { ct: 'cache internal:\ncurr', queue: '?' });
    await firewall.states(0, 3);
    expect(firewall.module.status().problems).toMatchObject([
      { code: 'conntrackd_malformed', target: FW, loses: 'part', message: expect.stringContaining(': ct: ') },
      { code: 'conntrackd_malformed', target: FW, loses: 'part', message: expect.stringContaining(': queue: ') },
    ]);
  });
});
