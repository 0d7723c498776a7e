import { beforeEach, describe, expect, it, vi } from 'vitest';

import { createAccess } from '../../collector/modules/access.ts';
import { Collecting, off, USUAL, valuesOf } from '../helpers/collecting.ts';
import { event } from '../helpers/netlink_channel.ts';
import { SETTINGS } from '../helpers/recorded_host.ts';
import { NAMES, OLD_NAMES } from '../helpers/stat_text.ts';

vi.mock(import('../../collector/modules/access.ts'), async (original) => ({
  ...(await original()),
  createAccess: vi.fn(),
}));

beforeEach(() => {
  vi.mocked(createAccess).mockReset();
});

describe('a job with all modules', () => {
  it('charts new and deleted connections from events beside what the kernel counts', async () => {
    const collecting = new Collecting('');
    collecting.volume.writeFileSync(`${SETTINGS}count`, '0\n');
    await collecting.update(2);
    collecting.stat(NAMES, { invalid: 3, insert: 8 });
    collecting.volume.writeFileSync(`${SETTINGS}count`, '2\n');
    collecting.hear(...[6, 17, 17].map((protocol) => event('new', { protocol })), event('destroy', { protocol: 6 }));
    const lines = await collecting.update(1);
    expect(valuesOf(lines, 'new')).toEqual(['SET new = 3000', 'SET invalid = 3000']);
    expect(valuesOf(lines, 'changes')).toEqual(['SET inserted = 8000', 'SET deleted = 1000']);
    expect(valuesOf(lines, 'new_by_protocol').slice(0, 2)).toEqual(['SET tcp = 1000', 'SET udp = 2000']);
  });

  it('charts new and deleted connections without module stat', async () => {
    const collecting = new Collecting(off('stat', 'flows'));
    collecting.volume.writeFileSync(`${SETTINGS}count`, '0\n');
    await collecting.update(1);
    collecting.hear(event('new', { protocol: 6 }), event('destroy', { protocol: 6 }));
    const lines = await collecting.update(1);
    expect([valuesOf(lines, 'new'), valuesOf(lines, 'changes')]).toEqual([['SET new = 1000'], ['SET deleted = 1000']]);
  });

  it('prefers the new and deleted connections of a kernel that counts them', async () => {
    const collecting = new Collecting('', { release: '4.4.0-210-generic' });
    collecting.stat(OLD_NAMES, { new: 100, delete: 50 });
    await collecting.update(2);
    collecting.stat(OLD_NAMES, { new: 109, delete: 57 });
    collecting.hear(event('new', { protocol: 6 }));
    const lines = await collecting.update(1);
    expect(valuesOf(lines, 'new')).toContain('SET new = 9000');
    expect(valuesOf(lines, 'changes')).toContain('SET deleted = 7000');
    expect(valuesOf(lines, 'new_by_protocol')).toContain('SET tcp = 1000');
  });

  it('charts sockets by list and state', async () => {
    const collecting = new Collecting('');
    // A host that has lists, and none of TCP over IPv6.
    collecting.volume.writeFileSync('/proc/net/tcp', '');
    const lines = await collecting.update(2);
    expect(valuesOf(lines, 'socket_states_tcp').filter((line) => !line.endsWith(' 0'))).toEqual([
      'SET time_wait = 1',
      'SET listen = 1',
    ]);
    expect(valuesOf(lines, 'socket_states_udp')).toEqual(['SET connected = 0', 'SET unconnected = 1']);
    expect(valuesOf(lines, 'socket_states_udp6')).toEqual(['SET connected = 1', 'SET unconnected = 0']);
    expect(valuesOf(lines, 'socket_states_tcp6')).toEqual([]);
  });

  it('charts the entries of conntrackd beside those of the kernel in the same network namespace', async () => {
    const collecting = new Collecting('', { prefix: '/host' });
    // Namespaces are recognised by the inode of this file: it has two names.
    collecting.volume.mkdirSync('/proc/self/net', { recursive: true });
    collecting.volume.mkdirSync('/host/proc/1/net', { recursive: true });
    collecting.volume.writeFileSync('/proc/self/net/dev', '');
    collecting.volume.linkSync('/proc/self/net/dev', '/host/proc/1/net/dev');
    collecting.volume.writeFileSync('/host/proc/1/net/unix', `00: 00000002 00000000 00010000 0001 01 7 ${USUAL}\n`);
    // On the host itself `/var/run` is a link to it.
    collecting.volume.mkdirSync('/host/run', { recursive: true });
    collecting.volume.writeFileSync('/host/run/conntrackd.ctl', '');
    const lines = await collecting.update(2);
    expect([...collecting.connected]).toEqual(['/host/run/conntrackd.ctl']);
    expect(valuesOf(lines, 'conntrackd_sync_conntrackd')).toEqual([
      'SET kernel = 900',
      'SET internal = 96',
      'SET external = 3',
    ]);
  });

  it('charts what was dumped while the agent did not read as soon as it reads', async () => {
    const collecting = new Collecting(off('events', 'sockets'));
    collecting.pipe.stall();
    // The first update waits in the pipe, so the next three are not sent.
    await collecting.update(4);
    expect(collecting.pipe.text).toBe('');
    collecting.pipe.proceed();
    await collecting.runtime.settle();
    expect(valuesOf(await collecting.update(1), 'flows_by_protocol')).toContain('SET sctp = 1');
    expect(collecting.channels.get('flows')?.timesAsked('table')).toBe(1);
  });
});
