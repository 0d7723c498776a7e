import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readEnvironment } from '../../collector/agent/environment.ts';
import { parseCommandLine } from '../../collector/cli.ts';
import { type Request, readRequest, readRequestByHand } from '../../collector/commands/collecting.ts';
import { RecordingLog } from '../helpers/recording_log.ts';

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

  describe('by hand', () => {
    const plugins = '/usr/libexec/netdata/plugins.d';
    let log = new RecordingLog();
    const byHand = (words: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<Request> =>
      readRequestByHand(
        parseCommandLine(words),
        readEnvironment(variables),
        log,
        `${folder}${plugins}/conntrack.plugin`,
      );

    beforeEach(() => {
      log = new RecordingLog();
      for (const path of [plugins, '/etc/netdata', '/usr/lib/netdata/conf.d']) {
        mkdirSync(folder + path, { recursive: true });
      }
      writeFileSync(`${folder}${plugins}/conntrack.plugin`, '');
      writeFileSync(`${folder}/usr/lib/netdata/conf.d/conntrack.conf`, 'source: stock\n');
    });

    it('is the configuration of the agent that the program is installed in', async () => {
      expect(await byHand([])).toMatchObject({ config: { source: 'stock' } });
      writeFileSync(`${folder}/etc/netdata/conntrack.conf`, 'source: operator\n');
      expect(await byHand([])).toMatchObject({
        file: `${folder}/etc/netdata/conntrack.conf`,
        config: { source: 'operator' },
      });
    });

    it.each([
      [['show'], 7],
      [['show', '3'], 3],
    ])('has with the words %j and update_every 7 the interval %i', async (words, every) => {
      writeFileSync(`${folder}/etc/netdata/conntrack.conf`, 'update_every: 7\n');
      expect((await byHand(words)).every).toBe(every);
    });

    it("is the defaults, with a warning, if the agent's configuration is invalid", async () => {
      writeFileSync(`${folder}/etc/netdata/conntrack.conf`, 'source: operator\nmodule: 7\n');
      expect(await byHand([])).toMatchObject({ file: undefined, config: { source: '' } });
      expect(log.lines).toEqual([
        `warning ${folder}/etc/netdata/conntrack.conf: line 2: module: unknown key; did you mean "modules"?; using the defaults`,
      ]);
    });

    it('is an error if a configuration that was named is invalid', async () => {
      writeFileSync(`${folder}/conntrack.conf`, 'module: 7\n');
      const named = byHand(['--config', `${folder}/conntrack.conf`]);
      await expect(named).rejects.toThrow(`${folder}/conntrack.conf: line 1: `);
      const inDirectory = byHand([], { NETDATA_USER_CONFIG_DIR: folder });
      await expect(inDirectory).rejects.toThrow(`${folder}/conntrack.conf: line 1: `);
    });

    it("is that of the agent's directories if the environment names them, or the file of --config", async () => {
      writeFileSync(`${folder}/etc/netdata/conntrack.conf`, 'source: operator\n');
      writeFileSync(`${folder}/conntrack.conf`, 'source: agent\n');
      const named = await byHand([], { NETDATA_USER_CONFIG_DIR: folder });
      expect(named).toMatchObject({ config: { source: 'agent' } });
      const given = await byHand(['--config', `${folder}/conntrack.conf`]);
      expect(given).toMatchObject({ config: { source: 'agent' } });
    });
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
