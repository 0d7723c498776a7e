/** A real container, watched by a user without privilege. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, inject, it } from 'vitest';

import { AS_NOBODY } from '../helpers/container.ts';
import { track } from '../helpers/namespaces.ts';
import { Podman } from '../helpers/podman.ts';
import { copyForEverybody, Program } from '../helpers/program.ts';
import { lastValues } from '../helpers/stream.ts';
import { until } from '../helpers/until.ts';

const OFF = '{ enabled: no }';
const CONFIG = `modules: { events: ${OFF}, flows: ${OFF}, sockets: ${OFF}, conntrackd: ${OFF} }\n`;
const ENDS: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ENDS.splice(0).reverse()) await end();
});

describe.skipIf(inject('missing').podman !== undefined)('a container of Podman', () => {
  it('is watched under its id, and continues its charts after a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'conntrack-container-'));
    ENDS.push(() => rmSync(folder, { recursive: true }));
    const podman = new Podman();
    ENDS.push(() => podman.close());
    const id = podman.start();
    const inside = (): readonly string[] => ['nsenter', `--target=${podman.pidOf(id)}`, '--net'];
    track(inside(), 37);
    const shown = id.slice(0, 12);
    const config = `${CONFIG}namespaces: { include: ['podman-${shown}'], max: 0 }\n`;
    const program = new Program(['1'], {}, { plugin: copyForEverybody(folder), via: AS_NOBODY, config });
    ENDS.push(() => program.stop());
    const chart = `conntrack.sockets_netns_podman-${shown}`;
    const connections = (): number | undefined => lastValues(program.stream, chart)?.['connections'];
    await until('its entries are charted', 120, () => connections() === 37);
    expect(program.stream.definitions[chart]?.labels).toEqual({ netns: `podman-${shown}`, container: shown });
    podman.restart(id);
    await until('its table is empty', 120, () => connections() === 0);
    track(inside(), 53);
    await until('its new entries are charted', 120, () => connections() === 53);
    expect(program.out.split(`CHART ${chart} `)).toHaveLength(2);
  });
});
