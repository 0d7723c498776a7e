/** The built program as a process: start, configuration, input, signals and exit codes. */

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  cpSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ENDING } from '../../collector/commands/signals.ts';
import { PLUGIN, Program } from '../helpers/program.ts';
import { NAMES, statRow, statText } from '../helpers/stat_text.ts';
import { drawn, parseStream } from '../helpers/stream.ts';
import { until } from '../helpers/until.ts';

const HOST = fileURLToPath(new URL('../../fixtures/hosts/linux-6.18', import.meta.url));

/** Stands in for the packaged configuration: on a recorded host, each module without netlink would log that. */
const STAT_ALONE = 'modules: { events: { enabled: no }, flows: { enabled: no }, sockets: { enabled: no } }\n';

/** Milliseconds before spawnSync kills a program; the timeout of the test cannot fire while it blocks. */
const AT_MOST = 60_000;

let folder = '';
let stock = '';
const programs: Program[] = [];

function start(...parameters: ConstructorParameters<typeof Program>): Program {
  const program = new Program(...parameters);
  programs.push(program);
  return program;
}

/** Starts the program on a recorded host, with pipes for standard input, output and error. */
function onHost(args: readonly string[] = ['1'], environment: Readonly<Record<string, string>> = {}): Program {
  return start(args, { NETDATA_HOST_PREFIX: HOST, NETDATA_STOCK_CONFIG_DIR: stock, ...environment });
}

/** Replaces a file atomically. */
function replace(path: string, content: string | Buffer): void {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}

/** The number of a signal; some signals have two names. */
function numberOf(name: string): number | undefined {
  return Object.entries(constants.signals).find(([other]) => other === name)?.[1];
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'conntrack-program-'));
  stock = join(folder, 'stock');
  mkdirSync(stock);
  writeFileSync(join(stock, 'conntrack.conf'), STAT_ALONE);
});

afterEach(async () => {
  await Promise.all(programs.splice(0).map((program) => program.stop()));
  rmSync(folder, { recursive: true, force: true });
});

describe('the program', () => {
  it('draws at once, then every second with the elapsed microseconds, and exits after --ticks', async () => {
    const program = onHost(['1', '--ticks', '4']);
    expect(await program.ended).toEqual({ code: 0, signal: null });
    const stream = parseStream(program.out);
    const updates = stream.updates.filter((update) => update.chart === 'conntrack.sockets');
    expect(updates.map((update) => update.values['connections'])).toEqual([2300, 2300, 2300, 2300]);
    const [first, second, ...others] = updates.map((update) => update.microseconds);
    expect(first).toBeUndefined();
    expect(second).toBeGreaterThanOrEqual(500_000);
    for (const microseconds of others) expect(microseconds).toBeGreaterThan(500_000);
    expect(drawn(stream, 'conntrack.utilization')).toEqual({ used: 100 });
    expect(program.err).toBe('');
  });

  it.each([
    ['the argument', ['3'], { NETDATA_UPDATE_EVERY: '2' }, 'update_every: 1'],
    ["the agent's variable", ['1'], { NETDATA_UPDATE_EVERY: '3' }, 'update_every: 2'],
    ['the configuration', ['1'], { NETDATA_UPDATE_EVERY: '2' }, 'update_every: 3'],
  ])('uses the largest interval: that of %s', async (_, args, environment, config) => {
    writeFileSync(join(folder, 'conntrack.conf'), config);
    const program = onHost([...args, '--ticks', '1'], { ...environment, NETDATA_USER_CONFIG_DIR: folder });
    await program.ended;
    expect(program.out).toMatch(/^CHART conntrack\.sockets .* line \d+ 3 '/);
  });

  it.each([
    ['netdata.conf turns the built-in collector off', '[plugins]\nproc = no\n', '', 'netfilter.conntrack_sockets'],
    ['netdata.conf leaves the built-in collector on', '[plugins]\nproc = yes\n', '', 'conntrack.sockets'],
    ['there is no netdata.conf', undefined, '', 'conntrack.sockets'],
    ['conntrack.conf sets contexts: netfilter', undefined, 'contexts: netfilter\n', 'netfilter.conntrack_sockets'],
    ['conntrack.conf sets contexts: conntrack', '[plugins]\nproc = no\n', 'contexts: conntrack\n', 'conntrack.sockets'],
  ])('selects the context of its charts where %s', async (_, netdata, config, context) => {
    if (netdata !== undefined) writeFileSync(join(folder, 'netdata.conf'), netdata);
    writeFileSync(join(folder, 'conntrack.conf'), config);
    const program = onHost(['1', '--ticks', '1'], { NETDATA_USER_CONFIG_DIR: folder });
    await program.ended;
    expect(/^CHART conntrack\.sockets .* '(\S+)' line /m.exec(program.out)?.[1]).toBe(context);
  });

  it('draws only connections and utilization in basic mode, labelled with the configured source', async () => {
    writeFileSync(join(folder, 'conntrack.conf'), 'mode: basic\nsource: "fw \'north\' 1"\n');
    const program = onHost(['1', '--ticks', '2', '--config', join(folder, 'conntrack.conf')]);
    await program.ended;
    const { definitions } = parseStream(program.out);
    expect(Object.keys(definitions)).toEqual(['conntrack.sockets', 'conntrack.utilization']);
    for (const { labels } of Object.values(definitions)) expect(labels).toEqual({ source: "fw 'north' 1" });
  });

  it('draws every CPU where per_cpu is yes', async () => {
    writeFileSync(join(folder, 'conntrack.conf'), 'modules:\n  stat:\n    per_cpu: yes\n');
    const program = onHost(['1', '--ticks', '2'], { NETDATA_STOCK_CONFIG_DIR: folder });
    await program.ended;
    const { definitions } = parseStream(program.out);
    expect(definitions['conntrack.cpu_events_cpu0']?.labels).toEqual({ cpu: 'cpu0' });
    expect(definitions['conntrack.cpu_events_cpu1']?.labels).toEqual({ cpu: 'cpu1' });
  });

  it('sends DISABLE and exits with 0 when every module is disabled', async () => {
    writeFileSync(
      join(folder, 'conntrack.conf'),
      `modules: { ${['stat', 'events', 'flows', 'sockets', 'conntrackd'].map((name) => `${name}: { enabled: no }`).join(', ')} }\n`,
    );
    const program = onHost(['1', '--config', join(folder, 'conntrack.conf')]);
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
    ['a bad interval', ['0'], {}, 'INTERVAL: expected whole seconds from 1 to 86400, got \\"0\\"'],
    [
      'a bad variable',
      ['1'],
      { NETDATA_UPDATE_EVERY: '1s' },
      'NETDATA_UPDATE_EVERY: expected whole seconds from 1 to 86400, got \\"1s\\"',
    ],
    ['an unknown option', ['1', '--tick', '5'], {}, 'unknown option \\"--tick\\"; did you mean \\"--ticks\\"?'],
    [
      'a missing file',
      ['1', '--config', '/nowhere/x.conf', '--ticks', '1'],
      {},
      '/nowhere/x.conf: cannot be read: ENOENT',
    ],
  ])('refuses %s with one log line and exit code 2', async (_, args, environment, text) => {
    const program = onHost(args, environment);
    expect(await program.ended).toEqual({ code: 2, signal: null });
    expect(program.err).toMatch(/^time=\S+ comm=conntrack\.plugin source=collector level=error msg=/);
    expect(program.err).toContain(text);
    expect(program.err.match(/\n/g)).toHaveLength(1);
    expect(program.out).toBe('');
  });

  it.each([
    [['chek'], 'unknown command "chek"; did you mean "check"?'],
    [['check', '--ticks', '2'], 'check takes no --ticks'],
    [['show', '--colour'], /^unknown option "--colour"; expected one of .*--version$/],
    [['show', '--config', '/nowhere/x.conf'], /^\/nowhere\/x\.conf: cannot be read: ENOENT/],
  ])('refuses %j with a plain message and exit code 2', (args, message) => {
    const { status, stderr, stdout } = spawnSync(PLUGIN, args, {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] },
    });
    expect([status, stdout]).toEqual([2, '']);
    const [, said = ''] = /^conntrack\.plugin: (.*)\n$/.exec(stderr) ?? [];
    if (typeof message === 'string') expect(said).toBe(message);
    else expect(said).toMatch(message);
  });

  it('starts each log line with its priority where standard error is a journal stream', () => {
    const file = join(folder, 'journal');
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

  it('refuses an invalid configuration of a run with --ticks in one line, with exit code 2', async () => {
    const file = join(folder, 'conntrack.conf');
    writeFileSync(file, 'update_every: 1\nmode: quick\n');
    const program = onHost(['1', '--ticks', '1'], { NETDATA_USER_CONFIG_DIR: folder });
    expect(await program.ended).toMatchObject({ code: 2 });
    expect(program.err).toContain(`${file}: line 2: mode: expected basic or advanced, got \\"quick\\"`);
    expect(program.err.match(/\n/g)).toHaveLength(1);
  });

  it('refuses an invalid configuration where it runs without an agent', () => {
    const file = join(folder, 'conntrack.conf');
    writeFileSync(file, 'mode: quick\n');
    const result = spawnSync(PLUGIN, ['1', '--config', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    expect(result).toMatchObject({ status: 2, stdout: '' });
    expect(result.stderr).toContain(`${file}: line 1: mode: expected basic or advanced`);
  });
});

describe('the program under an agent, with an invalid configuration', () => {
  const VALID = `source: fixed\n${STAT_ALONE}`;
  const file = (): string => join(folder, 'conntrack.conf');

  it.each([
    ['its content is fixed', (): void => writeFileSync(file(), VALID)],
    ['another file replaces it', (): void => replace(file(), VALID)],
    ['it is removed and the stock one is valid', (): void => rmSync(file())],
  ])('logs one line, and starts once %s', async (_, fix) => {
    writeFileSync(file(), 'update_every: 1\nmode: quick\n');
    const program = onHost(['1'], { NETDATA_USER_CONFIG_DIR: folder });
    await program.logged(
      `${file()}: line 2: mode: expected basic or advanced, got \\"quick\\"; waiting until this is fixed`,
    );
    expect([program.out, program.err.match(/\n/g)?.length]).toEqual(['', 1]);
    fix();
    await program.printed('BEGIN conntrack.errors');
    program.child.stdin.end();
    expect(await program.ended).toEqual({ code: 0, signal: null });
  });

  it('starts once the file of --config appears', async () => {
    const program = onHost(['1', '--config', file()]);
    await program.logged('cannot be read: ENOENT');
    writeFileSync(file(), VALID);
    await program.printed("CLABEL 'source' 'fixed'");
    expect(program.err.match(/\n/g)).toHaveLength(2);
  });

  it('starts when a FIFO that nobody writes to is replaced by a file', async () => {
    execFileSync('mkfifo', [file()]);
    const program = onHost(['1'], { NETDATA_USER_CONFIG_DIR: folder });
    await program.logged(`read ${file()}: not a regular file; waiting until this is fixed`);
    replace(file(), VALID);
    await program.printed("CLABEL 'source' 'fixed'");
    expect(program.err.match(/\n/g)).toHaveLength(2);
  });

  it.each(['SIGTERM', 'SIGUSR2'] as const)('exits with 0 on %s', async (signal) => {
    writeFileSync(file(), 'mode: quick\n');
    const program = onHost(['1'], { NETDATA_USER_CONFIG_DIR: folder });
    await program.logged('waiting until this is fixed');
    program.child.kill(signal);
    expect(await program.ended).toEqual({ code: 0, signal: null });
  });
});

describe('the program, on SIGHUP', () => {
  it('reloads its configuration: changes take effect, and unchanged charts continue', async () => {
    const file = join(folder, 'conntrack.conf');
    writeFileSync(file, STAT_ALONE);
    const program = onHost(['1', '--config', file]);
    await program.printed('BEGIN conntrack.errors');
    replace(file, `mode: basic\n${STAT_ALONE}`);
    program.child.kill('SIGHUP');
    await program.printed(" 'obsolete' ");
    replace(file, 'mode: quick\n');
    program.child.kill('SIGHUP');
    await program.logged(
      'line 1: mode: expected basic or advanced, got \\"quick\\"; keeping the running configuration',
    );
    const before = program.out.length;
    await program.updated('conntrack.sockets', 2);
    expect(program.out.slice(before)).not.toContain('CHART');
    replace(file, `update_every: 2\n${STAT_ALONE}`);
    program.child.kill('SIGHUP');
    await program.updated('conntrack.errors', 2);

    const { definitions, updates } = program.stream;
    expect(definitions['conntrack.errors']).toMatchObject({ every: 2 });
    const ofSockets = updates.filter(({ chart }) => chart === 'conntrack.sockets');
    expect(ofSockets.filter(({ microseconds }) => microseconds === undefined)).toHaveLength(1);
    expect(program.out.match(/^CHART conntrack.sockets /gm)).toHaveLength(2);
    expect(program.err.match(/the configuration was reloaded/g)).toHaveLength(2);
    program.child.stdin.end();
    expect(await program.ended).toEqual({ code: 0, signal: null });
  });

  it('exits with 0 on a terminal, which has been closed', () => {
    const words = `exec '${PLUGIN}' 1 --config '${join(stock, 'conntrack.conf')}'`;
    writeFileSync(join(folder, 'run'), `(sleep 2; kill -HUP $$) &\n${words}\n`);
    const command = `NETDATA_HOST_PREFIX='${HOST}' sh '${join(folder, 'run')}'`;
    const result = spawnSync('script', ['-qec', command, '/dev/null'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 20_000,
    });
    expect(result.stdout).toContain('BEGIN conntrack.sockets');
    expect(result.status).toBe(0);
  });
});

describe('the program exits with 0', () => {
  it.each([
    ['when standard input ends', (program: Program) => program.child.stdin.end()],
    ['when the agent sends QUIT without a newline', (program: Program) => program.child.stdin.write('QUIT')],
    ['when the agent sends QUIT with a newline', (program: Program) => program.child.stdin.write('QUIT\n')],
    ['when standard output breaks', (program: Program) => program.child.stdout.destroy()],
  ])('%s', async (_, act) => {
    const program = onHost();
    await program.printed('END\n');
    act(program);
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(program.err).toBe('');
  });

  it.each(['SIGTERM', 'SIGINT', ...ENDING] as const)('on %s', async (signal) => {
    const program = onHost();
    await program.printed('END\n');
    program.child.kill(signal);
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(program.err).toBe('');
  });

  it('on every signal that can be handled, except those of crashes, those that stop a process and those ignored by default', () => {
    const crash = ['SIGILL', 'SIGTRAP', 'SIGBUS', 'SIGFPE', 'SIGSEGV'];
    const stop = ['SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU'];
    const nothing = ['SIGPIPE', 'SIGXFSZ', 'SIGCHLD', 'SIGCONT', 'SIGURG', 'SIGWINCH'];
    const others = new Set(['SIGKILL', 'SIGHUP', ...crash, ...stop, ...nothing]);
    const numbers = Object.entries(constants.signals).filter(([name]) => !others.has(name));
    const listened = new Set(['SIGTERM', 'SIGINT', ...ENDING].map((name) => numberOf(name)));
    expect(numbers.filter(([, number]) => !listened.has(number))).toEqual([]);
  });

  it('on SIGTERM even while its log is not read', async () => {
    const log = join(folder, 'log');
    spawnSync('mkfifo', [log]);
    const descriptor = openSync(log, 'r+');
    const child = spawn(PLUGIN, ['1', '--debug'], { stdio: ['pipe', 'pipe', descriptor] });
    let out = '';
    child.stdout?.on('data', (text) => {
      out += text;
    });
    child.stdin?.on('error', () => undefined);
    // More than a pipe holds.
    for (let line = 0; line < 5000; line++) child.stdin?.write(`UNKNOWN ${'x'.repeat(150)}\n`);
    child.stdin?.write('FUNCTION tx-9 10 "none"\n');
    await until('all lines are read', 10, () => out.includes('FUNCTION_RESULT_END'));
    child.kill('SIGTERM');
    const ended = await Promise.race([once(child, 'exit'), seconds(5)]);
    child.kill('SIGKILL');
    closeSync(descriptor);
    expect(ended).toEqual([0, null]);
  });

  it('on SIGTERM even while the agent does not read', async () => {
    const program = start(['1'], wideHost(folder, 512));
    program.child.stdout.pause();
    await program.logged('does not read');
    program.child.kill('SIGTERM');
    expect(await program.ended).toEqual({ code: 0, signal: null });
  });
});

describe('the program continues', () => {
  it('where a kernel file is a FIFO', async () => {
    mkdirSync(join(folder, 'proc/net/stat'), { recursive: true });
    spawnSync('mkfifo', [join(folder, 'proc/net/stat/nf_conntrack')]);
    const program = start(['1'], { NETDATA_HOST_PREFIX: folder });
    await program.logged('cannot be used');
    program.child.stdin.end();
    expect(await program.ended).toEqual({ code: 0, signal: null });
  });

  it('where standard input is /dev/null', async () => {
    const result = spawnSync(PLUGIN, ['1', '--ticks', '3'], {
      encoding: 'utf8',
      timeout: AT_MOST,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    expect(result.status).toBe(0);
    expect(() => parseStream(result.stdout)).not.toThrow();
  });

  it('where standard input is a terminal', () => {
    const environment = `NETDATA_HOST_PREFIX='${HOST}' NETDATA_STOCK_CONFIG_DIR='${stock}'`;
    const command = `${environment} '${PLUGIN}' 1 --ticks 3`;
    const result = spawnSync('script', ['-qec', command, '/dev/null'], {
      encoding: 'utf8',
      timeout: AT_MOST,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const stream = parseStream(result.stdout.replaceAll('\r\n', '\n'));
    expect(stream.updates.filter((update) => update.chart === 'conntrack.sockets')).toHaveLength(3);
  });

  it('after unknown input lines, which it logs with --debug', async () => {
    const program = onHost(['1', '--debug']);
    await program.printed('END\n');
    program.child.stdin.write('BLAH blah\nFUNCTION_PROGRESS 5\n');
    await program.logged('line="BLAH blah"');
    await program.printed('BEGIN conntrack.errors');
    expect(program.err).toContain('line="FUNCTION_PROGRESS 5"');
  });

  it('after a call of an unknown function, which it answers with 404', async () => {
    const program = onHost();
    program.child.stdin.write('FUNCTION tx-17 10 "conntrack:flows limit:5" "0x8" "user=somebody"\n');
    await program.printed('FUNCTION_RESULT_END\n');
    const [, code, body] =
      /FUNCTION_RESULT_BEGIN 'tx-17' (\d+) application\/json \d+\n(.*)\nFUNCTION_RESULT_END\n/.exec(program.out) ?? [];
    expect(code).toBe('404');
    expect(JSON.parse(body ?? '')).toMatchObject({
      status: 404,
      errorMessage: expect.stringContaining('conntrack:flows'),
    });
  });

  it('while the agent does not read: drops whole ticks, logs that once, and resumes with a valid stream', async () => {
    const program = start(['1'], wideHost(folder, 512));
    program.child.stdout.pause();
    await program.logged('does not read');
    await seconds(2.5);
    program.child.stdout.resume();
    await program.logged('reads again');
    program.child.kill('SIGSTOP');
    await until('all is read', 10, () => program.out.endsWith('END\n'));
    const dropped = Number(/dropped=(\d+)/.exec(program.err)?.[1]);
    expect(dropped).toBeGreaterThanOrEqual(2);
    expect(program.err.match(/does not read/g)).toHaveLength(1);
    const updates = parseStream(program.out).updates.filter((update) => update.chart === 'conntrack.sockets');
    const longest = Math.max(...updates.map((update) => update.microseconds ?? 0));
    expect(longest).toBeGreaterThan(dropped * 1e6);
  });

  it('through long intervals, in which it prints empty lines', async () => {
    const faster = join(folder, 'faster.cjs');
    writeFileSync(
      faster,
      'const { setInterval } = globalThis;\n' +
        'globalThis.setInterval = (action, milliseconds) => setInterval(action, milliseconds / 100);\n',
    );
    const program = onHost(['300'], { NODE_OPTIONS: `--require ${faster}` });
    await program.printed('END\n\n\n');
    program.child.stdin.end();
    expect(await program.ended).toEqual({ code: 0, signal: null });
  });

  it('as an unprivileged user', () => {
    const copy = join(folder, 'conntrack.plugin');
    cpSync(PLUGIN, copy);
    chmodSync(folder, 0o755);
    const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    const result = spawnSync(copy, ['1', '--ticks', '2'], { encoding: 'utf8', timeout: AT_MOST, cwd: '/', ...nobody });
    expect(result.status).toBe(0);
    expect(() => parseStream(result.stdout)).not.toThrow();
  });
});

describe('the program, on an uncaught exception', () => {
  it('logs one line with the cause and exits with 1', async () => {
    const bomb = join(folder, 'bomb.cjs');
    writeFileSync(bomb, "setTimeout(() => { throw new Error('ouch', { cause: new Error('the root') }); }, 700);");
    const program = onHost(['1'], { NODE_OPTIONS: `--require ${bomb}` });
    expect(await program.ended).toEqual({ code: 1, signal: null });
    expect(program.err).toMatch(
      /^time=\S+ comm=conntrack\.plugin source=collector level=error msg="unexpected: ouch" cause="the root" .*\n$/,
    );
  });
});

describe('the program in a container with the host below a prefix', () => {
  it("draws the network namespace of the host's first process, not its own", async () => {
    cpSync(HOST, folder, { recursive: true });
    mkdirSync(join(folder, 'proc/1/net/stat'), { recursive: true });
    replace(join(folder, 'proc/1/net/stat/nf_conntrack'), statText(NAMES, [statRow({ entries: 1717 })]));
    const program = start(['1', '--ticks', '1'], { NETDATA_HOST_PREFIX: folder });
    await program.ended;
    expect(drawn(parseStream(program.out), 'conntrack.sockets')).toEqual({ connections: 1717 });
  });

  it('waits where connection tracking is not loaded, and logs the remedy', async () => {
    const program = start(['1'], { NETDATA_HOST_PREFIX: folder, NETDATA_STOCK_CONFIG_DIR: stock });
    await program.logged('modprobe nf_conntrack');
    program.child.stdin.end();
    expect(await program.ended).toMatchObject({ code: 0 });
    expect(program.out).toBe('');
    expect(program.err.match(/\n/g)).toHaveLength(1);
  });

  it('leaves a gap while the file is truncated or missing, and continues afterwards', async () => {
    cpSync(HOST, folder, { recursive: true });
    rmSync(join(folder, 'proc/sys/net'), { recursive: true });
    const file = join(folder, 'proc/net/stat/nf_conntrack');
    replace(file, statText(NAMES, [statRow({ entries: 501 })]));
    const program = start(['1'], { NETDATA_HOST_PREFIX: folder });
    await program.printed('SET connections = 501\n');
    replace(file, statText(NAMES, [statRow({ entries: 502 })]).subarray(0, 200));
    await program.logged('torn');
    rmSync(file);
    await program.logged('not loaded');
    const updates = parseStream(program.out).updates.length;
    replace(file, statText(NAMES, [statRow({ entries: 503 })]));
    await program.printed('SET connections = 503\n');
    expect(
      parseStream(program.out.slice(0, program.out.indexOf('SET connections = 503')).replace(/BEGIN[^\n]*\n$/, ''))
        .updates,
    ).toHaveLength(updates);
    await program.logged('can be read again');
  });
});

function seconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * 1000));
}

/** Makes a host with so many CPUs that one tick is more than a pipe holds; returns the environment for it. */
function wideHost(root: string, cpus: number): Record<string, string> {
  mkdirSync(join(root, 'proc/net/stat'), { recursive: true });
  const rows = Array.from({ length: cpus }, () => statRow({ entries: 99 }));
  replace(join(root, 'proc/net/stat/nf_conntrack'), statText(NAMES, rows));
  writeFileSync(join(root, 'conntrack.conf'), 'modules: { stat: { per_cpu: yes } }\n');
  return { NETDATA_HOST_PREFIX: root, NETDATA_USER_CONFIG_DIR: root };
}
