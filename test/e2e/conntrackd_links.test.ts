/** The built program beside real pairs of conntrackd whose links are cut or removed. */

import { describe, expect, inject, it } from 'vitest';

import { establishedConnections } from '../helpers/conntrack.ts';
import { createLaboratory, expectInStep, expectLinks, watch, watchPair } from '../helpers/conntrackd_pair.ts';
import { until } from '../helpers/until.ts';

const RUNNING = { running: 1, no_carrier: 0, down: 0 };
const NO_CARRIER = { running: 0, no_carrier: 1, down: 0 };
const DOWN = { running: 0, no_carrier: 0, down: 1 };
const ACTIVE = { active: 1, backup: 0 };
const BACKUP = { active: 0, backup: 1 };

describe.skipIf(inject('missing').conntrackd !== undefined).concurrent("the charts of conntrackd's links", () => {
  it('show a cut link at both ends, and its repair', async (test) => {
    const { expect } = test;
    const pair = await watchPair(test, 'ftfw-udp');
    const { laboratory, active, backup } = pair;
    await expectLinks(active, { sync0: [RUNNING, ACTIVE] });
    laboratory.cut();
    await expectLinks(active, { sync0: [DOWN, ACTIVE] });
    await expectLinks(backup, { sync0: [NO_CARRIER, ACTIVE] });
    laboratory.repair();
    for (const node of [active, backup]) await expectLinks(node, { sync0: [RUNNING, ACTIVE] });
    // Connections created meanwhile are synchronised now.
    laboratory.restore('active', establishedConnections(61));
    await expectInStep(pair, 61, 0);
    for (const node of [active, backup]) expect(node.lines).toEqual([]);
  });

  it('show which of two links is active', async (test) => {
    const { expect } = test;
    const pair = await watchPair(test, 'ftfw-two-links');
    const { laboratory, active, backup, from } = pair;
    for (const node of [active, backup]) {
      await expectLinks(node, { sync0: [RUNNING, ACTIVE], sync1: [RUNNING, BACKUP] });
    }
    laboratory.cut();
    await expectLinks(active, { sync0: [DOWN, BACKUP], sync1: [RUNNING, ACTIVE] });
    await expectLinks(backup, { sync0: [NO_CARRIER, BACKUP], sync1: [RUNNING, ACTIVE] });
    laboratory.restore('active', establishedConnections(211));
    await expectInStep(pair, 211, 0);
    active.expectCounted(from.active, await active.mark(), { 'link_traffic sync1': { sent: 8000 } });
    laboratory.repair();
    for (const node of [active, backup]) {
      await expectLinks(node, { sync0: [RUNNING, BACKUP], sync1: [RUNNING, ACTIVE] });
      expect(node.latest('state')).toEqual({ up: 1, unresponsive: 0, down: 0 });
    }
  });

  it('show a link as down once its interface is removed, and the other link as before', async (test) => {
    const pair = await watchPair(test, 'ftfw-two-links');
    const { laboratory, active } = pair;
    await expectLinks(active, { sync0: [RUNNING, ACTIVE], sync1: [RUNNING, BACKUP] });
    // conntrackd prints the name and the status of the first link for the second.
    laboratory.remove(1);
    await until('conntrackd has noticed', 120, async () => {
      expect((await laboratory.ask('active', 'link')).match(/device=sync0 status=RUNNING/g)).toHaveLength(2);
      return true;
    });
    await expectLinks(active, { sync0: [RUNNING, ACTIVE], sync1: [DOWN, BACKUP] });
    const from = await active.mark();
    laboratory.restore('active', establishedConnections(157));
    await expectInStep(pair, 157, 0);
    active.expectCounted(from, await active.mark(), { 'link_traffic sync0': { sent: 6000 } });
    laboratory.remove(0);
    await expectLinks(active, { sync0: [DOWN, ACTIVE], sync1: [DOWN, BACKUP] });
    await active.program.updated(active.id('link_status', 'sync0'), 3);
    await active.program.updated(active.id('link_status', 'sync1'), 3);
    const status = active.id('link_status');
    const charts = Object.keys(active.program.stream.definitions).filter((id) => id.startsWith(status));
    expect(charts).toEqual([`${status}_sync0`, `${status}_sync1`]);
    expect(active.lines).toEqual([]);
  });

  it('name a link by its position if its interface was removed before the start', async (test) => {
    const laboratory = await createLaboratory(test, 'ftfw-two-links');
    laboratory.remove(0);
    const active = watch(test, laboratory, 'active');
    await expectLinks(active, { link_1: [DOWN, BACKUP], sync1: [RUNNING, ACTIVE] });
    expect(active.program.stream.definitions[active.id('link_status', 'link_1')]?.labels['device']).toBe('link 1');
    expect(active.lines).toEqual([]);
  });
});
