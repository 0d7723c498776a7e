/**
 * Nothing that the program has open outlives the last user of a network namespace by more than one reading.
 *
 * The kernel destroys namespaces in the order in which they lost their last reference. So one that is deleted two updates
 * later, and that no program watches, shows without a clock whether the program still held the watched one.
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
/** Unlike other tests. */
const ENTRIES = 300 + (process.pid % 700);
const SOCKETS = /^conntrack\.sockets_netns_(.*)$/;

const ENDS: (() => unknown)[] = [];
let links = 0;

afterEach(async () => {
  for (const end of ENDS.splice(0).reverse()) await end();
});

/** A namespace to be watched: its veth pair's end outside, and what takes its last user away. */
interface Subject {
  readonly link: string;
  readonly end: () => unknown;
}

/** Connects a namespace, named or by the number of a process in it, with the host; returns the end of the host. */
function connect(netns: string): string {
  const link = `${LINK}-${links++}`;
  run(['ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', netns]);
  return link;
}

function bound(name: string): Subject {
  addNamespace(name);
  ENDS.push(() => existsSync(pathOf(name)) && deleteNamespace(name));
  return { link: connect(name), end: () => deleteNamespace(name) };
}

function onPath(): Subject {
  const name = `${PREFIX}-watched`;
  const subject = bound(name);
  track(['ip', 'netns', 'exec', name], ENTRIES);
  return subject;
}

async function ofProcess(): Promise<Subject> {
  const holder = await Holder.start(['unshare', '--net']);
  ENDS.push(() => holder.stop());
  track(['nsenter', `--target=${holder.pid}`, '--net'], ENTRIES);
  return { link: connect(String(holder.pid)), end: () => holder.stop() };
}

const hasLink = (link: string): boolean => existsSync(`/sys/class/net/${link}`);

/** The chart id of the namespace with the entries, which can be named after whatever runs the tests. */
function idIn({ stream }: Program): string | undefined {
  const ids = Object.keys(stream.definitions).flatMap((chart) => SOCKETS.exec(chart)?.[1] ?? []);
  return ids.find((id) => lastValues(stream, `conntrack.sockets_netns_${id}`)?.['connections'] === ENTRIES);
}

describe.skipIf(inject('missing').kernel !== undefined)('the end of a network namespace', () => {
  it.each([
    ['selected, bound to a path', onPath, false],
    ['selected, of a process', ofProcess, false],
    ['included with its events, bound to a path', onPath, true],
    ['included with its events, of a process', ofProcess, true],
  ])('is not delayed: %s', { timeout: 600_000 }, async (_what, make, isIncluded) => {
    const { end, link } = await make();
    const control = `${PREFIX}-control`;
    const selected = `enabled: yes, max: 1000, exclude: ['${control}']`;
    const program = new Program(['1'], {}, { config: `${ONLY_STAT}namespaces: { ${selected} }\n` });
    ENDS.push(() => program.stop());
    await until('it is charted', 120, () => idIn(program) !== undefined);
    if (isIncluded) {
      const id = idIn(program) ?? '';
      const { netns = '' } = program.stream.definitions[`conntrack.sockets_netns_${id}`]?.labels ?? {};
      program.configure(`namespaces: { include: ['${netns}'], max: 0, exclude: ['${control}'] }\n`);
      program.child.kill('SIGHUP');
      const created = `conntrack.new_by_protocol_netns_${id}`;
      await until('its events are charted', 120, () => lastValues(program.stream, created) !== undefined);
    }
    // Right after a search, so that the next one, which would remove what is gone, is ten seconds away.
    await program.updated('conntrack.namespaces', 1);
    await end();
    await program.updated('conntrack.sockets', 3);
    // Two, since those that end while others are being destroyed are destroyed together, the last one first.
    for (let unwatched = 0; unwatched < 2; unwatched++) {
      const later = bound(control);
      later.end();
      await until('the unwatched namespace is gone', 120, () => !hasLink(later.link));
    }
    expect(hasLink(link)).toBe(false);
  });
});
