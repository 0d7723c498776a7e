/** Disposable machines with the unpacked archive, around a stand-in for the program. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';

import { NAME } from './built_packages.ts';
import { Machine } from './machine.ts';
import { put } from './machine_agents.ts';
import { buildStandIns, type StandIns, VERSION } from './stand_in_package.ts';

export const UNPACKED = `/tmp/${NAME}-${VERSION}-all`;
export const INSTALLER = `${UNPACKED}/install.sh`;
export const UNINSTALLER = `${UNPACKED}/uninstall.sh`;

/** Builds the packages once, and starts another machine before each test; `use` is called with both. */
export function onMachines(use: (machine: Machine, packages: StandIns) => void): void {
  let built: string;
  let packages: StandIns;
  let machine: Machine;

  beforeAll(() => {
    built = mkdtempSync(join(tmpdir(), 'conntrack-stand-ins-'));
    packages = buildStandIns(join(built, 'packages'));
  });

  beforeEach(async () => {
    machine = await Machine.start();
    machine.run(['tar', 'xzf', put(machine, packages.archive), '-C', '/tmp']);
    use(machine, packages);
  });

  afterEach(() => machine.close());
  afterAll(() => rmSync(built, { recursive: true, force: true }));
}
