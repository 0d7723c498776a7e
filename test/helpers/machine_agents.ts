/** Agents of a disposable machine, as far as the installer needs them: their folders and one other plugin. */

import { basename } from 'node:path';

import type { Machine } from './machine.ts';

/** The plugins of Debian's agent. */
export const PLUGINS = '/usr/lib/netdata/plugins.d';

/** The prefix of a static installation. */
export const PREFIX = '/opt/netdata';
export const STATIC_PLUGINS = `${PREFIX}/usr/libexec/netdata/plugins.d`;
export const STATIC_STOCK = `${PREFIX}/usr/lib/netdata/conf.d`;
export const STATIC_CONF = `${PREFIX}/etc/netdata/netdata.conf`;

/** Adds an agent with the folders of a static installation. */
export function addStaticAgent(machine: Machine): void {
  machine.write(`${STATIC_PLUGINS}/apps.plugin`, '#!/bin/sh\n', 0o750);
  machine.write(`${STATIC_STOCK}/health.d/cpu.conf`, '');
  machine.write(STATIC_CONF, '[global]\n\thostname = a\n');
  machine.write(`${PREFIX}/usr/sbin/netdata`, '#!/bin/sh\n', 0o755);
}

/** Hides Debian's agent. */
export function removeDebiansAgent(machine: Machine): void {
  machine.run(['sh', '-c', `rm -f ${PLUGINS}/*.plugin`]);
}

/** Copies a file into the machine and returns its path there. */
export function put(machine: Machine, file: string): string {
  const path = `/tmp/${basename(file)}`;
  machine.copy(file, path);
  return path;
}
