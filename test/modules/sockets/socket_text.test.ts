import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { FormatError } from '../../../collector/base/errors.ts';
import { TABLES, type Table } from '../../../collector/modules/sockets/socket_tally.ts';
import { readStates, skipHeadings } from '../../../collector/modules/sockets/socket_text.ts';
import { HEADINGS, socketLine } from '../../helpers/socket_lists.ts';

const DIGITS = { tcp: 8, tcp6: 32, udp: 8, udp6: 32 };

/** The states of the sockets in these lines. */
function states(table: Table, ...lines: readonly string[]): number[] {
  const found: number[] = [];
  const text = Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1');
  readStates(text, 0, DIGITS[table], (state) => found.push(state));
  return found;
}

describe('the headings of a list of sockets', () => {
  it.each(TABLES)('of %s are skipped', (table) => {
    const lines = Buffer.from(`${HEADINGS[table]}\n${socketLine(table, { state: 1 })}\n`);
    expect(skipHeadings(lines)).toBe(HEADINGS[table].length + 1);
  });

  it('can be the only line', () => {
    const lines = Buffer.from(`${HEADINGS.tcp}\n`);
    expect(skipHeadings(lines)).toBe(lines.length);
  });

  it.each([
    ['a socket', `${socketLine('tcp', { state: 10 })}\n${HEADINGS.tcp}\n`],
    ['an empty line', `\n${HEADINGS.tcp}\n`],
    ['the headings of another file', 'Num       RefCount Protocol Flags    Type St Inode Path\n'],
    ['half of the headings', '  sl  local_ad\n'],
    ['headings that do not end', HEADINGS.tcp],
    ['zeros', '\0\0\0\0\n'],
    ['nothing', ''],
  ])('are missing in a list that begins with %s', (_what, text) => {
    const act = (): unknown => skipHeadings(Buffer.from(text));
    expect(act).toThrow(FormatError);
    expect(act).toThrow('expected a line of headings');
  });
});

describe('the line of a socket', () => {
  it.each(TABLES)('of %s has its state, any of 256', (table) => {
    const all = Array.from({ length: 256 }, (_, state) => state);
    expect(states(table, ...all.map((state) => socketLine(table, { state })))).toEqual(all);
  });

  it('can have a state in lower case', () => {
    const line = socketLine('tcp', { state: 0x0b });
    expect(states('tcp', line.replace(' 0B ', ' 0b '), line.replace(' 0B ', ' fA '))).toEqual([0x0b, 0xfa]);
  });

  it.each(TABLES)('of %s can have a number of any length', (table) => {
    const numbers = [0, 9, 1234, 9999, 10_000, 123_456, 16_777_216];
    expect(states(table, ...numbers.map((number) => socketLine(table, { number, state: 6 })))).toEqual(
      numbers.map(() => 6),
    );
  });

  it('can end after the blank that follows the state', () => {
    expect(states('tcp', '0: 0100007F:1F90 0200007F:1F91 08 ')).toEqual([8]);
  });

  it('is read from the given offset', () => {
    const first = `${socketLine('udp', { state: 1 })}\n`;
    const found: number[] = [];
    readStates(Buffer.from(`${first}${socketLine('udp', { state: 7 })}\n`), first.length, 8, (state) =>
      found.push(state),
    );
    expect(found).toEqual([7]);
  });

  it.each([
    ['of the other address family', 'tcp6', socketLine('tcp', { state: 1 })],
    ['of the other address family', 'tcp', socketLine('tcp6', { state: 1 })],
    ['that is empty', 'tcp', ''],
    ['of headings', 'udp', HEADINGS.udp],
    ['without a number', 'tcp', ': 0100007F:1F90 0200007F:1F91 08 '],
    ['without a blank after the number', 'tcp', '0:0100007F:1F90 0200007F:1F91 08 '],
    ['whose address has seven digits', 'tcp', '0: 100007F:1F90 0200007F:1F91 08 00'],
    ['whose port has five digits', 'tcp', '0: 0100007F:11F90 0200007F:1F91 08 00'],
    ['whose peer has nine digits', 'tcp', '0: 0100007F:1F90 00200007F:1F91 08 00'],
    ['whose peer has no port', 'tcp', '0: 0100007F:1F90 0200007F 08 00000000:00000000 00:00000000'],
    ['whose state has one digit', 'tcp', '0: 0100007F:1F90 0200007F:1F91 8 00'],
    ['whose state has three digits', 'tcp', '0: 0100007F:1F90 0200007F:1F91 008 00'],
    ['whose state is not a number', 'tcp', '0: 0100007F:1F90 0200007F:1F91 0G 00'],
    ['whose peer has a blank before its port', 'tcp', '0: 0100007F:1F90 0200007F 1F91 08 00'],
    ['whose state has the character after the digits', 'tcp', '0: 0100007F:1F90 0200007F:1F91 0: 00'],
    ['whose state has the character before the digits', 'tcp', '0: 0100007F:1F90 0200007F:1F91 0/ 00'],
    ['whose state has the character before the capital letters', 'tcp', '0: 0100007F:1F90 0200007F:1F91 0@ 00'],
    ['whose state has the character before the small letters', 'tcp', '0: 0100007F:1F90 0200007F:1F91 0` 00'],
    ['whose state is negative', 'tcp', '0: 0100007F:1F90 0200007F:1F91 -1 00'],
    ['that ends with its state', 'tcp', '0: 0100007F:1F90 0200007F:1F91 08'],
    ['that ends before its state', 'tcp', '0: 0100007F:1F90 0200007F:1F91 '],
    ['that is torn', 'tcp', '0: 0100007F:1F90 02   1: 0100007F:1F90 0200007F:1F91 08 00'],
    ['of binary', 'tcp', '\0\x01\xff:\x02\x03'],
  ] as const)('%s is refused', (_what, table, line) => {
    const socket = socketLine(table, { state: 1 });
    for (const lines of [
      [line, socket],
      [socket, line],
      [socket, line, socket],
    ]) {
      const act = (): unknown => states(table, ...lines);
      expect(act).toThrow(FormatError);
      expect(act).toThrow(`not a socket: "${line.slice(0, 160)}"`);
    }
  });

  it('that is malformed and long is truncated in the error', () => {
    const line = `0: ${'7'.repeat(5000)}`;
    expect(() => states('tcp', line)).toThrow(new FormatError(`not a socket: "${line.slice(0, 160)}"`));
  });

  it('that is malformed ends the reading, after the lines before it are read', () => {
    const found: number[] = [];
    const text = [socketLine('tcp', { state: 4 }), 'nonsense', socketLine('tcp', { state: 5 })].join('\n');
    expect(() => readStates(Buffer.from(`${text}\n`), 0, 8, (state) => found.push(state))).toThrow('"nonsense"');
    expect(found).toEqual([4]);
  });

  it('without a line end is refused', () => {
    const text = Buffer.from(socketLine('tcp', { state: 1 }));
    expect(() => readStates(text, 0, 8, () => undefined)).toThrow(FormatError);
  });

  it('is never read beyond its end', () => {
    fc.assert(
      fc.property(fc.nat(140), fc.constantFrom(...TABLES), (length, table) => {
        const line = socketLine(table, { state: 3 }).slice(0, length);
        const found: number[] = [];
        const rest = socketLine(table, { state: 9 });
        const act = (): void =>
          readStates(Buffer.from(`${line}\n${rest}\n`), 0, DIGITS[table], (state) => found.push(state));
        const isWhole = /^ *\d+: \S+ \S+ 03 /.test(line);
        if (isWhole) act();
        else expect(act).toThrow(FormatError);
        expect(found).toEqual(isWhole ? [3, 9] : []);
      }),
    );
  });
});
