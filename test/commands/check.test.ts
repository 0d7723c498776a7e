import { beforeEach, describe, expect, it, vi } from 'vitest';
import { readEnvironment } from '../../collector/agent/environment.ts';
import type { CommandOptions, Outcome } from '../../collector/check/command.ts';
import { parseCommandLine } from '../../collector/cli.ts';
import { check } from '../../collector/commands/check.ts';

const given: CommandOptions[] = [];
let outcome: Outcome;

vi.mock('../../collector/check/command.ts', () => ({
  runCheck: async (options: CommandOptions) => {
    given.push(options);
    return outcome;
  },
}));

/** What was written to each stream. */
const written = { out: '', err: '' };

vi.mock('../../collector/commands/streams.ts', () => ({
  print: (text: string) => {
    written.out += text;
  },
}));

async function run(...words: readonly string[]): Promise<CommandOptions> {
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written.err += String(text);
    return true;
  });
  await check(parseCommandLine(['check', ...words]), readEnvironment({}));
  vi.restoreAllMocks();
  const options = given.at(-1);
  if (options === undefined) throw new Error('nothing was checked');
  return options;
}

beforeEach(() => {
  given.length = 0;
  Object.assign(written, { out: '', err: '' });
  outcome = { text: 'the report\n', errors: '', code: 0 };
  return () => {
    process.exitCode = undefined;
    vi.unstubAllEnvs();
  };
});

describe('the command check', () => {
  it('prints the report and sets the exit code', async () => {
    outcome = { text: 'a report\n', errors: 'an error\n', code: 1 };
    await run();
    expect(written).toEqual({ out: 'a report\n', err: 'an error\n' });
    expect(process.exitCode).toBe(1);
  });

  it('makes the path of --config absolute, since it is read from another working directory', async () => {
    expect((await run()).configFile).toBeUndefined();
    expect((await run('--config', 'a/b.conf')).configFile).toBe(`${process.cwd()}/a/b.conf`);
  });

  it('starts the script again with a Node.js that opens no debugger', async () => {
    const { executable, program, self, uid } = await run();
    const [node, seal = '', script] = self.words;
    expect([node, executable]).toEqual([process.execPath, process.execPath]);
    expect(script).toMatch(/\/collector\/commands\/check\.ts$/);
    expect(seal).toMatch(/^--(disable-sigusr1|inspect-port=\[fe80::1%[\w-]{16,}\]:\d+)$/);
    expect(program).toEqual({ path: script, packaged: false });
    expect(uid).toBe(process.geteuid?.());
  });

  it('creates the same modules as the plugin', async () => {
    const { modules } = await run();
    const { defaultConfig } = await import('../../collector/config/schema.ts');
    const made = modules(defaultConfig());
    expect(made.map(({ name }) => name)).toEqual(['stat', 'events', 'flows', 'sockets', 'conntrackd']);
    for (const module of made) module.close();
  });

  it('reads what root sees of the agent from its environment', async () => {
    expect((await run()).seen).toBeUndefined();
    vi.stubEnv('CONNTRACK_CHECK_SEEN', '{"pid":41}');
    expect((await run()).seen).toEqual({ pid: 41 });
  });

  it('prints the colours and symbols that the terminal supports', async () => {
    vi.stubEnv('LC_ALL', 'C.UTF-8').stubEnv('TERM', 'xterm').stubEnv('NO_COLOR', '');
    const { isTTY } = process.stdout;
    try {
      process.stdout.isTTY = true;
      expect((await run()).style).toEqual({ hasColour: true, isUnicode: true });
      vi.stubEnv('NO_COLOR', '1').stubEnv('LC_ALL', 'C');
      expect((await run()).style).toEqual({ hasColour: false, isUnicode: false });
      vi.stubEnv('NO_COLOR', '');
      process.stdout.isTTY = false;
      expect((await run()).style.hasColour).toBe(false);
    } finally {
      process.stdout.isTTY = isTTY;
    }
  });

  it('prints JSON with --json', async () => {
    expect((await run('--json')).json).toBe(true);
    expect((await run()).json).toBe(false);
  });

  it('finds no capabilities on a missing file', async () => {
    const { capabilities } = await run();
    expect(capabilities('/missing/file')).toBeUndefined();
  });
});
