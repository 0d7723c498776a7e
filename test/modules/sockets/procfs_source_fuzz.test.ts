import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { FormatError } from '../../../collector/base/errors.ts';
import { ProcfsSource } from '../../../collector/modules/sockets/procfs_source.ts';
import { type SocketTally, TABLES, type Table } from '../../../collector/modules/sockets/socket_tally.ts';
import type { FileSystem } from '../../../collector/procfs/file.ts';
import { Host } from '../../../collector/procfs/host.ts';
import { type Change, cut, flip, move } from '../../helpers/changes.ts';
import { expected, listOf, lists, NAMES, tcpState, UDP_NAMES, udpState } from '../../helpers/socket_arbitraries.ts';
import { counted, finish } from '../../helpers/socket_host.ts';
import { HEADINGS, listText } from '../../helpers/socket_lists.ts';

/** How many bytes reads bring, in turn. */
const readings = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 10 });

/** A file system with these lists alone, and the most bytes of each read, in turn. */
function fileSystemOf(texts: ReadonlyMap<string, Buffer>, sizes: readonly number[]): FileSystem {
  const paths = [...texts.keys()];
  let reads = 0;
  return {
    openSync: (path) => paths.indexOf(path),
    readSync: (descriptor, buffer, offset, length, position) => {
      const text = texts.get(paths[descriptor] ?? '') ?? Buffer.alloc(0);
      const most = Math.min(length, sizes[reads++ % sizes.length] ?? length);
      return text.copy(buffer, offset, position, position + most);
    },
    // Not a kernel file, whose reads end only at page boundaries.
    fstatSync: () => ({ nlink: 1, size: 1 }),
    closeSync: () => undefined,
    statSync: () => ({ ino: 1, mtimeMs: 1 }),
  };
}

function readLists(texts: Readonly<Record<Table, Buffer>>, sizes: readonly number[]): SocketTally[] {
  const fs = fileSystemOf(new Map(TABLES.map((table) => [`/proc/net/${table}`, texts[table]])), sizes);
  return finish(new ProcfsSource(fs, new Host(fs, '')).count());
}

const EMPTY = {
  tcp: Buffer.from(`${HEADINGS.tcp}\n`),
  tcp6: Buffer.from(`${HEADINGS.tcp6}\n`),
  udp: Buffer.from(`${HEADINGS.udp}\n`),
  udp6: Buffer.from(`${HEADINGS.udp6}\n`),
};

const garbage = fc
  .tuple(
    fc.nat(),
    fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.constantFrom('\n', ': ', ' 01 ').map((text) => Buffer.from(text)),
    ),
  )
  .map(
    ([at, bytes]): Change =>
      (text) => {
        const place = at % (text.length + 1);
        return Buffer.concat([text.subarray(0, place), bytes, text.subarray(place)]);
      },
  );

/** Reorders, drops and doubles whole lines, which no reader can notice. */
const reorder = fc.array(fc.nat(), { minLength: 1, maxLength: 60 }).map(
  (order): Change =>
    (text) => {
      const [headings = '', ...lines] = Buffer.from(text).toString('latin1').trimEnd().split('\n');
      const some = lines.length === 0 ? [] : order.map((at) => lines[at % lines.length] ?? '');
      return Buffer.from([headings, ...some].map((line) => `${line}\n`).join(''), 'latin1');
    },
);

const changes = fc.array(fc.oneof(flip, cut, garbage, move(400), reorder), { minLength: 1, maxLength: 4 });

/** The states in all lines but the first, found with a regular expression. */
function shown(table: Table, text: string): number[] {
  const address = `[^\\n]{${table.endsWith('6') ? 32 : 8}}:[^\\n]{4}`;
  const line = new RegExp(`^[^:\\n]+: ${address} ${address} ([0-9A-Fa-f]{2}) `);
  return text
    .split('\n')
    .slice(1, -1)
    .map((one) => Number.parseInt(line.exec(one)?.[1] ?? '', 16));
}

/** The count of one list; `undefined` if it is refused. */
function outcome(table: Table, text: Buffer, sizes: readonly number[]): SocketTally | undefined {
  try {
    return readLists({ ...EMPTY, [table]: text }, sizes).find((tally) => tally.table === table);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    expect(String(error)).toMatch(new RegExp(`^FormatError: /proc/net/${table}: `));
    return undefined;
  }
}

describe('a list of sockets in procfs', () => {
  it('is counted exactly, whatever sockets it has and wherever the reads end', () => {
    fc.assert(
      fc.property(lists, readings, (of, sizes) => {
        const texts = Object.fromEntries(TABLES.map((table) => [table, Buffer.from(listText(table, of[table]))]));
        expect(counted(readLists({ ...EMPTY, ...texts }, sizes))).toEqual(expected(of));
      }),
      { numRuns: 200 },
    );
  });

  it.each(TABLES)('of %s with changes is refused, or counted line by line', (table) => {
    const list = listOf(table.startsWith('udp') ? udpState : tcpState);
    let understood = 0;
    fc.assert(
      fc.property(list, changes, readings, (sockets, some, sizes) => {
        const text = Buffer.from(
          some.reduce<Uint8Array>((before, change) => change(before), Buffer.from(listText(table, sockets))),
        );
        const tally = outcome(table, text, sizes);
        if (tally === undefined) return;
        understood++;
        const lines = shown(table, text.toString('latin1'));
        const names: Readonly<Record<number, string>> = table.startsWith('udp') ? UDP_NAMES : NAMES;
        const counts: Record<string, number> = {};
        for (const state of lines) counts[names[state] ?? 'nothing'] = (counts[names[state] ?? 'nothing'] ?? 0) + 1;
        expect(counted([tally])[table]).toEqual(counts);
        expect(tally.sockets).toBe(lines.length);
      }),
      { numRuns: 500 },
    );
    // Otherwise everything could be refused.
    expect(understood).toBeGreaterThan(20);
  });

  it.each(TABLES)('of %s that is truncated within a line is refused', (table) => {
    const list = listOf(table.startsWith('udp') ? udpState : tcpState);
    fc.assert(
      fc.property(list, fc.nat(), readings, (sockets, at, sizes) => {
        const text = Buffer.from(listText(table, sockets));
        const part = text.subarray(0, at % (text.length + 1));
        const isWhole = part.at(-1) === 10;
        const tally = outcome(table, part, sizes);
        expect(tally?.sockets).toBe(isWhole ? part.toString().split('\n').length - 2 : undefined);
      }),
      { numRuns: 300 },
    );
  });

  it('of random bytes is refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.constantFrom(...TABLES), readings, (bytes, table, sizes) => {
        expect(outcome(table, Buffer.from(bytes), sizes)).toBeUndefined();
      }),
    );
  });
});
