/** Agents of a machine to throw away, as far as an installer looks at them: their folders, and one plugin of their own. */

import { basename } from 'node:path';

import type { Machine } from './machine.ts';

/** The plugins of Debian's agent. */
export const PLUGINS = '/usr/lib/netdata/plugins.d';

/** Where a static installation has everything. */
export const PREFIX = '/opt/netdata';
export const STATIC_PLUGINS = `${PREFIX}/usr/libexec/netdata/plugins.d`;
export const STATIC_STOCK = `${PREFIX}/usr/lib/netdata/conf.d`;
export const STATIC_CONF = `${PREFIX}/etc/netdata/netdata.conf`;

/** An agent that has its folders where a static installation has them. */
export function addStaticAgent(machine: Machine): void {
  machine.write(`${STATIC_PLUGINS}/apps.plugin`, '#!/bin/sh\n', 0o750);
  machine.write(`${STATIC_STOCK}/health.d/cpu.conf`, '');
  machine.write(STATIC_CONF, '[global]\n\thostname = a\n');
  machine.write(`${PREFIX}/usr/sbin/netdata`, '#!/bin/sh\n', 0o755);
}

/** From now on it is taken for none. */
export function removeDebiansAgent(machine: Machine): void {
  machine.run(['sh', '-c', `rm -f ${PLUGINS}/*.plugin`]);
}

/** Copies a file into the machine and returns its path there. */
export function put(machine: Machine, file: string): string {
  const path = `/tmp/${basename(file)}`;
  machine.copy(file, path);
  return path;
}
