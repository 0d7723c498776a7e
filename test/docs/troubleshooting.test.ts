/** docs/troubleshooting.md against the messages in the source. */

import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { cell, onlyCode, tableAfter } from '../helpers/markdown.ts';
import { ROOT, read } from '../helpers/project.ts';

const page = read('docs/troubleshooting.md');

describe('docs/troubleshooting.md', () => {
  it('quotes only what the plugin logs', () => {
    const source = sourceText();
    const lost = losses();
    for (const message of quotedMessages()) {
      const [head = '', ...rest] = message.split(': ');
      const isPutTogether = source.includes(`\`${head}: \${`) && source.includes(`'${rest.join(': ')}'`);
      const isOfAttempts = rest.join() === '…' && lost.includes(head);
      const isThere = asPattern(message, '\\$\\{[^}]+\\}').test(source);
      expect([message, isThere || isPutTogether || isOfAttempts]).toEqual([message, true]);
    }
  });

  it('quotes everything that the plugin logs', () => {
    const quoted = quotedMessages();
    const logged = loggedMessages();
    expect(logged.length).toBeGreaterThan(30);
    const isQuoted = (message: string): boolean =>
      quoted.some((one) => message.startsWith(one) || asPattern(`^${message}$`, '.+').test(one));
    expect(logged.filter((message) => !isQuoted(message))).toEqual([]);
  });
});

/** The messages of the log that the page explains. `…` is what differs from line to line. */
function quotedMessages(): string[] {
  return tableAfter(page, '## The log').map((row) => onlyCode(cell(row, 'Message')));
}

/** The messages in the source that are logged, except what only a debugger reads, and problems, whose table is generated. */
function loggedMessages(): string[] {
  const before = [
    String.raw`\.enter\([^,]+,[^,]+,`,
    String.raw`\bconst (?:message|text) =`,
    String.raw`\.(?:leave|works)\(`,
    String.raw`\b(?:back|repaced):`,
    String.raw`\blog\.(?:info|notice|warning|error)\(`,
  ];
  const literal = new RegExp(String.raw`(?:${before.join('|')})\s*["'\`](.*?)["'\`](?=[,;)\n])`, 'g');
  const source = sourceText();
  return [
    ...losses().map((lost) => `${lost}: …`),
    ...[...source.matchAll(literal)].map(([, text = '']) => text.replaceAll(/\$\{[^}]+\}/g, '…')),
  ];
}

/** What modules say is lost, at the beginning of a line about a problem. */
function losses(): string[] {
  return [...sourceText().matchAll(/\b(?:lost: |const LOST = )'(.*?)'/g)].map(([, lost = '']) => lost);
}

/** A text as a regular expression, with `gap` in place of each `…`, and of `^` and `$` at its ends what they mean. */
function asPattern(text: string, gap: string): RegExp {
  const [, start = '', body = '', end = ''] = /^(\^?)(.*?)(\$?)$/s.exec(text) ?? [];
  const escaped = body.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`${start}${escaped.replaceAll('…', gap)}${end}`);
}

/** The source of what logs, with texts that are written over several lines joined; what `check` and `show` print is no log. */
function sourceText(): string {
  return sourceFiles().join('\n');
}

function sourceFiles(): string[] {
  const names = readdirSync(new URL('collector/', ROOT), { encoding: 'utf8', recursive: true });
  const files = names.filter(
    (name) => name.endsWith('.ts') && !/^(?:check|terminal)\/|(?:^|\/)node_modules\//.test(name),
  );
  return files.map((name) => read(`collector/${name}`).replaceAll(/["'`]\s*\+\s*["'`]/g, ''));
}
