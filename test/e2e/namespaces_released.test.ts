/**
 * Nothing that the program has open outlives the last user of a network namespace by more than one reading.
 *
 * The kernel destroys namespaces in the order in which they lost their last reference. So one that is deleted two updates
 * later, and that nobody watches, shows without a clock whether the program still held the watched one.
 */

import { existsSync } from 'node:fs';
import { afterEach, describe, expect, inject, it } from 'vitest';

import { run } from '../helpers/conntrack.ts';
import { addNamespace, deleteNamespace, Holder, pathOf, track } from '../helpers/namespaces.ts';
import { Program } from '../helpers/program.ts';
import { lastValues } from '../helpers/stream.ts';
import { until } from '../helpers/until.ts';

const PREFIX = `ctfree${process.pid}`;
/** Interface names have at most 15 characters. */
const LINK = `ctfr${process.pid}`;
const ONLY_STAT = 'modules: { events: { enabled: no }, flows: { enabled: no }, sockets: { enabled: no } }\n';
const ENTRIES = 41;

const ENDS: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ENDS.splice(0).reverse()) await end();
});

/** A namespace to be watched: its name, its veth pair's end outside, and what takes its last user away. */
interface Subject {
  readonly name: string;
  readonly link: string;
  readonly end: () => unknown;
}

/** Connects a namespace, named or by the number of a process in it, with the host. */
function connect(link: string, netns: string): void {
  run(['ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', netns]);
}

function bound(name: string, link: string): Subject {
  addNamespace(name);
  ENDS.push(() => existsSync(pathOf(name)) && deleteNamespace(name));
  connect(link, name);
  return { name, link, end: () => deleteNamespace(name) };
}

function onPath(): Subject {
  const subject = bound(`${PREFIX}-watched`, `${LINK}w`);
  track(['ip', 'netns', 'exec', subject.name], ENTRIES);
  return subject;
}

async function ofProcess(): Promise<Subject> {
  // In a control group without a unit, it is named after its number.
  const holder = await Holder.start(['unshare', '--net']);
  ENDS.push(() => holder.stop());
  track(['nsenter', `--target=${holder.pid}`, '--net'], ENTRIES);
  connect(`${LINK}w`, String(holder.pid));
  return { name: `pid-${holder.pid}`, link: `${LINK}w`, end: () => holder.stop() };
}

const hasLink = (link: string): boolean => existsSync(`/sys/class/net/${link}`);

describe.skipIf(inject('missing').kernel !== undefined)('the end of a network namespace', () => {
  it.each([
    ['selected, bound to a path', onPath, 'enabled: yes, max: 1000', ONLY_STAT],
    ['selected, of a process', ofProcess, 'enabled: yes, max: 1000', ONLY_STAT],
    ['included with its events, bound to a path', onPath, 'max: 0', ''],
    ['included with its events, of a process', ofProcess, 'max: 0', ''],
  ])('is not delayed: %s', { timeout: 300_000 }, async (_what, make, options, modules) => {
    const { end, link, name } = await make();
    const isIncluded = modules === '';
    const control = `${PREFIX}-control`;
    const include = isIncluded ? `, include: ['${name}']` : '';
    const program = new Program(
      ['1'],
      {},
      {
        config: `${modules}namespaces: { ${options}${include}, exclude: ['${control}'] }\n`,
      },
    );
    ENDS.push(() => program.stop());
    const sockets = `conntrack.sockets_netns_${name}`;
    await until('it is charted', 120, () => lastValues(program.stream, sockets)?.['connections'] === ENTRIES);
    const created = `conntrack.new_by_protocol_netns_${name}`;
    if (isIncluded) await until('its events are charted', 120, () => lastValues(program.stream, created) !== undefined);
    // Right after a search, so that the next one, which would remove what is gone, is ten seconds away.
    await program.updated('conntrack.namespaces', 1);
    await end();
    await program.updated('conntrack.sockets', 3);
    const later = bound(control, `${LINK}c`);
    later.end();
    await until('the namespace that nobody watched is gone', 120, () => !hasLink(later.link));
    expect(hasLink(link)).toBe(false);
  });
});
