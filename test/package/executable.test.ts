/** How the executable is built, with a stand-in for Node.js that records its arguments. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { afterAll, describe, expect, it } from 'vitest';

import { buildExecutable, type Tools } from '../../collector/package/executable.ts';

/** Records its arguments, the settings of the executable and the script in it. */
const NODE = `#!/bin/sh
for last; do :; done
case $last in *.json) printf '%s\\n' "$@" >"$0.arguments"; cp "$last" "$0.settings"; cp program.cjs "$0.script" ;; esac
`;

interface Settings {
  readonly execArgv: readonly string[];
  readonly execArgvExtension: string;
  readonly main: string;
  readonly output: string;
  readonly useCodeCache: boolean;
}

describe('the executable', () => {
  const folder = mkdtempSync(join(tmpdir(), 'conntrack-executable-'));
  const at = (name: string): string => join(folder, name);
  const [node, program] = [at('node'), at('program')];
  const tools: Tools = { node, compiler: node, postject: 'postject', strip: 'true' };

  /** Builds it; returns the flags that the code was compiled with, and the settings. */
  function build(
    more: readonly string[] = [],
    others: Partial<Tools> = {},
    script = '',
  ): { compiledWith: readonly string[]; settings: Settings } {
    writeFileSync(node, NODE, { mode: 0o755 });
    writeFileSync(at('script.cjs'), `#!/usr/bin/env node\n${script}`);
    writeFileSync(at('program.blob'), '');
    buildExecutable({ ...tools, ...others }, at('script.cjs'), program, more);
    const words = readFileSync(`${node}.arguments`, 'utf8').trimEnd().split('\n');
    const settings: Settings = JSON.parse(readFileSync(`${node}.settings`, 'utf8'));
    return { compiledWith: words.slice(0, words.indexOf('--experimental-sea-config')), settings };
  }

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('runs with the V8 flags that its code was compiled with, since V8 rejects code compiled with others', () => {
    const { compiledWith, settings } = build(['--expose-gc']);
    expect(settings.useCodeCache).toBe(true);
    const running = settings.execArgv.filter((flag) => flag !== '--disable-sigusr1');
    expect(running).toEqual(compiledWith.filter((flag) => flag !== '--random-seed=1'));
    expect(compiledWith).toContain('--expose-gc');
  });

  it('is compiled with a fixed seed, so that it is reproducible, but runs with a random one', () => {
    const { compiledWith, settings } = build();
    expect(compiledWith).toContain('--random-seed=1');
    expect(settings.execArgv).not.toContain('--random-seed=1');
  });

  it('limits the young generation and runs V8 on one thread', () => {
    const { settings } = build();
    expect(settings.execArgv).toEqual(
      expect.arrayContaining(['--max-semi-space-size=1', '--single-threaded-gc', '--no-concurrent-recompilation']),
    );
  });

  it('saves memory a second later, when all that Node.js has compiled is loaded, and does not wait for that', () => {
    build();
    const flags: string[] = [];
    const setFlagsFromString = (flag: string): number => flags.push(flag);
    let isWaitedFor = true;
    const unref = (): void => {
      isWaitedFor = false;
    };
    const setTimeout = (action: () => void, milliseconds: number): { unref: () => void } => {
      expect({ flags, milliseconds }).toEqual({ flags: [], milliseconds: 1000 });
      action();
      return { unref };
    };
    const require = (name: string): object => (name === 'node:v8' ? { setFlagsFromString } : {});
    runInNewContext(readFileSync(`${node}.script`, 'utf8'), { require, setTimeout });
    expect(flags).toContain('--memory-saver-mode');
    expect(isWaitedFor).toBe(false);
  });

  it('contains the script in ASCII, with the same meaning', () => {
    build([], {}, "// 60 µs\nfound = 'a─b▒c🜁dµ'.replace(/[─-▒]|\ud83d\udf01|µ/g, '.');\n");
    const script = readFileSync(`${node}.script`, 'utf8');
    expect(script).toMatch(/^[\0-\x7f]*$/);
    const scope = { found: '', setTimeout: () => ({ unref: () => undefined }) };
    runInNewContext(script, scope);
    expect(scope.found).toBe('a.b.c.d.');
  });

  it('opens no debugger and takes no flags from outside', () => {
    const { settings } = build();
    expect(settings.execArgv).toContain('--disable-sigusr1');
    expect(settings.execArgvExtension).toBe('none');
  });

  it('has no compiled code if it is for another architecture', () => {
    writeFileSync(at('foreign'), 'node of another architecture\n');
    const { settings } = build([], { node: at('foreign') });
    expect(settings.useCodeCache).toBe(false);
    expect(readFileSync(program, 'utf8')).toBe('node of another architecture\n');
  });

  it('is compiled from relative paths, so that it does not depend on the folder', () => {
    const { settings } = build();
    expect(settings).toMatchObject({ main: 'program.cjs', output: 'program.blob' });
  });

  it('has its symbols removed', () => {
    writeFileSync(at('strip'), '#!/bin/sh\necho "$@" >"$0.arguments"\n', { mode: 0o755 });
    build([], { strip: at('strip') });
    expect(readFileSync(at('strip.arguments'), 'utf8')).toBe('--strip-all program\n');
  });

  it('cannot be built without strip, and the error names the Debian package that has it', () => {
    const error = 'm68k-linux-gnu-strip not found: install binutils-m68k-linux-gnu';
    expect(() => build([], { strip: 'm68k-linux-gnu-strip' })).toThrow(error);
  });

  it('cannot be built if its symbols cannot be removed', () => {
    expect(() => build([], { strip: 'false' })).toThrow('Command failed: false');
  });
});
