/** The built program as a process: arguments, environment and charts. */

import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { PLUGIN } from '../helpers/program.ts';
import { AT_MOST, ProgramHost } from '../helpers/program_host.ts';
import { lastValues, parseStream } from '../helpers/stream.ts';

const host = new ProgramHost();

beforeEach(() => host.create());
afterEach(() => host.remove());

describe('the program', () => {
  it('prints its charts at once, then every second with the elapsed microseconds, and exits after --ticks', async () => {
    const program = host.onRecorded(['1', '--ticks', '4']);
    expect(await program.ended).toEqual({ code: 0, signal: null });
    const stream = parseStream(program.out);
    const updates = stream.updates.filter((update) => update.chart === 'conntrack.sockets');
    expect(updates.map((update) => update.values['connections'])).toEqual([2300, 2300, 2300, 2300]);
    const [first, second, ...others] = updates.map((update) => update.microseconds);
    expect(first).toBeUndefined();
    expect(second).toBeGreaterThanOrEqual(500_000);
    for (const microseconds of others) expect(microseconds).toBeGreaterThan(500_000);
    expect(lastValues(stream, 'conntrack.utilization')).toEqual({ used: 100 });
    expect(program.err).toBe('');
  });

  it.each([
    ['the argument', ['3'], { NETDATA_UPDATE_EVERY: '2' }, 'update_every: 1'],
    ["the agent's variable", ['1'], { NETDATA_UPDATE_EVERY: '3' }, 'update_every: 2'],
    ['the configuration', ['1'], { NETDATA_UPDATE_EVERY: '2' }, 'update_every: 3'],
  ])('uses the largest interval: that of %s', async (_, args, environment, config) => {
    writeFileSync(join(host.folder, 'conntrack.conf'), config);
    const program = host.onRecorded([...args, '--ticks', '1'], {
      ...environment,
      NETDATA_USER_CONFIG_DIR: host.folder,
    });
    await program.ended;
    expect(program.out).toMatch(/^CHART conntrack\.sockets .* line \d+ 3 '/m);
  });

  it.each([
    ['netdata.conf turns the built-in collector off', '[plugins]\nproc = no\n', '', 'netfilter.conntrack_sockets'],
    ['netdata.conf leaves the built-in collector on', '[plugins]\nproc = yes\n', '', 'conntrack.sockets'],
    ['there is no netdata.conf', undefined, '', 'conntrack.sockets'],
    ['conntrack.conf sets contexts: netfilter', undefined, 'contexts: netfilter\n', 'netfilter.conntrack_sockets'],
    ['conntrack.conf sets contexts: conntrack', '[plugins]\nproc = no\n', 'contexts: conntrack\n', 'conntrack.sockets'],
  ])('selects the context of its charts if %s', async (_, netdata, config, context) => {
    if (netdata !== undefined) writeFileSync(join(host.folder, 'netdata.conf'), netdata);
    writeFileSync(join(host.folder, 'conntrack.conf'), config);
    const program = host.onRecorded(['1', '--ticks', '1'], { NETDATA_USER_CONFIG_DIR: host.folder });
    await program.ended;
    expect(/^CHART conntrack\.sockets .* '(\S+)' line /m.exec(program.out)?.[1]).toBe(context);
  });

  it('has only the charts of connections and utilization in basic mode, labelled with the configured source', async () => {
    writeFileSync(join(host.folder, 'conntrack.conf'), 'mode: basic\nsource: "fw \'north\' 1"\n');
    const program = host.onRecorded(['1', '--ticks', '2', '--config', join(host.folder, 'conntrack.conf')]);
    await program.ended;
    const { definitions } = parseStream(program.out);
    expect(Object.keys(definitions)).toEqual(['conntrack.sockets', 'conntrack.utilization']);
    for (const { labels } of Object.values(definitions)) expect(labels).toEqual({ source: "fw 'north' 1" });
  });

  it('has charts of every CPU if per_cpu is yes', async () => {
    writeFileSync(join(host.folder, 'conntrack.conf'), 'modules:\n  stat:\n    per_cpu: yes\n');
    const program = host.onRecorded(['1', '--ticks', '2'], { NETDATA_STOCK_CONFIG_DIR: host.folder });
    await program.ended;
    const { definitions } = parseStream(program.out);
    expect(definitions['conntrack.cpu_events_cpu0']?.labels).toEqual({ cpu: 'cpu0' });
    expect(definitions['conntrack.cpu_events_cpu1']?.labels).toEqual({ cpu: 'cpu1' });
  });

  it('sends DISABLE and exits with 0 when every module is disabled', async () => {
    const file = join(host.folder, 'conntrack.conf');
    const off = ['stat', 'events', 'flows', 'sockets', 'conntrackd'].map((name) => `${name}: { enabled: no }`);
    writeFileSync(file, `modules: { ${off.join(', ')} }\n`);
    const program = host.onRecorded(['1', '--config', file]);
    expect(await program.ended).toMatchObject({ code: 0 });
    expect(program.out).toBe('DISABLE\n');
  });

  it.each([
    ['--help', /^Usage: conntrack\.plugin \[INTERVAL\]/],
    ['--version', /^conntrack\.plugin \d+\.\d+\.\d+(?: \(commit [\da-f]{12}(?:-dirty)?\))?\n$/],
  ])('answers %s', (option, answer) => {
    const result = spawnSync(PLUGIN, [option], { encoding: 'utf8', timeout: AT_MOST });
    expect(result).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(answer) });
  });

  it.each([
    ['an invalid interval', ['0'], {}, 'INTERVAL: '],
    ['an invalid variable', ['1'], { NETDATA_UPDATE_EVERY: '1s' }, 'NETDATA_UPDATE_EVERY: '],
    ['an unknown option', ['1', '--tick', '5'], {}, '\\"--tick\\"'],
    ['a missing configuration', ['1', '--config', '/nowhere/x.conf', '--ticks', '1'], {}, '/nowhere/x.conf: '],
  ])('refuses %s with one log line and exit code 2', async (_, args, environment, mark) => {
    const program = host.onRecorded(args, environment);
    expect(await program.ended).toEqual({ code: 2, signal: null });
    expect(program.err).toMatch(/^time=\S+ comm=conntrack\.plugin source=collector level=error msg=.*\n$/);
    expect(program.err).toContain(mark);
    expect(program.out).toBe('');
  });

  it.each([
    [['chek'], '"chek"'],
    [['check', '--ticks', '2'], '--ticks'],
    [['show', '--colour'], '"--colour"'],
    [['show', '--config', '/nowhere/x.conf'], '/nowhere/x.conf: '],
  ])('refuses %j with a plain message and exit code 2', (args, mark) => {
    const env = { PATH: process.env['PATH'] };
    const { status, stderr, stdout } = spawnSync(PLUGIN, args, { encoding: 'utf8', env });
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^conntrack\.plugin: .*\n$/);
    expect(stderr).toContain(mark);
  });

  it('starts each log line with its priority if standard error is a journal stream', () => {
    const file = join(host.folder, 'journal');
    const descriptor = openSync(file, 'w');
    const { dev, ino } = fstatSync(descriptor);
    const env = { PATH: process.env['PATH'], NETDATA_LOG_LEVEL: 'loud' };
    for (const JOURNAL_STREAM of [`${dev}:${ino}`, `${dev}:${ino + 1}`]) {
      // An invalid log level causes a warning.
      const stdio = ['ignore', 'ignore', descriptor] as const;
      spawnSync(PLUGIN, ['0'], { env: { ...env, JOURNAL_STREAM }, stdio: [...stdio] });
      spawnSync(PLUGIN, ['1', '--ticks', '1'], { env: { ...env, JOURNAL_STREAM }, stdio: [...stdio] });
    }
    closeSync(descriptor);
    const lines = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => / level=(?:error|warning) /.test(line));
    const starts = lines.map((line) => line.replace(/^time=\S+/, 'time=…').replace(/ msg=.*/, ''));
    expect(starts.filter((_start, place) => starts[place] !== starts[place - 1])).toEqual([
      '<3>comm=conntrack.plugin source=collector level=error',
      '<4>comm=conntrack.plugin source=collector level=warning',
      'time=… comm=conntrack.plugin source=collector level=error',
      'time=… comm=conntrack.plugin source=collector level=warning',
    ]);
  });
});
