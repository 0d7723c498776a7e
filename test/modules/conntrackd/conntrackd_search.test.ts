import { describe, expect, it } from 'vitest';

import { CONFIGURATION, EDGE, Firewall, FW, runtimeAnswer, USUAL } from '../../helpers/conntrackd_firewall.ts';

describe('the configuration of conntrackd', () => {
  const configure = (firewall: Firewall, path: string): void => {
    firewall.volume.mkdirSync('/etc/conntrackd', { recursive: true });
    firewall.volume.writeFileSync(CONFIGURATION, `General {\n UNIX {\n  Path ${path}\n }\n}\n`);
  };

  it('is read every minute', async () => {
    const firewall = new Firewall();
    firewall.start(FW);
    await firewall.states(0, 20);
    configure(firewall, FW);
    expect(await firewall.states(21, 66)).toEqual([
      [61, 'fw up'],
      [66, 'fw up'],
    ]);
    // A path where no daemon ever answered is no longer queried.
    expect(new Set(firewall.connected.slice(-9))).toEqual(new Set([FW]));
  });

  it('can move a daemon, which is then down at its old path', async () => {
    const firewall = new Firewall();
    configure(firewall, FW);
    firewall.start(FW);
    await firewall.states(0, 55);
    firewall.stop(FW);
    configure(firewall, EDGE);
    firewall.start(EDGE);
    expect((await firewall.states(56, 66)).filter(([second]) => second > 60)).toEqual([
      [61, 'fw down'],
      [66, 'edge up'],
      [66, 'fw down'],
    ]);
  });

  it('can name the same socket by another path; no two daemons have one name', async () => {
    const firewall = new Firewall();
    firewall.start(USUAL);
    firewall.start('/run/conntrackd.ctl');
    await firewall.states(0, 55);
    configure(firewall, '/run/conntrackd.ctl');
    expect((await firewall.states(56, 66)).filter(([second]) => second > 60)).toEqual([
      [61, 'conntrackd up'],
      [66, 'conntrackd up'],
    ]);
  });

  it('does not reset known daemons', async () => {
    const firewall = new Firewall({ sockets: [FW] });
    const daemon = firewall.start(FW);
    await firewall.states(0, 56);
    daemon.replies.runtime = runtimeAnswer(130);
    await firewall.tick(60);
    expect((await firewall.tick(61))[0]?.values).toMatchObject({ events_received: 6 });
  });
});
