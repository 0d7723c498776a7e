/** What the built program tells a person of a host: `conntrack.plugin check`. */

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

import type { Report } from '../../collector/check/report.ts';
import { alone, TRACKING } from '../helpers/alone.ts';
import { run } from '../helpers/conntrack.ts';
import { AS_NOBODY } from '../helpers/container.ts';
import { copyForEverybody, Program, type ProgramOptions } from '../helpers/program.ts';

const ROOT = 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n';
/** The agent's user, who is nobody on this machine. */
const NETDATA = 'netdata:x:54321:54322:netdata:/:/bin/false\n';
const NO_CONNTRACKD = 'modules: { conntrackd: { enabled: no } }\n';
const INTRUDER = fileURLToPath(new URL('../helpers/intruder.js', import.meta.url));
/** How often it is checked while another process tries to get in. */
const STARTS = 20;
const CAPABILITY = 'the plugin lacks CAP_NET_ADMIN (see above)';

let folder = '';
/** A copy of the program that everybody may run. */
let plugin = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'conntrack-check-'));
  plugin = copyForEverybody(folder);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Makes a file of the accounts of a host, and returns its path. */
function accounts(passwd: string): string {
  const file = join(folder, 'passwd');
  writeFileSync(file, passwd);
  return file;
}

interface Checked {
  readonly code: number | null;
  readonly out: string;
}

/** The words of a command that starts an idle program called netdata, with these words, before what follows them. */
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
    hidden = [],
    via = [],
    ...options
  }: ProgramOptions & { args?: string[]; hidden?: readonly string[] } = {},
): Promise<Checked> {
  const program = new Program(
    ['check', ...args],
    { LANG: 'C.UTF-8' },
    { plugin, cwd: '/', config: NO_CONNTRACKD, ...options, via: [...alone(accounts(passwd), hidden), ...via] },
  );
  const { code } = await program.ended;
  await program.stop();
  expect(program.err).toBe('');
  return { code, out: program.out };
}

/** The mark of each section, by its label. */
function marks(out: string): Readonly<Record<string, string>> {
  const found = [...out.matchAll(/^\S (ok|FAIL|off|none) +(\S+)/gm)];
  return Object.fromEntries(found.map(([, mark = '', label = '']) => [label, mark]));
}

const WELL = {
  program: 'ok',
  kernel: 'ok',
  agent: 'none',
  privilege: 'ok',
  configuration: 'ok',
  stat: 'ok',
  events: 'ok',
  flows: 'ok',
  sockets: 'ok',
  conntrackd: 'off',
};

describe.skipIf(inject('missing').kernel !== undefined)('check', () => {
  it('as root where all is well', async () => {
    const { code, out } = await checked(ROOT);
    expect(marks(out)).toEqual(WELL);
    expect(out).toMatch(/^conntrack\.plugin \S+, checked as root\n/);
    expect(out).toMatch(
      /^✓ ok {4}kernel {10}Linux \S+, connection tracking loaded\n {24}0 of [\d,]+ entries \(0\.0 %\)/m,
    );
    expect(out).toContain('✓ ok    stat            /proc/net/stat/nf_conntrack\n');
    expect(out).toContain('– off   conntrackd      modules.conntrackd.enabled is no\n');
    expect(out).toMatch(/\n\nok: everything that is on works, with a hint above\n$/);
    expect(code).toBe(0);
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('as JSON', async () => {
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

  it('without the capability', async () => {
    const { code, out } = await checked(ROOT, { via: AS_NOBODY });
    expect(marks(out)).toEqual({ ...WELL, privilege: 'FAIL', events: 'FAIL', flows: 'FAIL' });
    expect(out).toContain(`✗ FAIL  privilege       CAP_NET_ADMIN, for events, flows
        the program is a script of Node.js
          A script cannot have a capability, only the packaged program can:
          install the package.
`);
    expect(out).toContain(`✗ FAIL  events          ctnetlink\n        ${CAPABILITY}\n`);
    expect(out).toMatch(/\n\nFAIL: privilege, events, flows\n$/);
    expect(code).toBe(1);
  });

  it('where connection tracking is not loaded', async () => {
    const { code, out } = await checked(ROOT, { hidden: TRACKING });
    expect(marks(out)).toEqual({ ...WELL, kernel: 'none', stat: 'FAIL', events: 'FAIL', flows: 'FAIL' });
    expect(out).toContain(`✗ FAIL  stat            /proc/net/stat/nf_conntrack
        connection tracking is not loaded
          Load it, or use it in a firewall rule:
            sudo modprobe nf_conntrack
✗ FAIL  events          ctnetlink
        connection tracking is not loaded (see above)
`);
    expect(code).toBe(1);
  });

  it('with a wrong configuration', async () => {
    const config = '# wrong twice\nmode: full\nmodules:\n  conntrackd:\n    enabled: maybe\n';
    const { code, out } = await checked(ROOT, { config });
    expect(marks(out)).toMatchObject({ ...WELL, configuration: 'FAIL', conntrackd: expect.any(String) });
    expect(out).toMatch(/^✗ FAIL {2}configuration {3}\S+\/conntrack\.conf$/m);
    expect(out).toContain(`
        line 2: mode: expected basic or advanced, got "full"
        line 5: modules.conntrackd.enabled: expected auto, yes or no, got
        "maybe"
          The plugin will not start until this is fixed;`);
    expect(out).toMatch(/\n\nFAIL: configuration\n$/);
    expect(code).toBe(1);
  });

  it('with a conntrackd whose socket is closed, until the remedy has opened it', async () => {
    const socket = join(folder, 'c.ctl');
    const daemon = createServer((asking) => asking.end('daemon uptime: 7 min\n')).listen(socket);
    await once(daemon, 'listening');
    chmodSync(socket, 0o600);
    try {
      const config = `modules: { events: { enabled: no }, flows: { enabled: no }, conntrackd: { sockets: [${socket}] } }\n`;
      const { code, out } = await checked(ROOT + NETDATA, { config });
      const { privilege: _, ...others } = WELL;
      expect(marks(out)).toEqual({ ...others, events: 'off', flows: 'off', conntrackd: 'FAIL' });
      expect(out).toContain(`✗ FAIL  conntrackd      ${socket}
        permission denied on conntrackd's socket
          Open it to the agent's group. Whoever may write to it can also flush
          the connection table and stop conntrackd: do this only if you trust
          the agent and its plugins with your firewall. The unit must have
          Type=notify, as Debian's has.
            sudo mkdir -p /etc/systemd/system/conntrackd.service.d
`);
      const group = `            sudo chgrp 54322 ${socket}\n`;
      const mode = `            sudo chmod 0660 ${socket}\n`;
      expect(out).toContain(group + mode);
      expect(code).toBe(1);

      run(['sh', '-c', (group + mode).replaceAll('sudo ', '')]);
      const mended = await checked(ROOT + NETDATA, { config });
      expect(marks(mended.out)).toEqual({ ...others, events: 'off', flows: 'off', conntrackd: 'ok' });
      expect(mended.code).toBe(0);
    } finally {
      daemon.close();
    }
  });

  it("as root checks as the agent's user", async () => {
    const { code, out } = await checked(ROOT + NETDATA);
    expect(out).toMatch(/^conntrack\.plugin \S+, checked as netdata\n/);
    expect(marks(out)).toEqual({ ...WELL, privilege: 'FAIL', events: 'FAIL', flows: 'FAIL' });
    expect(code).toBe(1);
  });

  it('as root has the groups of the agent that runs, and tells what that cannot hand on', async () => {
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

  it("as root lets no other process of the agent's user in, neither through a debugger nor at the terminal", async () => {
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
    // One can end before it is noticed.
    expect(intruded.processes).toBeGreaterThan(STARTS / 2);
    expect(intruded.signals).toBeGreaterThan(STARTS / 2);
  });

  it('as root without setpriv says that it cannot check', async () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    const { code, out } = await checked(ROOT + NETDATA, { via: ['env', `PATH=${bin}`] });
    expect(out).toContain("cannot check as netdata, the agent's user: spawn setpriv ENOENT");
    expect(code).toBe(1);
  });

  it('fails an executable that has the capability, until nobody but root and the agent can run it', async () => {
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
    const text = `every user can run ${node}, which has CAP_NET_ADMIN`;
    expect(await privilegeOf(54322, 0o755)).toMatchObject({
      permitted: true,
      findings: [{ severity: 'fault', code: 'exposed', text }],
    });
    expect(await privilegeOf(54322, 0o750)).toMatchObject({ permitted: true, findings: [] });
  });

  it('as root takes no program of somebody else for the agent', async () => {
    const via = besideNetdata('--reuid 65534 --regid 65534 --clear-groups');
    chownSync(join(folder, 'netdata'), 65534, 65534);
    const { out } = await checked(ROOT + NETDATA, { via });
    expect(out).toMatch(/^conntrack\.plugin \S+, checked as netdata\n/);
    expect(out).toMatch(/^– none {2}agent {11}not found$/m);
  });

  it('with a FIFO for a configuration', async () => {
    const fifo = join(folder, 'fifo');
    run(['mkfifo', '-m', '666', fifo]);
    const options = { plugin, cwd: '/', via: alone(accounts(ROOT)) };
    const program = new Program(['check', '--json', '--config', fifo], {}, options);
    const { code } = await program.ended;
    const report: Report = JSON.parse(program.out);
    expect(report.configuration.findings[0]?.text).toBe(`cannot be read: read ${fifo}: it is no regular file`);
    expect(code).toBe(1);
  });

  it.each([0o700, 0o711, 0o744])("as root tells that the agent's user may not run it, of mode %o", async (mode) => {
    chmodSync(plugin, mode);
    const { code, out } = await checked(ROOT + NETDATA);
    expect(out).toContain(
      `✗ FAIL  program         ${plugin}\n        netdata, as whom the agent runs its plugins, may not run\n`,
    );
    expect(out).toContain('sudo chmod 0750');
    expect(marks(out)).not.toHaveProperty('stat');
    expect(code).toBe(1);
  });
});
