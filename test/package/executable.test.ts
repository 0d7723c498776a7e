/** How the executable is built, with a stand-in for Node.js that records its arguments. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import { buildExecutable } from '../../collector/package/executable.ts';

/** Records its arguments and the settings of the executable. */
const NODE = `#!/bin/sh
for last; do :; done
case $last in *.json) printf '%s\\n' "$@" >"$0.arguments"; cp "$last" "$0.settings" ;; esac
`;

interface Settings {
  readonly execArgv: readonly string[];
  readonly execArgvExtension: string;
  readonly useCodeCache: boolean;
}

describe('the executable', () => {
  const folder = mkdtempSync(join(tmpdir(), 'conntrack-executable-'));
  const [node, script, blob] = ['node', 'script.cjs', 'program.blob'].map((name) => join(folder, name));

  /** Builds it; returns the flags that the code was compiled with, and the settings. */
  function build(...more: string[]): { compiledWith: readonly string[]; settings: Settings } {
    writeFileSync(node ?? '', NODE, { mode: 0o755 });
    writeFileSync(script ?? '', '#!/usr/bin/env node\n');
    writeFileSync(blob ?? '', '');
    buildExecutable({ node: node ?? '', postject: 'postject' }, script ?? '', join(folder, 'program'), more);
    const words = readFileSync(`${node}.arguments`, 'utf8').trimEnd().split('\n');
    const settings: Settings = JSON.parse(readFileSync(`${node}.settings`, 'utf8'));
    return { compiledWith: words.slice(0, words.indexOf('--experimental-sea-config')), settings };
  }

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('runs with the V8 flags that its code was compiled with, since V8 rejects code compiled with others', () => {
    const { compiledWith, settings } = build('--expose-gc');
    expect(settings.useCodeCache).toBe(true);
    expect(settings.execArgv.filter((flag) => flag !== '--disable-sigusr1')).toEqual(compiledWith);
    expect(compiledWith).toContain('--expose-gc');
  });

  it('limits the young generation, starts old-space collections early and runs V8 on one thread', () => {
    const { settings } = build();
    expect(settings.execArgv).toEqual(
      expect.arrayContaining(['--max-semi-space-size=1', '--initial-old-space-size=6', '--single-threaded']),
    );
  });

  it('opens no debugger and takes no flags from outside', () => {
    const { settings } = build();
    expect(settings.execArgv).toContain('--disable-sigusr1');
    expect(settings.execArgvExtension).toBe('none');
  });
});
