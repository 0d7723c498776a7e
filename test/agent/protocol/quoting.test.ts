import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { quote, split } from '../../../collector/agent/protocol/quoting.ts';
import { anyCharacter } from '../../helpers/any_character.ts';

/** Any text, with more than its share of what matters to the protocol. */
const awkward = fc.string({
  unit: fc.oneof(
    fc.constantFrom("'", '"', '\\', ' ', '\t', '=', '\n', '\r', '\0', '\u0085', '\u2028', '\u2029', '\u007F'),
    anyCharacter,
  ),
  maxLength: 40,
});

/** `quoted_strings_splitter` of the agent, character by character, with its treatment of the backslash. */
function agentSplit(line: string): string[] {
  const isBlank = (at: number): boolean => ' \t\r\n='.includes(line.charAt(at)) && at < line.length;
  const words: string[] = [];
  let at = 0;
  const skipBlanks = (): void => {
    while (isBlank(at)) at++;
  };
  skipBlanks();
  while (at < line.length) {
    const opening = line.charAt(at);
    const isQuoted = opening === '"' || opening === "'";
    if (isQuoted) at++;
    const start = at;
    const isOver = (): boolean => (isQuoted ? line.charAt(at) === opening : isBlank(at));
    while (at < line.length && !isOver()) at += line.charAt(at) === '\\' && at + 1 < line.length ? 2 : 1;
    words.push(line.slice(start, at));
    if (isQuoted) at++;
    skipBlanks();
  }
  return words;
}

/** What the protocol makes of one character of a text; `isMixed` when the text holds both kinds of quotes. */
function carried(character: string, isMixed: boolean): string {
  if (character === '\\') return '/';
  if (character === '"' && isMixed) return "'";
  return /[\p{Cc}\u2028\u2029]/u.test(character) ? ' ' : character;
}

describe('a quoted text', () => {
  it.each([
    ['nothing', '', "''"],
    ['a word', 'conntrack', "'conntrack'"],
    ['words', 'new connections', "'new connections'"],
    ['an equals sign', 'a=b', "'a=b'"],
    ['a double quote', 'the "best"', `'the "best"'`],
    ['a single quote', "it's", `"it's"`],
    ['both kinds of quotes', `it's "best"`, `"it's 'best'"`],
    ['a backslash', 'C:\\end\\', "'C:/end/'"],
    ['a line end', 'one\ntwo', "'one two'"],
    ['a windows line end', 'one\r\ntwo', "'one  two'"],
    ['a tab', 'one\ttwo', "'one two'"],
    ['a null', 'one\0two', "'one two'"],
    ['unicode line ends', 'one\u2028two\u2029three\u0085four', "'one two three four'"],
    ['letters beyond ASCII', 'größe 漢字 🛰', "'größe 漢字 🛰'"],
  ])('of %s', (_what, text, expected) => {
    expect(quote(text)).toBe(expected);
  });

  it.each([
    ['our splitter', split],
    ["the agent's splitter", agentSplit],
  ])('is exactly one word for %s, changed only if the protocol requires it', (_whose, splitter) => {
    fc.assert(
      fc.property(awkward, (text) => {
        const words = splitter(quote(text));
        expect(words).toHaveLength(1);
        const before = [...text];
        const after = [...(words[0] ?? '')];
        const isMixed = text.includes("'") && text.includes('"');
        expect(after).toEqual(before.map((character) => carried(character, isMixed)));
      }),
      { numRuns: 500 },
    );
  });

  it('never ends a line', () => {
    fc.assert(
      fc.property(awkward, (text) => {
        expect(quote(text)).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
      }),
      { numRuns: 500 },
    );
  });

  it('stays separate from its neighbours', () => {
    fc.assert(
      fc.property(fc.array(awkward, { maxLength: 6 }), (texts) => {
        const line = texts.map(quote).join(' ');
        expect(split(line)).toHaveLength(texts.length);
        expect(agentSplit(line)).toEqual(split(line));
      }),
    );
  });

  it('is not changed by quoting it again', () => {
    fc.assert(
      fc.property(awkward, (text) => {
        const once = split(quote(text))[0] ?? '';
        expect(split(quote(once))).toEqual([once]);
      }),
    );
  });
});

describe('a line', () => {
  it.each([
    ['nothing', '', []],
    ['blanks only', ' \t \r', []],
    ['words', 'FUNCTION_CANCEL tx-1', ['FUNCTION_CANCEL', 'tx-1']],
    ['many blanks and tabs', '  a \t\t b  ', ['a', 'b']],
    ['equals signs', 'SET a = 5', ['SET', 'a', '5']],
    ['an equals sign without blanks', 'a=5', ['a', '5']],
    ['a carriage return at its end', 'QUIT\r', ['QUIT']],
    ['double quotes', 'FUNCTION tx 10 "top proto:tcp" "0x8"', ['FUNCTION', 'tx', '10', 'top proto:tcp', '0x8']],
    ['single quotes', "a 'b c' d", ['a', 'b c', 'd']],
    ['one kind of quotes inside the other', `"it's" 'say "b"'`, ["it's", 'say "b"']],
    ['empty quotes', `a "" '' b`, ['a', '', '', 'b']],
    ['quotes that touch', `'a''b'"c"d`, ['a', 'b', 'c', 'd']],
    ['a quote inside a word', `don't stop`, ["don't", 'stop']],
    ['blanks and signs inside quotes', `" a = b "`, [' a = b ']],
    ['a quote that is not closed', `a "b c`, ['a', 'b c']],
  ])('with %s is split as the agent splits it', (_what, line, expected) => {
    expect(split(line)).toEqual(expected);
    expect(agentSplit(line)).toEqual(expected);
  });
});
