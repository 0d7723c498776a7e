/**
 * Network namespaces that are destroyed and made again under the same names while the program watches them, each time
 * with another number of entries. `CONNTRACK_NAMESPACES=1000` makes that many instead of a few.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
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
const OFF = '{ enabled: no }';
const MODULES = `modules: { events: ${OFF}, flows: ${OFF}, sockets: ${OFF}, conntrackd: ${OFF} }`;
/** Loads entries from standard input, then binds the namespace to a name: the program never sees it without them. */
const MAKE = 'cat | conntrack -R - && exec ip netns attach "$1" $$';

let program: Program;

afterEach(async () => {
  for (let place = 0; place < NAMES; place++) if (existsSync(pathOf(nameOf(place)))) deleteNamespace(nameOf(place));
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
  run(['unshare', '--net', 'sh', '-c', MAKE, 'sh', nameOf(place)], `${entries.join('\n')}\n`);
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

/** Anonymous memory in kB. */
function memory(): number {
  return Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${program.child.pid}/status`, 'utf8'))?.[1]);
}

describe.skipIf(inject('missing').kernel !== undefined)('a namespace that is made again under its name', () => {
  it.each([
    ['selected', `enabled: yes, exclude: ['pid-*'], max: 1000`],
    ['included', `include: ['${PREFIX}-*'], max: 0`],
  ])(
    'is never shown with the numbers of another one, and never kept alive: %s',
    { timeout: 900_000 },
    async (which, selection) => {
      program = new Program(['1'], {}, { config: `${MODULES}\nnamespaces: { ${selection} }\n` });
      const places = Array.from({ length: NAMES }, (_, place) => place);
      await program.printed('END');
      const used: { descriptors: number; memory: number }[] = [];
      for (let cycle = 0; cycle < CYCLES; cycle++) {
        for (const place of places) {
          if (cycle > 0) deleteNamespace(nameOf(place));
          make(place, cycle);
        }
        if (cycle > 0) await until('the veth pairs are gone', 60, () => !places.some((one) => hasLink(one, cycle - 1)));
        await until(`all are shown in cycle ${cycle}`, 60, () =>
          places.every((place) => printed(place).at(-1) === entriesOf(place, cycle)),
        );
        // Rates follow with the next reading.
        await program.updated('conntrack.sockets', 2);
        used.push({ descriptors: descriptors(), memory: memory() });
      }
      for (const place of places) {
        expect(printed(place)).toEqual(Array.from({ length: CYCLES }, (_, cycle) => entriesOf(place, cycle)));
      }
      // Nothing happens in a namespace after it has its name, so a rate could only come from two of them.
      const rates = program.stream.updates.filter(({ chart }) => /\.(?:new|search|errors|clashes|expect)_/.test(chart));
      const own = rates.filter(({ chart }) => chart.includes(PREFIX));
      expect(own.length).toBeGreaterThan(0);
      expect(own.filter(({ values }) => Object.values(values).some((value) => value !== 0))).toEqual([]);
      process.stderr.write(
        `${JSON.stringify(used.filter((_, i) => i % Math.ceil(CYCLES / 10) === 0 || i === CYCLES - 1))}\n`,
      );
      // Those of other tests are selected too. A search opens some for a moment.
      if (which === 'selected') return;
      await until('no descriptor is left over', 30, () => descriptors() <= (used[0]?.descriptors ?? 0));
    },
  );
});
