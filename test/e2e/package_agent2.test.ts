/** The packaged program in a real Netdata 2.x agent: charts, a live answer, and the privilege it has. */

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { Agent2 } from '../helpers/agent2.ts';
import { type BuiltPackages, built } from '../helpers/built_packages.ts';
import { establishedConnections, run } from '../helpers/conntrack.ts';
import { Laboratory } from '../helpers/laboratory.ts';
import { until } from '../helpers/until.ts';

const MISSING = inject('missing');
const CONFIG = 'functions: { access: anyone }\nmodules: { flows: { update_every: 1, cpu_share: 100 } }\n';
/** A capability set with CAP_NET_ADMIN only. */
const NET_ADMIN_ALONE = '0000000000001000';

describe.skipIf(MISSING.agent2 !== undefined || MISSING.package !== undefined)(
  'the packaged program in a Netdata 2.x agent',
  () => {
    let packages: BuiltPackages;
    let laboratory: Laboratory;
    let agent: Agent2;

    beforeAll(async () => {
      packages = built();
      const folder = join(packages.folder, 'program');
      mkdirSync(folder);
      run(['tar', '-xzf', packages.archive, '-C', folder, '--strip-components=1']);
      laboratory = Laboratory.create();
      agent = await Agent2.start(laboratory, { config: CONFIG, packaged: folder });
      laboratory.restore(establishedConnections(173));
    });

    afterAll(async () => {
      await agent?.close();
      await laboratory?.close();
      packages?.remove();
    });

    it('charts the table, from the file and from a dump', async () => {
      await until('173 entries are charted', 120, async () => {
        expect(await agent.latest('conntrack.sockets', 'connections')).toBe(173);
        expect(await agent.latest('conntrack.flows_by_reply', 'assured')).toBe(173);
        return true;
      });
    });

    it('has its own capability and no other', () => {
      const status = readFileSync(`/proc/${agent.pluginPid}/status`, 'utf8');
      expect(status).toContain(`CapPrm:\t${NET_ADMIN_ALONE}\nCapEff:\t${NET_ADMIN_ALONE}\n`);
    });

    it('answers who fills the table', async () => {
      await until('the function is registered', 120, async () => 'conntrack:top' in (await agent.functions()));
      const { body, status } = await agent.call('conntrack:top by:source');
      expect(status).toBe(200);
      expect(body).toMatchObject({ type: 'table', data: [expect.arrayContaining(['10.88.0.1', 173])] });
    });
  },
);
