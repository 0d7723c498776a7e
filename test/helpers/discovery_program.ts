/** Discovers network namespaces where it is started: each line of standard input is a scan, each line of output its result. */

import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { Discovery } from '../../collector/namespaces/discovery.ts';
import { NsidMapping } from '../../collector/namespaces/nsid_mapping.ts';
import { Foreign } from '../../collector/netlink/foreign.ts';
import { NamespaceIds, NETLINK_ROUTE } from '../../collector/netlink/nsid.ts';
import { NetlinkSocket } from '../../collector/netlink/socket.ts';
import { Host } from '../../collector/procfs/host.ts';
import { finish } from './namespace_host.ts';

const SOCKET = { name: 'rtnetlink', protocol: NETLINK_ROUTE, slots: 1, slotSize: 4096 };

const foreign = new Foreign(path.join(__dirname, 'conntrack-koffi'));
const mapping = new NsidMapping(fs, () => new NamespaceIds(new NetlinkSocket(foreign, SOCKET)));
const discovery = new Discovery({ fs, host: new Host(fs, ''), mappings: [mapping] });

createInterface({ input: process.stdin }).on('line', () => {
  process.stdout.write(`${JSON.stringify(finish(discovery.find()))}\n`);
});
