/**
 * Network namespaces that are destroyed and recreated under the same names while the program watches them, each time
 * with another number of entries. `CONNTRACK_NAMESPACES=1000` makes that many instead of a few.
 */

import { existsSync, readdirSync } from 'node:fs';
import { afterEach, describe, expect, inject, it } from 'vitest';

import { establishedConnections, run } from '../helpers/conntrack.ts';
import { deleteNamespace, pathOf } from '../helpers/namespaces.ts';
import { Program } from '../helpers/program.ts';
import { until } from '../helpers/until.ts';

const PREFIX = `ctagain${process.pid}`;
/** Interface names have at most 15 characters. */
const LINK = `ctag${process.pid}`;
const WANTED = Number(process.env['CONNTRACK_NAMESPACES'] ?? 0);
const NAMES = WANTED > 0 ? 50 : 3;
const CYCLES = WANTED > 0 ? Math.ceil(WANTED / NAMES) : 3;
const PLACES = Array.from({ length: NAMES }, (_, place) => place);
const OWN_RATES = new RegExp(`\\.(?:new|search|errors|clashes|expect)_netns_${PREFIX}-`);
const OFF = '{ enabled: no }';
const MODULES = `modules: { events: ${OFF}, flows: ${OFF}, sockets: ${OFF}, conntrackd: ${OFF} }`;
/** Without the first packet, connection tracking counts the answer of a closed port as invalid. */
const RULES = `
table inet tracking {
  chain leaving { type filter hook output priority raw; tcp flags syn notrack; }
  chain arriving { type filter hook prerouting priority raw; tcp flags syn notrack; }
  chain tracked { type filter hook input priority 0; ct state new accept; }
}`;
/**
 * Loads entries from standard input and lets a counter count, then binds the namespace to a name: the program never sees
 * it without them.
 */
const MAKE = `
cat | conntrack -R - && ip link set lo up && nft '${RULES}' || exit
for number in $(seq "$2"); do (echo > /dev/tcp/127.0.0.1/9) 2>/dev/null; done
exec ip netns attach "$1" $$`;

let program: Program;

afterEach(async () => {
  for (const name of PLACES.map(nameOf)) if (existsSync(pathOf(name))) deleteNamespace(name);
  await program.stop();
});

function nameOf(place: number): string {
  return `${PREFIX}-${place}`;
}

/** A different number each time. */
function entriesOf(place: number, cycle: number): number {
  return 1 + ((cycle * 37 + place) % 97);
}

function linkOf(place: number, cycle: number): string {
  return `${LINK}${(place * CYCLES + cycle).toString(36)}`;
}

function make(place: number, cycle: number): void {
  const entries = establishedConnections(entriesOf(place, cycle));
  const invalid = String(1 + ((cycle * 5 + place) % 7));
  run(['unshare', '--net', 'bash', '-c', MAKE, 'bash', nameOf(place), invalid], `${entries.join('\n')}\n`);
  run(['ip', 'link', 'add', linkOf(place, cycle), 'type', 'veth', 'peer', 'name', 'eth0', 'netns', nameOf(place)]);
}

function hasLink(place: number, cycle: number): boolean {
  return existsSync(`/sys/class/net/${linkOf(place, cycle)}`);
}

/** The numbers of entries that were printed for a name, without repetitions. */
function printed(place: number): readonly number[] {
  const chart = `BEGIN conntrack.sockets_netns_${nameOf(place)}`;
  const numbers = [...program.out.matchAll(new RegExp(`^${chart}(?: \\d+)?\nSET connections = (\\d+)$`, 'gm'))].map(
    ([, number]) => Number(number),
  );
  return numbers.filter((number, index) => number !== numbers[index - 1]);
}

function descriptors(): number {
  return readdirSync(`/proc/${program.child.pid}/fd`).length;
}

/** Makes all namespaces again, and waits until they are shown with rates, and the last ones have ended. */
async function makeAll(cycle: number): Promise<void> {
  for (const place of PLACES) {
    if (cycle > 0) deleteNamespace(nameOf(place));
    make(place, cycle);
  }
  await until('the veth pairs are gone', 120, () => cycle === 0 || !PLACES.some((place) => hasLink(place, cycle - 1)));
  await until(`all are shown in cycle ${cycle}`, 120, () =>
    PLACES.every((place) => printed(place).at(-1) === entriesOf(place, cycle)),
  );
  await program.updated('conntrack.sockets', 2);
}

describe.skipIf(inject('missing').kernel !== undefined)('a network namespace that is recreated under its name', () => {
  it.each([
    ['selected', `enabled: yes, exclude: ['pid-*'], max: 1000`],
    ['included', `include: ['${PREFIX}-*'], max: 0`],
  ])(
    'is never shown with numbers of another one, and never kept alive: %s',
    { timeout: 900_000 },
    async (which, how) => {
      program = new Program(['1'], {}, { config: `${MODULES}\nnamespaces: { ${how} }\n` });
      await program.printed('END');
      await makeAll(0);
      const used = descriptors();
      for (let cycle = 1; cycle < CYCLES; cycle++) await makeAll(cycle);
      for (const place of PLACES) {
        expect(printed(place)).toEqual(Array.from({ length: CYCLES }, (_, cycle) => entriesOf(place, cycle)));
      }
      // Nothing happens in a namespace after it has its name, so a rate could only come from two of them.
      const rates = program.stream.updates.filter(({ chart }) => OWN_RATES.test(chart));
      expect(rates.length).toBeGreaterThan(0);
      expect(rates.filter(({ values }) => Object.values(values).some((value) => value !== 0))).toEqual([]);
      // Those of other tests are selected too. A search opens some for a moment.
      if (which === 'included') await until('no descriptor is left over', 120, () => descriptors() <= used);
    },
  );
});
