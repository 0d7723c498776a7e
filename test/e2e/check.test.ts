/** `conntrack.plugin check`, as the built program runs it on a real kernel. */

import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';

import type { Report, Section } from '../../collector/check/report.ts';
import { alone, TRACKING } from '../helpers/alone.ts';
import { run } from '../helpers/conntrack.ts';
import { AS_NOBODY } from '../helpers/container.ts';
import { copyForEverybody, Program, type ProgramOptions } from '../helpers/program.ts';

const ROOT = 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n';
/** The agent's user, which does not exist on this machine. */
const NETDATA = 'netdata:x:54321:54322:netdata:/:/bin/false\n';
const NO_CONNTRACKD = 'modules: { conntrackd: { enabled: no } }\n';
const INTRUDER = fileURLToPath(new URL('../helpers/intruder.js', import.meta.url));
/** Number of checks while another process tries to interfere. */
const STARTS = 20;

let folder = '';
/** A copy of the program that every user can run. */
let plugin = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'conntrack-check-'));
  plugin = copyForEverybody(folder);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Creates a passwd file and returns its path. */
function accounts(passwd: string): string {
  const file = join(folder, 'passwd');
  writeFileSync(file, passwd);
  return file;
}

/** A command that starts an idle program named netdata with these options of setpriv, and then another command. */
function besideNetdata(as: string): readonly string[] {
  const netdata = join(folder, 'netdata');
  copyFileSync('/bin/sleep', netdata);
  const wait = 'until [ "$(cat /proc/$!/comm)" = netdata ]; do :; done';
  return ['sh', '-c', `setpriv ${as} ${netdata} 60 >/dev/null 2>&1 & ${wait}; exec "$@"`, 'sh'];
}

/** Runs `check` on a host with these accounts. */
async function checked(
  passwd: string,
  {
    args = [],
    config = NO_CONNTRACKD,
    hidden = [],
    via = [],
    ...options
  }: ProgramOptions & { args?: string[]; hidden?: readonly string[] } = {},
): Promise<{ readonly code: number | null; readonly out: string }> {
  const program = new Program(
    ['check', ...args],
    { LANG: 'C.UTF-8' },
    // The machine of these accounts has no processes and no mounts of other tests.
    {
      plugin,
      cwd: '/',
      config: `${config}\nnamespaces: {}\n`,
      ...options,
      via: [...alone(accounts(passwd), hidden), ...via],
    },
  );
  const { code } = await program.ended;
  await program.stop();
  expect(program.err).toBe('');
  return { code, out: program.out };
}

/** The mark of each section in a printed report, by its label. */
function marks(out: string): Readonly<Record<string, string>> {
  const found = [...out.matchAll(/^\S (ok|FAIL|off|none) +(\S+)/gm)];
  return Object.fromEntries(found.map(([, mark = '', label = '']) => [label, mark]));
}

/** The codes of the faults in a JSON report, by section. */
function faults(out: string): Readonly<Record<string, readonly string[]>> {
  const { modules, ...report }: Report = JSON.parse(out);
  const sections = [...Object.entries(report), ...modules.map((module) => [module.name, module] as const)];
  const found = sections.map(
    ([name, section]) => [name, typeof section === 'object' ? faultsOf(section) : []] as const,
  );
  return Object.fromEntries(found.filter(([, codes]) => codes.length > 0));
}

function faultsOf({ findings }: Section): readonly string[] {
  return findings.filter(({ severity }) => severity === 'fault').map(({ code }) => code);
}

const WELL = {
  program: 'ok',
  kernel: 'ok',
  agent: 'none',
  privilege: 'ok',
  configuration: 'ok',
  namespaces: 'none',
  stat: 'ok',
  events: 'ok',
  flows: 'ok',
  sockets: 'ok',
  conntrackd: 'off',
};

describe.skipIf(inject('missing').kernel !== undefined)('check', () => {
  it('prints a report without faults, at most 80 columns wide, as root', async () => {
    const { code, out } = await checked(ROOT);
    expect(marks(out)).toEqual(WELL);
    expect(out).toMatch(/^conntrack\.plugin \S+, checked as root\n/);
    expect(out).toMatch(/^ {24}0 of [\d,]+ entries \(0\.0 %\)/m);
    expect(code).toBe(0);
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('prints the report as JSON', async () => {
    const { code, out } = await checked(ROOT, { args: ['--json'] });
    const report: Report = JSON.parse(out);
    expect(report).toMatchObject({
      format: 1,
      works: true,
      program: { path: plugin, packaged: false, user: 'root', uid: 0 },
      kernel: { tracking: true, entries: 0 },
      agent: { state: 'not_found' },
      privilege: { needed_by: ['events', 'flows'], permitted: true },
    });
    expect(report.modules.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'stat works',
      'events works',
      'flows works',
      'sockets works',
      'conntrackd off',
    ]);
    expect(code).toBe(0);
  });

  it('fails for the modules that need the capability', async () => {
    const { code, out } = await checked(ROOT, { via: AS_NOBODY, args: ['--json'] });
    expect(faults(out)).toEqual({ privilege: ['script'], events: ['no_capability'], flows: ['no_capability'] });
    expect(code).toBe(1);
  });

  it('fails for the modules that need connection tracking', async () => {
    const { code, out } = await checked(ROOT, { hidden: TRACKING, args: ['--json'] });
    expect(faults(out)).toEqual({
      stat: ['tracking_not_loaded'],
      events: ['tracking_not_loaded'],
      flows: ['tracking_not_loaded'],
    });
    expect(JSON.parse(out).kernel.tracking).toBe(false);
    expect(code).toBe(1);
  });

  it('fails for a wrong configuration, with the lines, and checks with the defaults', async () => {
    const config = '# wrong twice\nmode: full\nmodules:\n  conntrackd:\n    enabled: maybe\n';
    const { code, out } = await checked(ROOT, { config });
    expect(marks(out)).toMatchObject({ ...WELL, configuration: 'FAIL', conntrackd: expect.any(String) });
    expect(out).toMatch(/^✗ FAIL {2}configuration {3}\S+\/conntrack\.conf\n {8}line 2: .*\n {8}line 5: /m);
    expect(out).toMatch(/\n\nFAIL: configuration\n$/);
    expect(code).toBe(1);
  });

  it('fails for a conntrackd without permission on its socket, until the commands of the remedy have run', async () => {
    const socket = join(folder, 'c.ctl');
    const daemon = createServer((asking) => asking.end('daemon uptime: 7 min\n')).listen(socket);
    await once(daemon, 'listening');
    chmodSync(socket, 0o600);
    try {
      const config = `modules: { events: { enabled: no }, flows: { enabled: no }, conntrackd: { sockets: [${socket}] } }\n`;
      const { code, out } = await checked(ROOT + NETDATA, { config });
      const { privilege: _, ...others } = WELL;
      expect(marks(out)).toEqual({ ...others, events: 'off', flows: 'off', conntrackd: 'FAIL' });
      expect(code).toBe(1);

      const commands = `            sudo chgrp 54322 ${socket}\n            sudo chmod 0660 ${socket}\n`;
      expect(out).toContain(commands);
      run(['sh', '-c', commands.replaceAll('sudo ', '')]);
      const fixed = await checked(ROOT + NETDATA, { config });
      expect(marks(fixed.out)).toEqual({ ...others, events: 'off', flows: 'off', conntrackd: 'ok' });
      expect(fixed.code).toBe(0);
    } finally {
      daemon.close();
    }
  });

  it("checks as the agent's user if root runs it", async () => {
    const { code, out } = await checked(ROOT + NETDATA);
    expect(out).toMatch(/^conntrack\.plugin \S+, checked as netdata\n/);
    expect(marks(out)).toEqual({ ...WELL, privilege: 'FAIL', events: 'FAIL', flows: 'FAIL' });
    expect(code).toBe(1);
  });

  it('has the groups of the running agent if root runs it, and fails for its bounding set', async () => {
    const via = besideNetdata('--reuid 54321 --regid 54322 --groups 54399 --bounding-set -net_admin');
    const file = join(folder, 'own.conf');
    writeFileSync(file, NO_CONNTRACKD, { mode: 0o640 });
    chownSync(file, 0, 54399);
    const options = { plugin, cwd: '/', via: [...alone(accounts(ROOT + NETDATA)), ...via] };
    const program = new Program(['check', '--json', '--config', file], {}, options);
    await program.ended;
    const report: Report = JSON.parse(program.out);
    expect(report).toMatchObject({
      program: { user: 'netdata' },
      agent: { state: 'running', user: 'netdata' },
      configuration: { file, findings: [] },
    });
    expect(report.privilege.findings.map(({ code }) => code)).toEqual(['script', 'agent_bounded']);
  });

  it("lets no other process of the agent's user open a debugger or the terminal of root", async () => {
    const intruder = join(folder, 'intruder.js');
    copyFileSync(INTRUDER, intruder);
    const result = join(folder, 'result');
    const config = join(folder, 'own.conf');
    writeFileSync(config, NO_CONNTRACKD);
    const script = `ip link set lo up
setpriv --reuid 54321 --regid 54322 --clear-groups ${process.execPath} ${intruder} >${result} & intruder=$!
until grep -q ready ${result}; do sleep 0.1; done
for start in $(seq ${STARTS}); do script -qec "bash -c 'exec 63<>/dev/tty; exec $*'" /dev/null </dev/null; done
kill -TERM $intruder; wait $intruder`;
    // The words are those of a terminal that it makes for them, and that they have in a place beyond a gap, too.
    const via = [...alone(accounts(ROOT + NETDATA)), 'sh', '-c', script, 'sh'];
    const program = new Program(['check', '--config', config], { LANG: 'C.UTF-8' }, { plugin, cwd: '/', via });
    await program.ended;
    await program.stop();
    expect(program.out.match(/checked as netdata/g)).toHaveLength(STARTS);
    const intruded = JSON.parse(readFileSync(result, 'utf8').replace('ready\n', ''));
    expect(intruded).toMatchObject({ debuggers: 0, terminals: [] });
    // Some end before the intruder notices them.
    expect(intruded.processes).toBeGreaterThan(STARTS / 2);
    expect(intruded.signals).toBeGreaterThan(STARTS / 2);
  });

  it('fails if root runs it without setpriv', async () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    const { code, out } = await checked(ROOT + NETDATA, { args: ['--json'], via: ['env', `PATH=${bin}`] });
    expect(faults(out)).toEqual({ program: ['no_setpriv'] });
    expect(code).toBe(1);
  });

  it('fails for an executable with the capability until only root and the agent can run it', async () => {
    // A script has what Node.js has.
    const node = join(folder, 'node');
    copyFileSync(process.execPath, node);
    const privilegeOf = async (gid: number, mode: number): Promise<Report['privilege']> => {
      chownSync(node, 0, gid);
      chmodSync(node, mode);
      run(['setcap', 'cap_net_admin=p', node]);
      const via = ['sh', '-c', `shift; exec ${node} "$@"`, 'sh'];
      const { out } = await checked(ROOT + NETDATA, { args: ['--json'], via });
      return JSON.parse(out).privilege;
    };
    expect(await privilegeOf(54322, 0o755)).toMatchObject({ permitted: true, findings: [{ code: 'exposed' }] });
    expect(await privilegeOf(54322, 0o750)).toMatchObject({ permitted: true, findings: [] });
  });

  it('does not take a program of another user for the agent', async () => {
    const via = besideNetdata('--reuid 65534 --regid 65534 --clear-groups');
    chownSync(join(folder, 'netdata'), 65534, 65534);
    const { out } = await checked(ROOT + NETDATA, { via });
    expect(out).toMatch(/^conntrack\.plugin \S+, checked as netdata\n/);
    expect(out).toMatch(/^– none {2}agent {11}not found$/m);
  });

  it('fails for a FIFO as the configuration, without blocking', async () => {
    const fifo = join(folder, 'fifo');
    run(['mkfifo', '-m', '666', fifo]);
    const options = { plugin, cwd: '/', via: alone(accounts(ROOT)) };
    const program = new Program(['check', '--json', '--config', fifo], {}, options);
    const { code } = await program.ended;
    expect(faults(program.out)).toEqual({ configuration: ['unreadable'] });
    expect(code).toBe(1);
  });

  it.each([0o700, 0o711, 0o744])(
    "fails if the agent's user cannot run the program, which has mode %o",
    async (mode) => {
      chmodSync(plugin, mode);
      const { code, out } = await checked(ROOT + NETDATA, { args: ['--json'] });
      expect(faults(out)).toEqual({ program: ['not_executable'] });
      expect(JSON.parse(out).modules).toEqual([]);
      expect(code).toBe(1);
    },
  );
});
