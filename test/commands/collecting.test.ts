import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readEnvironment } from '../../collector/agent/environment.ts';
import { parseCommandLine } from '../../collector/cli.ts';
import { type Request, readRequest } from '../../collector/commands/collecting.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'conntrack-request-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** The request with these words and variables; the agent's configuration is in the folder. */
function request(words: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<Request> {
  return readRequest(parseCommandLine(words), readEnvironment({ NETDATA_USER_CONFIG_DIR: folder, ...variables }));
}

describe('what a command that collects is asked for', () => {
  it.each([
    [[], undefined, 1, 1],
    [['7'], '3', 5, 7],
    [['3'], '7', 5, 7],
    [['3'], '5', 7, 7],
  ])(
    'with the words %j, NETDATA_UPDATE_EVERY %s and update_every %i has the interval %i',
    async (words, agent, file, every) => {
      writeFileSync(`${folder}/conntrack.conf`, `update_every: ${file}\n`);
      const asked = await request(words, agent === undefined ? {} : { NETDATA_UPDATE_EVERY: agent });
      expect(asked.every).toBe(every);
    },
  );

  it("is the configuration in the agent's directory, or the file of --config", async () => {
    writeFileSync(`${folder}/conntrack.conf`, 'source: north\n');
    writeFileSync(`${folder}/other.conf`, 'source: south\n');
    expect(await request([])).toMatchObject({ file: `${folder}/conntrack.conf`, config: { source: 'north' } });
    const other = `${folder}/other.conf`;
    expect(await request(['--config', other])).toMatchObject({ file: other, config: { source: 'south' } });
  });

  it('has the contexts that netdata.conf leaves to the plugin', async () => {
    expect((await request([])).contexts).toEqual({ contexts: 'conntrack', reason: 'on' });
    writeFileSync(`${folder}/netdata.conf`, '[plugins]\nproc = no\n');
    expect((await request([])).contexts).toEqual({ contexts: 'netfilter', reason: 'off' });
    writeFileSync(`${folder}/conntrack.conf`, 'contexts: conntrack\n');
    expect((await request([])).contexts).toEqual({ contexts: 'conntrack', reason: 'configured' });
  });

  it('is an error if the configuration is not a regular file', async () => {
    mkdirSync(`${folder}/conntrack.conf`);
    await expect(request([])).rejects.toThrow(`${folder}/conntrack.conf: cannot be read: `);
  });
});
