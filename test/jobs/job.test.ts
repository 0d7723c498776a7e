import { beforeEach, describe, expect, it, vi } from 'vitest';

import { createAccess } from '../../collector/modules/access.ts';
import { ALL, Collecting, off, only, USUAL, working } from '../helpers/collecting.ts';

vi.mock(import('../../collector/modules/access.ts'), async (original) => ({
  ...(await original()),
  createAccess: vi.fn(),
}));

beforeEach(() => {
  vi.mocked(createAccess).mockReset();
});

describe('a job', () => {
  it.each<[string, string, string[], string[]]>([
    ['nothing that is configured', '', ALL, ['events', 'flows', 'sockets']],
    ['advanced mode', 'mode: advanced', ALL, ['events', 'flows', 'sockets']],
    ['basic mode', 'mode: basic', ['stat'], []],
    [
      'basic mode, whatever else is on',
      'mode: basic\nmodules: {events: {enabled: yes}, flows: {enabled: yes}, sockets: {enabled: yes}, conntrackd: {enabled: yes}}',
      ['stat'],
      [],
    ],
    ['stat turned off', off('stat'), ['events', 'flows', 'sockets', 'conntrackd'], ['events', 'flows', 'sockets']],
    ['events turned off', off('events'), ['stat', 'flows', 'sockets', 'conntrackd'], ['flows', 'sockets']],
    ['flows turned off', off('flows'), ['stat', 'events', 'sockets', 'conntrackd'], ['events', 'sockets']],
    ['sockets turned off', off('sockets'), ['stat', 'events', 'flows', 'conntrackd'], ['events', 'flows']],
    [
      'conntrackd turned off',
      off('conntrackd'),
      ['stat', 'events', 'flows', 'sockets'],
      ['events', 'flows', 'sockets'],
    ],
    ['stat alone', off('events', 'flows', 'sockets', 'conntrackd'), ['stat'], []],
    ['stat over netlink alone', only('stat', 'read_from: netlink'), ['stat'], ['stat']],
    ['flows alone', off('stat', 'events', 'sockets', 'conntrackd'), ['flows'], ['flows']],
    ['sockets alone', off('stat', 'events', 'flows', 'conntrackd'), ['sockets'], ['sockets']],
    ['conntrackd alone', off('stat', 'events', 'flows', 'sockets'), ['conntrackd'], []],
  ])('with %s has only its modules, and opens only their sockets', async (_what, config, modules, channels) => {
    const collecting = new Collecting(config);
    expect(working(await collecting.update(3))).toEqual(modules);
    expect([...collecting.channels.keys()].sort()).toEqual([...channels].sort());
    expect([...collecting.connected]).toEqual(modules.includes('conntrackd') ? [USUAL] : []);
  });

  it.each([
    ['every module turned off', off(...ALL)],
    ['basic mode and its only module turned off', `mode: basic\n${off('stat')}`],
  ])('has no module with %s', (_what, config) => {
    const { channels, connected, hasModules } = new Collecting(config);
    expect(hasModules).toBe(false);
    expect([channels.size, connected.size]).toEqual([0, 0]);
  });

  it('closes every channel and connection', async () => {
    const collecting = new Collecting('modules: {stat: {read_from: netlink}}');
    collecting.daemon.instead = 'hangs';
    await collecting.update(2);
    expect(collecting.daemon.open).toBe(1);
    collecting.jobs.close();
    const isClosed = [...collecting.channels].map(([module, channel]) => [module, channel.isClosed]).sort();
    expect(isClosed).toEqual([
      ['events', true],
      ['flows', true],
      ['sockets', true],
      ['stat', true],
    ]);
    expect(collecting.daemon.open).toBe(0);
  });
});
