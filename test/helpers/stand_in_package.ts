/** Packages like the real ones, but around a small script: for what the installers do, and not the program. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { buildArchive, type Package } from '../../collector/package/archives.ts';
import { buildAlerts, buildDebian } from '../../collector/package/debian.ts';
import { type Packages, writeManual } from '../../collector/package/packages.ts';

/** The version of the packages. */
export const VERSION = '4.7.11';

/** What the packages are dated. */
export const DATE = '2001-02-03';

export type StandIns = Pick<Packages, 'alerts' | 'archive' | 'debian'>;

/**
 * Writes stand-ins for the files that packages are made of.
 *
 * @param built a folder that is made for them.
 */
export function makeStandIns(built: string): Package {
  mkdirSync(join(built, 'conntrack-koffi'), { recursive: true });
  writeFileSync(join(built, 'conntrack.plugin'), '#!/bin/sh\necho stand-in\n', { mode: 0o755 });
  writeFileSync(join(built, 'conntrack-koffi/index.js'), '// stand-in\n');
  for (const name of ['copyright', 'nodejs-licences', 'sbom.cdx.json']) {
    writeFileSync(join(built, name), 'stand-in\n');
  }
  const time = Date.parse(DATE) / 1000;
  writeManual(built, time);
  return { name: 'netdata-plugin-conntrack', version: VERSION, architecture: 'all', built, compression: 'fast', time };
}

/** @param built a folder that is made for them. */
export function buildStandIns(built: string): StandIns {
  const options = makeStandIns(built);
  return { debian: buildDebian(options), alerts: buildAlerts(options), archive: buildArchive(options) };
}
