/** `conntrack.plugin show` on a real terminal and on a pipe, in a namespace with known connections. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, type as kernel, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, onTestFinished } from 'vitest';

import { establishedConnections } from '../helpers/conntrack.ts';
import { AS_NOBODY } from '../helpers/container.ts';
import { Laboratory } from '../helpers/laboratory.ts';
import { copyForEverybody, PLUGIN, Program, throwOnceDrawn } from '../helpers/program.ts';
import { openShell } from '../helpers/shell.ts';
import { Tmux } from '../helpers/tmux.ts';
import { until } from '../helpers/until.ts';

const missing = inject('missing');

let laboratory: Laboratory;
let folder = '';

/** Lines for `conntrack -R`: connections from consecutive ports. */
function connections(count: number, firstPort: number, protocol: string, rest: string): string[] {
  return Array.from(
    { length: count },
    (_, place) => `-A -t 3600 -s 10.88.0.1 -d 10.99.0.1 -p ${protocol} --sport ${firstPort + place} --dport ${rest}`,
  );
}

/** The limit of the table, as shown; the kernel has one for all namespaces. */
function limit(): string {
  return Number(readFileSync('/proc/sys/net/netfilter/nf_conntrack_max', 'utf8')).toLocaleString('en-US');
}

/** A shell in the router's namespace, in a terminal. */
function shell(columns: number, rows: number): Tmux {
  return openShell(laboratory.via('router'), columns, rows);
}

async function shown(tmux: Tmux, text: string | RegExp | (() => string)): Promise<void> {
  const isShown = (screen: string): boolean => {
    if (text instanceof RegExp) return text.test(screen);
    return screen.includes(typeof text === 'string' ? text : text());
  };
  await until(`${typeof text === 'function' ? text() : text} on the screen`, 120, () =>
    isShown(tmux.screen.join('\n')),
  );
}

/** Resolves after so many updates of one second. */
async function past(updates: number): Promise<void> {
  const end = performance.now() + updates * 1000;
  await until(`${updates} seconds later`, updates + 1, () => performance.now() > end);
}

/** The modes of the terminal in a shell, and on the screen. */
const SHELL = { isAlternate: false, hasCursor: true, wraps: true };
const SCREEN = { isAlternate: true, hasCursor: false, wraps: false };

/** Waits until the terminal has the modes of a shell. */
async function isBack(tmux: Tmux): Promise<void> {
  await until('the shell is back', 120, () => isDeepStrictEqual(tmux.modes, SHELL));
}

const SHOW = `${process.execPath} ${PLUGIN} show`;
/** The same, after writing its process id to a file. */
let identifiedShow = '';

function identified(): number {
  return Number(readFileSync(join(folder, 'pid'), 'utf8'));
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'conntrack-show-'));
  identifiedShow = `sh -c 'echo $$ > ${join(folder, 'pid')}; exec ${SHOW}'`;
  if (missing.terminal === undefined) laboratory = Laboratory.create();
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await laboratory?.close();
});

describe.skipIf(missing.terminal !== undefined)('show on a terminal', () => {
  beforeEach(() => {
    laboratory.flush();
    laboratory.restore([
      ...establishedConnections(300),
      ...connections(40, 2000, 'tcp', '443 --state TIME_WAIT -u SEEN_REPLY,ASSURED'),
      ...connections(17, 3000, 'tcp', '443 --state SYN_SENT'),
      ...connections(77, 4000, 'udp', '53'),
    ]);
  });

  it('shows the table of its namespace, fits the window, and restores the terminal on Ctrl-C', async () => {
    const tmux = shell(80, 24);
    tmux.type(`${SHOW}; echo ended with $?`);
    await shown(tmux, 'established');
    await shown(tmux, /^new +0\.0\/s .*▁/m);
    const text = tmux.screen.join('\n');
    expect(tmux.screen[0]).toMatch(new RegExp(`^${hostname()}  every 1 s  ${kernel()} ${release()} `));
    expect(text).toContain(`434 of ${limit()} entries`);
    expect(text).toContain('  tcp         357  82.3 % ████████████▍\n');
    expect(text).toContain('  udp          77  17.7 % ██▋\n');
    expect(text).toContain('  established         300  84.0 % █████▉\n');
    expect(text).toContain('  time_wait            40  11.2 % ▊\n');
    expect(text).toContain('  syn_sent             17   4.8 % ▍\n');
    expect(text).toContain('  unreplied          94  21.7 % ██\n');
    expect(tmux.modes).toEqual(SCREEN);
    // Green; tmux adds its background.
    expect(tmux.coloured).toMatch(/\[32m.{0,6} {2}\d+\.\d %/);

    for (const [columns, rows] of [
      [132, 50],
      [40, 10],
    ] as const) {
      tmux.resize(columns, rows);
      const isBar = (line = ''): boolean => line.length === columns && /^[█▏▎▍▌▋▊▉░]+$/.test(line);
      await until(`a screen of ${columns} columns`, 120, () => isBar(tmux.screen[2]));
      expect(tmux.screen).toHaveLength(rows);
      expect(tmux.screen[rows - 1]).toMatch(/^Ctrl-C ends/);
    }

    tmux.press('C-c');
    await shown(tmux, 'ended with 0');
    expect(tmux.modes).toEqual(SHELL);
    // Keys are echoed again.
    tmux.press('x');
    await shown(tmux, 'ready> x');
    expect(tmux.screen.join('\n')).not.toContain('established');
  });

  it('is redrawn when resized, before the next update', async () => {
    const tmux = shell(80, 24);
    tmux.type(`${SHOW} 600`);
    await shown(tmux, () => `434 of ${limit()} entries`);
    tmux.resize(100, 30);
    await until('a bar of 100 columns', 120, () => /^[█▏▎▍▌▋▊▉░]{100}$/.test(tmux.screen[2] ?? ''));
    expect(tmux.screen[0]).toContain('every 600 s');
    expect(tmux.screen.at(-1)).toBe('Ctrl-C ends');
  });

  it('reports skipped updates, even after it was stopped', async () => {
    const tmux = shell(160, 24);
    const hold = join(folder, 'hold.cjs');
    writeFileSync(
      hold,
      `process.once('SIGCONT', () => setTimeout(() => {
        for (const end = Date.now() + 2500; Date.now() < end; );
      }, 2000));`,
    );
    tmux.type(identifiedShow.replace(process.execPath, `${process.execPath} --require ${hold}`));
    await shown(tmux, 'Ctrl-C ends');
    process.kill(identified(), 'SIGCONT');
    await shown(tmux, 'late: updates are skipped');
  });

  it.each(['SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)('restores the terminal on %s', async (signal) => {
    const tmux = shell(80, 24);
    tmux.type(`${identifiedShow}; echo ended with $?`);
    await shown(tmux, 'Ctrl-C ends');
    process.kill(identified(), signal);
    await shown(tmux, 'ended with 0');
    expect(tmux.modes).toEqual(SHELL);
  });

  it('restores the terminal after --ticks updates', async () => {
    const tmux = shell(80, 24);
    tmux.type(`${SHOW} --ticks 2; echo ended with $?`);
    await shown(tmux, 'ended with 0');
    expect(tmux.modes).toEqual(SHELL);
  });

  it('reports a missing capability, in ASCII and without colours if the environment asks for it', async () => {
    const tmux = shell(160, 24);
    const plugin = copyForEverybody(folder);
    tmux.type(`LC_ALL=C NO_COLOR=1 ${AS_NOBODY.join(' ')} ${process.execPath} ${plugin} show`);
    await shown(tmux, 'CAP_NET_ADMIN');
    expect(tmux.screen.at(-1)).toBe('Ctrl-C ends   run conntrack.plugin check');
    expect(tmux.screen.join('\n')).toMatch(/^[\x20-\x7e\n]*$/);
    expect(tmux.coloured).not.toMatch(/\[\d+m.*entries/);
    expect(tmux.screen.join('\n')).not.toContain('Connections by Protocol');
  });

  it('prints one line per update on a dumb terminal', async () => {
    const tmux = shell(240, 50);
    tmux.type(`TERM=dumb ${SHOW} --ticks 2; echo ended with $?`);
    await shown(tmux, 'ended with 0');
    expect(tmux.screen.filter((line) => / sockets\.connections=434 /.test(line))).toHaveLength(2);
    expect(tmux.screen.join('\n')).not.toContain('Ctrl-C ends');
  });

  it('restores the terminal before it prints an unexpected error', async () => {
    const tmux = shell(160, 24);
    const bomb = join(folder, 'bomb.cjs');
    writeFileSync(bomb, throwOnceDrawn("new Error('ouch')"));
    tmux.type(`${process.execPath} --require ${bomb} ${PLUGIN} show; echo ended with $?`);
    await shown(tmux, 'msg="unexpected: ouch"');
    await shown(tmux, 'ended with 1');
    expect(tmux.modes).toEqual(SHELL);
  });

  it('prints a usage error on the terminal', async () => {
    const tmux = shell(160, 24);
    tmux.type(`${process.execPath} ${PLUGIN} 0; echo ended with $?`);
    // The shell may print its prompt after what was typed, on the line of the error.
    await shown(tmux, /conntrack\.plugin: INTERVAL: expected whole seconds from 1 to 86400, got "0"$/m);
    await shown(tmux, 'ended with 2');
    expect(tmux.modes).toEqual(SHELL);
  });

  it('ends on Ctrl-C if standard input is not a terminal', async () => {
    const tmux = shell(80, 24);
    tmux.type(`${SHOW} < /dev/null; echo ended with $?`);
    await shown(tmux, 'Ctrl-C ends');
    tmux.press('C-c');
    await isBack(tmux);
  });

  // A busy machine is late, too.
  it('is suspended by Ctrl-Z, and continues with fg; the shell then has its screen back', { retry: 3 }, async () => {
    const tmux = shell(80, 24);
    await shown(tmux, 'ready>');
    tmux.type('echo before the show');
    tmux.type(SHOW);
    await shown(tmux, 'Ctrl-C ends');
    tmux.press('C-z');
    await shown(tmux, 'Stopped');
    expect(tmux.modes).toEqual(SHELL);
    // Overdue updates run before the process receives SIGCONT.
    await past(2);
    tmux.resize(90, 24);
    tmux.type('fg');
    await shown(tmux, () => `434 of ${limit()} entries`);
    expect(tmux.modes).toEqual(SCREEN);
    // It was resized while the shell had the terminal.
    await until('a bar of 90 columns', 120, () => tmux.screen[2]?.length === 90);
    await past(1);
    expect(tmux.screen.join('\n')).not.toContain('late');
    tmux.press('q');
    await isBack(tmux);
    await shown(tmux, /^ready> echo before the show\nbefore the show\nready> .*Stopped.*\nready> fg\n.*\nready>\n/s);
    expect(tmux.screen.join('\n')).not.toContain('entries');
  });

  it('is suspended by SIGTSTP, and draws nothing while it continues in the background', async () => {
    const tmux = shell(80, 24);
    tmux.type(identifiedShow);
    await shown(tmux, 'Ctrl-C ends');
    process.kill(identified(), 'SIGTSTP');
    await shown(tmux, 'Stopped');
    expect(tmux.modes).toEqual(SHELL);
    tmux.type('bg');
    await past(2);
    // Before more lines scroll the top of the screen away.
    expect(tmux.screen.join('\n')).not.toContain('entries');
    tmux.type('jobs');
    await shown(tmux, 'Running');
    expect(tmux.modes).toEqual(SHELL);
    expect(tmux.screen.join('\n')).not.toContain('entries');
    tmux.type('fg');
    await shown(tmux, () => `434 of ${limit()} entries`);
    expect(tmux.modes).toEqual(SCREEN);
  });

  it('ignores Ctrl-Z without a shell that could continue it', async () => {
    const tmux = new Tmux(80, 24, [...laboratory.via('router'), process.execPath, PLUGIN, 'show']);
    onTestFinished(() => tmux.close());
    await shown(tmux, 'Ctrl-C ends');
    tmux.press('C-z');
    await past(2);
    await shown(tmux, 'Ctrl-C ends');
    expect(tmux.modes).toEqual(SCREEN);
  });
});

describe.skipIf(missing.terminal !== undefined)('show without a screen', () => {
  it('exits with 2 if every module is turned off', async () => {
    const off = ['stat', 'events', 'flows', 'sockets', 'conntrackd'].map((name) => `${name}: { enabled: no }`);
    const program = new Program(['show'], {}, { config: `modules: { ${off.join(', ')} }\n` });
    onTestFinished(async () => void (await program.stop()));
    expect(await program.ended).toEqual({ code: 2, signal: null });
    expect(program.err).toMatch(
      /^conntrack\.plugin: \S+conntrack\.conf: every module is turned off: nothing to show\n$/,
    );
    expect(program.out).toBe('');
  });

  it('prints one line per update to a pipe, without colours, and nothing to standard error', async () => {
    laboratory.flush();
    laboratory.restore(connections(21, 5000, 'udp', '53'));
    const program = new Program(['show', '--ticks', '3'], {}, { via: laboratory.via('router'), config: '' });
    onTestFinished(async () => void (await program.stop()));
    expect(await program.ended).toEqual({ code: 0, signal: null });
    const lines = program.out.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      expect(line).toMatch(
        /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ sockets\.connections=21 sockets\.max=\d+ utilization\.used=\d/,
      );
    }
    expect(lines[2]).toContain(' new.new=0 ');
    expect(lines[2]).toContain(' errors.drop=0');
    expect(program.err).toBe('');
  });

  it('logs a missing capability to standard error if standard output is a pipe', async () => {
    const via = [...laboratory.via('router'), ...AS_NOBODY];
    const plugin = copyForEverybody(folder);
    const program = new Program(['show', '--ticks', '1'], {}, { via, plugin, cwd: '/', config: '' });
    onTestFinished(async () => void (await program.stop()));
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(program.err).toMatch(/^time=.* msg=".*CAP_NET_ADMIN/m);
    expect(program.out).toMatch(/^\S+Z sockets\.connections=.*\n$/);
  });
});
