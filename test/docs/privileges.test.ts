/** docs/privileges.md names all that the plugin reads and requests: it is what an operator trusts. */

import { Volume } from 'memfs';
import { describe, expect, it, vi } from 'vitest';

import { createAccess } from '../../collector/modules/access.ts';
import { REQUESTS } from '../../collector/modules/conntrackd/request.ts';
import { kernelRelease } from '../../collector/modules/stat/kernel.ts';
import { Discovery } from '../../collector/namespaces/discovery.ts';
import type { Question } from '../../collector/netlink/request.ts';
import { Host } from '../../collector/procfs/host.ts';
import { daemons } from '../helpers/all_metrics.ts';
import { askTheUsual, listening } from '../helpers/conntrackd_metrics.ts';
import { cell, codeIn, onlyCode, tableAfter } from '../helpers/markdown.ts';
import { finish, NamespaceHost } from '../helpers/namespace_host.ts';
import { eventSamples, socketSamples } from '../helpers/netlink_metrics.ts';
import { read } from '../helpers/project.ts';
import { RecordedHost, SETTINGS } from '../helpers/recorded_host.ts';
import { NAMES } from '../helpers/stat_text.ts';

const page = read('docs/privileges.md');

/** The names of the questions to the kernel, as its headers have them. */
const MESSAGES: Readonly<Record<Question, string>> = {
  table: 'IPCTNL_MSG_CT_GET',
  expectations: 'IPCTNL_MSG_EXP_GET',
  cpuStatistics: 'IPCTNL_MSG_CT_GET_STATS_CPU',
  statistics: 'IPCTNL_MSG_CT_GET_STATS',
  expectationStatistics: 'IPCTNL_MSG_EXP_GET_STATS_CPU',
  tcpSockets: 'TCPDIAG_GETSOCK',
  udpSockets: 'SOCK_DIAG_BY_FAMILY',
  udp6Sockets: 'SOCK_DIAG_BY_FAMILY',
};

describe('docs/privileges.md', () => {
  it('names every file that the plugin reads', async () => {
    const host = new RecordedHost({}, { per_cpu: true });
    const open = vi.spyOn(host.volume, 'openSync');
    // The context of its modules was made before.
    kernelRelease(host.volume, new Host(host.volume, ''), '6.18.0');
    const eventVolume = new Volume();
    const ofEvents = vi.spyOn(eventVolume, 'openSync');
    eventSamples(eventVolume);
    const socketVolume = new Volume();
    const ofSockets = vi.spyOn(socketVolume, 'openSync');
    await socketSamples(socketVolume);
    host.collect(0);
    host.write(`${SETTINGS}count`, '1\n');
    host.stat(
      NAMES,
      NAMES.map(() => 0),
    );
    for (const second of [60, 61]) host.collect(second);
    const rows = tableAfter(page, '## What it reads').flatMap((row) => codeIn(cell(row, 'File')));
    const daemonVolume = listening('/var/run/conntrackd.ctl');
    const ofDaemons = vi.spyOn(daemonVolume, 'openSync');
    await askTheUsual(daemonVolume);
    const netlinkVolume = Volume.fromJSON({ '/sys/module/nf_conntrack/refcnt': '1\n' });
    const ofNetlink = vi.spyOn(netlinkVolume, 'openSync');
    const { ctnetlink: connect } = createAccess({
      fs: netlinkVolume,
      host: new Host(netlinkVolume, ''),
      library: '/nowhere',
    });
    expect(() => connect({ slots: 1, slotSize: 16 })).toThrow('/nowhere');
    const opened = [open, ofEvents, ofSockets, ofDaemons, ofNetlink].flatMap(({ mock }) =>
      mock.calls.map(([path]) => String(path)),
    );
    expect(rows.sort()).toEqual([...new Set(opened)].sort());
  });

  it('names every file that finding network namespaces reads', () => {
    const host = new NamespaceHost();
    host.processes.set(712, { inode: 501, started: 40, cgroup: '0::/system.slice/dns.service\n' });
    const opened = vi.spyOn(host, 'openSync');
    finish(new Discovery({ fs: host, host: host.host, mappings: [] }).find());
    const paths = [...opened.mock.calls.map(([path]) => path), ...host.looked.map((pid) => `/proc/${pid}/net/dev`)];
    const rows = tableAfter(page, '### In other network namespaces').map((row) => onlyCode(cell(row, 'File')));
    const statistics = '/proc/PID/net/stat/nf_conntrack';
    expect(rows.sort()).toEqual([...new Set(paths.map((path) => path.replace('712', 'PID'))), statistics].sort());
  });

  it('names every netlink request and every multicast group', () => {
    const rows = tableAfter(page, '## What it requests over netlink').map((row) => onlyCode(cell(row, 'Message')));
    const asked = new Set(Object.values(MESSAGES));
    expect(rows).toEqual([...asked, 'NFNLGRP_CONNTRACK_NEW', 'NFNLGRP_CONNTRACK_DESTROY']);
  });

  it('names every request to conntrackd, with its code', () => {
    const rows = tableAfter(page, '## What it requests from conntrackd').map((row) => [
      onlyCode(cell(row, 'Request')),
      Number(cell(row, 'Code')),
    ]);
    expect(rows).toEqual(Object.entries(REQUESTS));
    expect(daemons.requests).toEqual(new Set(Object.keys(REQUESTS)));
  });
});
