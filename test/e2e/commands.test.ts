/** The commands of live answers against a real kernel: for a program, on a terminal, and without privilege. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';

import { establishedConnections } from '../helpers/conntrack.ts';
import { AS_NOBODY } from '../helpers/container.ts';
import { Laboratory } from '../helpers/laboratory.ts';
import { copyForEverybody, PLUGIN, Program } from '../helpers/program.ts';
import { openShell } from '../helpers/shell.ts';
import type { Tmux } from '../helpers/tmux.ts';
import { until } from '../helpers/until.ts';

const missing = inject('missing');

/** From one source: 61 to a resolver; 37 translated to one address, ports and all. */
const RESOLVER = Array.from(
  { length: 61 },
  (_, place) => `-A -t 600 -s 10.88.7.7 -d 10.99.0.53 -p udp --sport ${2000 + place} --dport 53`,
);
const TRANSLATED = Array.from(
  { length: 37 },
  (_, place) =>
    `-A -t 700 -s 10.88.8.8 -d 10.99.0.2 -p tcp --sport ${3000 + place} --dport 8443 --state SYN_SENT ` +
    `-n 203.0.113.9:${50_000 + place}`,
);
const TOTAL = 300 + RESOLVER.length + TRANSLATED.length;

let laboratory: Laboratory;
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'conntrack-answers-'));
  if (missing.kernel !== undefined) return;
  laboratory = Laboratory.create();
  laboratory.restore([...establishedConnections(300), ...RESOLVER, ...TRANSLATED]);
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await laboratory?.close();
});

interface Printed {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a command in the router's namespace to its end. */
async function printed(...args: readonly string[]): Promise<Printed> {
  const program = new Program(args, {}, { via: laboratory.via('router') });
  const { code } = await program.ended;
  return { code, out: program.out, err: program.err };
}

/** The objects that a command prints. */
async function objects(...args: readonly string[]): Promise<Record<string, unknown>[]> {
  const { code, err, out } = await printed(...args, '--json');
  if (code !== 0) throw new Error(err);
  return out
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

describe.skipIf(missing.kernel !== undefined)('a command for a program', () => {
  it('top ranks sources with exact numbers, and says on standard error how full the table is', async () => {
    const { code, err, out } = await printed('top');
    expect(code).toBe(0);
    const lines = out.split('\n').map((line) => line.trim().split(/ {2,}/));
    const ids = ['source', 'connections', 'connections_error', 'share', 'share_error', 'unreplied'];
    expect(lines[0]?.slice(0, 6)).toEqual(ids);
    expect(lines.slice(1, 4).map((cells) => cells.slice(0, 6))).toEqual([
      ['10.88.0.1', '300', '-', '75.377', '-', '0'],
      ['10.88.7.7', '61', '-', '15.327', '-', '61'],
      ['10.88.8.8', '37', '-', '9.296', '-', '37'],
    ]);
    expect(err).toMatch(new RegExp(`^conntrack\\.plugin: The table holds ${TOTAL} of at most [\\d,]+ entries`));
  });

  it('list has the connections that conntrack -L has', async () => {
    const listed = laboratory.run('router', ['conntrack', '-L', '-p', 'tcp', '--dport', '8443']);
    const ports = [...listed.matchAll(/ src=10\.88\.8\.8 dst=10\.99\.0\.2 sport=(\d+) /g)].map(([, port]) =>
      Number(port),
    );
    expect(ports).toHaveLength(37);
    const found = await objects('list', '--proto', 'tcp', '--dport', '8443');
    expect(found.map(({ source_port }) => source_port).sort()).toEqual(ports.sort());
    expect(found.find(({ source_port }) => source_port === 3007)).toMatchObject({
      protocol: 'tcp',
      state: 'SYN_SENT',
      source: '10.88.8.8',
      destination: '10.99.0.2',
      destination_port: 8443,
      translated_source: '203.0.113.9:50007',
    });
  });

  it('nat-ports counts the ports of an endpoint', async () => {
    expect(await objects('nat-ports')).toEqual([
      expect.objectContaining({ protocol: 'tcp', address: '203.0.113.9', used: 37 }),
    ]);
  });

  it('nat-ports takes the size of the pool from the configuration', async () => {
    const config = 'modules: { flows: { snat_pools: [{ addresses: 203.0.113.0/28, ports: 50000-50073 }] } }\n';
    const program = new Program(['nat-ports', '--json'], {}, { via: laboratory.via('router'), config });
    onTestFinished(() => program.stop().then(() => undefined));
    await program.ended;
    expect(JSON.parse(program.out)).toMatchObject({ used: 37, pool: 74, percent: 50 });
  });

  it('stuck groups what is unanswered by destination', async () => {
    const groups = await objects('stuck');
    expect(groups.find(({ destination }) => destination === '10.99.0.53:53')).toMatchObject({
      protocol: 'udp',
      connections: 61,
      source: '10.88.7.7',
    });
  });

  it('is repeated as often as --ticks says', async () => {
    const rows = await objects('list', '1', '--ticks', '2', '--dst', '10.99.0.53', '--limit', '1');
    expect(rows).toHaveLength(2);
  });

  it('refuses an argument, naming what is allowed', async () => {
    expect(await printed('list', '--dport', 'https')).toEqual({
      code: 2,
      out: '',
      err: 'conntrack.plugin: --dport: found "https", allowed: a port from 0 to 65535\n',
    });
    expect(await printed('top', '--bye', 'zone')).toMatchObject({
      code: 2,
      err: 'conntrack.plugin: unknown option "--bye"; did you mean "--by"?\n',
    });
  });

  it.each(['top', 'list', 'nat-ports', 'stuck', 'tail'])(
    '%s without the privilege says how to get it, and fails',
    async (command) => {
      const plugin = copyForEverybody(folder);
      const program = new Program([command], {}, { via: [...laboratory.via('router'), ...AS_NOBODY], plugin });
      expect(await program.ended).toMatchObject({ code: 1 });
      expect([program.out, program.err]).toEqual([
        '',
        'conntrack.plugin: the plugin lacks CAP_NET_ADMIN; run conntrack.plugin check to see how to grant it, ' +
          'or run this command as root\n',
      ]);
    },
  );
});

describe.skipIf(missing.kernel !== undefined)('tail', () => {
  const CREATE = ['-p', 'udp', '-s', '10.88.9.9', '-d', '10.99.0.9', '--sport', '4711', '--dport', '5353'];

  function started(...args: readonly string[]): Program {
    const program = new Program(['tail', ...args], {}, { via: laboratory.via('router') });
    onTestFinished(() => program.stop().then(() => undefined));
    return program;
  }

  /** Makes and deletes a connection, until its events are seen: it takes a while until the program listens. */
  async function eventsIn(program: Program, ...expected: readonly string[]): Promise<void> {
    await until(expected.join(' and '), 120, () => {
      laboratory.run('router', ['conntrack', '-I', '-t', '60', ...CREATE]);
      laboratory.run('router', ['conntrack', '-D', ...CREATE]);
      return expected.every((text) => program.out.includes(text));
    });
  }

  it('prints new and destroyed connections, and ends on Ctrl-C', async () => {
    const program = started('--proto', 'udp');
    const tuple = 'udp 10.88.9.9:4711 -> 10.99.0.9:5353\n';
    await eventsIn(program, ` new       ${tuple}`, ` destroyed ${tuple}`);
    expect(program.out).toMatch(/^\d\d:\d\d:\d\d\.\d{3} new /m);
    program.child.kill('SIGINT');
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(program.err).toBe('');
  });

  it('prints only the events that match the filter, as JSON', async () => {
    const program = started('--json', '--dport', '5353');
    const other = started('--json', '--dport', '5354');
    await eventsIn(program, '"event":"new"', '"event":"destroyed"');
    const [line = ''] = program.out.split('\n');
    expect(JSON.parse(line)).toMatchObject({ source: '10.88.9.9', source_port: 4711, destination_port: 5353 });
    expect(other.out).toBe('');
  });

  it('ends when no one reads its output', async () => {
    const program = started();
    await eventsIn(program, ' new ');
    program.child.stdout.destroy();
    await until('the end of tail', 120, () => {
      laboratory.run('router', ['conntrack', '-I', '-t', '60', ...CREATE]);
      laboratory.run('router', ['conntrack', '-D', ...CREATE]);
      return program.child.exitCode === 0;
    });
    expect(program.err).toBe('');
  });
});

describe.skipIf(missing.terminal !== undefined)('a command on a terminal', () => {
  function shell(columns: number, rows: number): Tmux {
    return openShell(laboratory.via('router'), columns, rows);
  }

  function text(tmux: Tmux): string {
    return tmux.screen.join('\n');
  }

  async function shown(tmux: Tmux, expected: RegExp): Promise<void> {
    await until(`${expected} on the screen`, 120, () => expected.test(text(tmux)));
  }

  const RUN = `${process.execPath} ${PLUGIN}`;
  // A shell that was not ready yet prints its prompt after what was typed.
  const ENDED = /ended with 0$/m;

  it('top shows at a glance how full the table is and who fills it', async () => {
    const tmux = shell(80, 24);
    tmux.type(`clear; ${RUN} top; echo ended with $?`);
    await shown(tmux, ENDED);
    const screen = text(tmux);
    expect(tmux.screen[0]).toMatch(/^398 of [\d,]+ entries {2}\d+\.\d %$/);
    expect(screen).toMatch(/^Source ─+ {2}Destination ─+$/m);
    expect(screen).toMatch(/^10\.88\.0\.1 +300 +75\.4 % █+.? +10\.99\.0\.1 +300 +75\.4 % █+.?$/m);
    expect(screen).toMatch(/^10\.88\.7\.7 +61 +15\.3 % █+.? /m);
    expect(screen).toMatch(/ {2}tcp ESTABLISHED +300 +75\.4 %/);
    expect(tmux.modes.isAlternate).toBe(false);
  });

  it('list shows as many columns as fit, and addresses with their ports', async () => {
    const tmux = shell(80, 24);
    tmux.type(`clear; ${RUN} list --dport 8443 --limit 3; echo ended with $?`);
    await shown(tmux, ENDED);
    expect(tmux.screen[0]).toBe('Protocol  State     Source          Destination     Translated source  Timeout');
    expect(tmux.screen[1]).toMatch(
      /^tcp {7}SYN_SENT {2}10\.88\.8\.8:30\d\d {2}10\.99\.0\.2:8443 {2}203\.0\.113\.9:500\d\d {3}(?:\d|1[01]) min$/,
    );
    expect(text(tmux)).toContain('Showing 3 of 37 matching connections');
  });

  it('without a limit fits the screen, the first row at its top', async () => {
    const tmux = shell(80, 24);
    tmux.type(`clear; ${RUN} list`);
    await shown(tmux, /^… \d+ more rows$[\s\S]*^ready>$/m);
    expect(tmux.screen[0]).toMatch(/^Protocol +State /);
  });

  it('with an interval is a screen that is redrawn, fits the window, and restores the terminal', async () => {
    const tmux = shell(100, 30);
    tmux.type(`${RUN} top --by source 1; echo ended with $?`);
    await shown(tmux, /^Ctrl-C ends$/m);
    expect(tmux.screen[0]).toMatch(/^top --by source 1 {2}every 1 s .* \d\d:\d\d:\d\d$/);
    expect(text(tmux)).toMatch(/^10\.88\.7\.7 +61 +15\.3 %/m);
    expect(tmux.modes).toEqual({ isAlternate: true, hasCursor: false, wraps: false });
    laboratory.restore(['-A -t 600 -s 10.88.5.5 -d 10.99.0.53 -p udp --sport 2000 --dport 53']);
    await shown(tmux, /^10\.88\.5\.5 +1 /m);
    laboratory.run('router', ['conntrack', '-D', '-s', '10.88.5.5']);
    tmux.resize(60, 12);
    await until('a screen of 12 lines', 120, () => tmux.screen.length === 12 && tmux.screen[11] === 'Ctrl-C ends');
    tmux.press('C-c');
    await shown(tmux, ENDED);
    expect(tmux.modes).toEqual({ isAlternate: false, hasCursor: true, wraps: true });
  });

  it('with a number of updates ends after them', async () => {
    const tmux = shell(80, 24);
    tmux.type(`${RUN} top 1 --ticks 2; echo ended with $?`);
    await shown(tmux, ENDED);
    expect(tmux.modes.isAlternate).toBe(false);
  });

  it('without the privilege says so on a terminal', async () => {
    const tmux = shell(160, 24);
    tmux.type(`${AS_NOBODY.join(' ')} ${process.execPath} ${copyForEverybody(folder)} top; echo ended with $?`);
    await shown(tmux, /conntrack\.plugin: the plugin lacks CAP_NET_ADMIN; .* or run this command as root$/m);
    await shown(tmux, /ended with 1$/m);
    expect(tmux.modes.isAlternate).toBe(false);
  });
});
