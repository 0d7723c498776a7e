import { describe, expect, it } from 'vitest';

import { readEnvironment } from '../../collector/agent/environment.ts';
import { NO_INTERPRETER, NOT_EXECUTABLE } from '../../collector/check/as_user.ts';
import { type CommandOptions, type Ended, runCheck } from '../../collector/check/command.ts';
import { parseSeen, SEEN } from '../../collector/check/seen.ts';
import { filesOf, processFiles, statusText } from '../helpers/check_host.ts';
import { NO_NAMESPACES } from '../helpers/check_scene.ts';
import { FakeClock } from '../helpers/fake_clock.ts';

const PROGRAM = '/p/conntrack.plugin';
const NODE = '/usr/bin/node';
const NETDATA = { '/etc/passwd': 'netdata:x:991:981::/:/bin/false\n', '/etc/group': 'netdata:x:981:\n' };

interface Scene {
  readonly texts?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly packaged?: boolean;
  readonly json?: boolean;
  readonly links?: Readonly<Record<string, string>>;
  readonly ended?: Partial<Ended>;
  readonly options?: Partial<CommandOptions>;
}

/** What the program prints when it is started again. */
const REPORT = {
  format: 1,
  version: '9.8.7',
  works: true,
  program: { path: PROGRAM, packaged: true, user: 'net\u001bdata', uid: 991, findings: [] },
  kernel: { release: '6.6.6', tracking: true, findings: [] },
  agent: { state: 'not_found', findings: [] },
  privilege: { needed_by: [], sys_admin: { granted: false }, findings: [] },
  configuration: { findings: [] },
  namespaces: { enabled: 'no', listed: [], findings: [] },
  modules: [],
  builtin: { findings: [] },
};

async function run({ json = true, packaged = false, texts = NETDATA, uid = 0, ...scene }: Scene) {
  const runs: (readonly [words: readonly string[], variables: Readonly<Record<string, string>>])[] = [];
  const fs = filesOf({ ...texts, '/proc/self/status': statusText(), [PROGRAM]: '', [NODE]: '' }, scene.links);
  const options: CommandOptions = {
    fs,
    clock: new FakeClock(0),
    environment: readEnvironment({}),
    configFile: undefined,
    version: '7.8.9',
    release: '6.18.5',
    program: { path: PROGRAM, packaged },
    executable: packaged ? PROGRAM : NODE,
    capabilities: () => undefined,
    uid,
    seen: undefined,
    modules: () => [],
    namespaces: NO_NAMESPACES,
    netns: undefined,
    self: {
      words: packaged ? [PROGRAM] : [NODE, '--sealed', PROGRAM],
      run: async (...given) => {
        runs.push(given);
        return { output: JSON.stringify(REPORT), errors: '', how: 'exit code 0', code: 0, ...scene.ended };
      },
    },
    json,
    style: { hasColour: false, isUnicode: true },
    ...scene.options,
  };
  return { ...(await runCheck(options)), runs };
}

/** The part of the command that tests whether the user can run the program. */
const START = ['sh', '-c', expect.any(String), 'sh', PROGRAM];

describe('check as root', () => {
  it("starts the program again as the agent's user and prints its report", async () => {
    const { code, errors, runs, text } = await run({ options: { configFile: '/c d.conf', netns: 'blue' } });
    const user = ['setpriv', '--reuid', '991', '--regid', '981', '--init-groups'];
    const again = [NODE, '--sealed', PROGRAM, 'check', '--json', '--config', '/c d.conf', '--netns', 'blue'];
    expect(runs).toEqual([[[...user, ...START, ...again], { [SEEN]: '{}' }]]);
    expect({ code, errors, report: JSON.parse(text) }).toEqual({ code: 0, errors: '', report: REPORT });
  });

  it('starts the program with the user and groups of the running agent, and passes on what only root sees', async () => {
    const agent = processFiles(41, { name: 'netdata', uid: 5, gid: 6, groups: [6, 77] });
    const plugin = processFiles(42, { parent: 41 }, [PROGRAM, '1']);
    const texts = { ...NETDATA, ...agent, ...plugin, '/proc/42/environ': 'NETDATA_LOG_DIR=/l\0' };
    const { runs } = await run({ texts, links: { '/proc/41/ns/net': 'net:[402]' }, packaged: true });
    const user = ['setpriv', '--reuid', '5', '--regid', '6', '--groups', '6,77'];
    expect(runs[0]?.[0]).toEqual([...user, ...START, PROGRAM, 'check', '--json']);
    expect(parseSeen(runs[0]?.[1][SEEN])).toEqual({
      pid: 41,
      program: '/usr/sbin/netdata',
      network: 'net:[402]',
      plugin: { pid: 42, directories: { log: '/l' } },
    });
  });

  it('starts the program without supplementary groups if the agent has none', async () => {
    const texts = { ...NETDATA, ...processFiles(41, { name: 'netdata', uid: 5, gid: 6 }) };
    const { runs } = await run({ texts });
    expect(runs[0]?.[0].slice(0, 6)).toEqual(['setpriv', '--reuid', '5', '--regid', '6', '--clear-groups']);
  });

  it('ignores what the environment says about the agent', async () => {
    const texts = { ...NETDATA, ...processFiles(41, { name: 'netdata', uid: 5 }), '/home/me/netdata': '' };
    const options = { seen: { pid: 41 } };
    const { runs } = await run({ texts, links: { '/proc/41/exe': '/home/me/x' }, options });
    expect(runs[0]?.[0].slice(1, 3)).toEqual(['--reuid', '991']);
  });

  it('prints the report as text, and standard error, without control sequences', async () => {
    const { errors, text } = await run({ json: false, ended: { errors: 'a\u001b[2Jb\n\nc\n' } });
    expect(text).toMatch(/^conntrack\.plugin 9\.8\.7, checked as net\\u\{1b\}data\n/);
    expect(errors).toBe('a\\u{1b}[2Jb\nc\n');
  });

  it('prints JSON in ASCII, so that it contains no control sequences', async () => {
    const odd = 'a\u007f\u009b2J\u00e9\u202e\uffff😀';
    const report = { ...REPORT, program: { ...REPORT.program, path: odd } };
    const { text } = await run({ ended: { output: JSON.stringify(report) } });
    expect(JSON.parse(text)).toEqual(report);
    expect(text.split('\n').filter((line) => !/^[\x20-\x7e]*$/.test(line))).toEqual([]);
  });

  it.each([
    ['', 'timed out after 20 seconds'],
    ['{"format":1,"works":true}', 'exit code 0'],
  ])("reports a fault if the program prints %j as the agent's user, which is not a report", async (output, how) => {
    const { code, text } = await run({ ended: { output, how } });
    expect(code).toBe(1);
    expect(JSON.parse(text).program).toMatchObject({
      uid: 991,
      findings: [
        { severity: 'fault', code: 'no_report', text: `no report from the check as netdata, the agent's user: ${how}` },
      ],
    });
  });

  it.each([
    ['the agent runs as root', { ...NETDATA, ...processFiles(41, { name: 'netdata', uid: 0 }) }],
    ['no agent is known', {}],
  ])('does not change the user if %s', async (_, texts) => {
    const { code, runs, text } = await run({ texts });
    expect({ runs, code }).toEqual({ runs: [], code: 0 });
    expect(JSON.parse(text)).toMatchObject({ program: { uid: 0 }, works: true });
  });

  it.each<[string, Partial<Ended>, string]>([
    ['is missing', { how: 'spawn setpriv ENOENT', code: undefined }, 'spawn setpriv ENOENT'],
    [
      'is that of busybox',
      { errors: "setpriv: unrecognized option '--reuid'\nUsage: setpriv\n", code: 1 },
      "setpriv: unrecognized option '--reuid'",
    ],
    [
      'lacks permission to change the user',
      { errors: 'setpriv: setresuid failed: Operation not permitted\n', code: 127 },
      'setpriv: setresuid failed: Operation not permitted',
    ],
  ])('reports a fault with the reason if setpriv %s', async (_, ended, why) => {
    const { code, text } = await run({ ended: { output: '', ...ended } });
    const report = JSON.parse(text);
    expect({ code, modules: report.modules }).toEqual({ code: 1, modules: [] });
    expect(report.program.findings).toMatchObject([
      {
        severity: 'fault',
        code: 'no_setpriv',
        text: `cannot check as netdata, the agent's user: ${why}`,
        remedy: { note: expect.stringContaining('setpriv of util-linux') },
      },
    ]);
  });
});

describe("check as root, when the agent's user cannot run the program,", () => {
  const NO_PERMISSION = { output: '', how: '', code: NOT_EXECUTABLE };

  it('reports a fault with the commands that give that user access to a script', async () => {
    const { code, text } = await run({ ended: NO_PERMISSION, json: false });
    expect(code).toBe(1);
    expect(text).toContain(`✗ FAIL  program         /p/conntrack.plugin
        the agent's user netdata cannot run /p/conntrack.plugin
          That user also needs \`x\` permission on every parent directory.
            sudo chown root:netdata /p/conntrack.plugin
            sudo chmod 0750 /p/conntrack.plugin
`);
  });

  it.each([
    ['cap_net_admin=p', undefined],
    ['cap_net_admin,cap_sys_admin=p', Buffer.from('0000000200102000000000000000000000000000', 'hex')],
  ])('suggests restoring what an executable was granted, %s, which chown removes', async (granted, attribute) => {
    const options = { capabilities: (path: string) => (path === PROGRAM ? attribute : undefined) };
    const { text } = await run({ ended: NO_PERMISSION, packaged: true, options });
    expect(JSON.parse(text).program).toMatchObject({
      uid: 991,
      findings: [
        {
          code: 'not_executable',
          remedy: {
            lines: [
              `sudo chown root:netdata ${PROGRAM}`,
              `sudo chmod 0750 ${PROGRAM}`,
              `sudo setcap ${granted} ${PROGRAM}`,
            ],
          },
        },
      ],
    });
  });

  const INSTALLED = '/usr/lib/netdata/plugins.d/conntrack.plugin';

  it('suggests checking the program that the agent starts, if that is a different one', async () => {
    const { text } = await run({ ended: NO_PERMISSION, texts: { ...NETDATA, [INSTALLED]: '' } });
    expect(JSON.parse(text).program.findings[0].remedy.lines).toEqual([`sudo ${INSTALLED} check`]);
  });

  it('does not suggest running a program that a user other than root can replace', async () => {
    const fs = filesOf({ ...NETDATA, [PROGRAM]: '', [INSTALLED]: '' }, {}, { '/usr/lib/netdata': { uid: 7 } });
    const { text } = await run({ ended: NO_PERMISSION, options: { fs } });
    expect(text).toContain(`the agent starts a different program: ${INSTALLED}`);
    expect(text).not.toContain(`sudo ${INSTALLED}`);
  });

  it('reports a fault if that user cannot run Node.js', async () => {
    const { text } = await run({ ended: { output: '', code: NO_INTERPRETER } });
    expect(JSON.parse(text).program.findings).toMatchObject([
      { code: 'no_interpreter', text: `cannot check as netdata, the agent's user: netdata cannot run ${NODE}` },
    ]);
  });
});

describe('check as any other user', () => {
  it('does not change the user', async () => {
    const { runs, text } = await run({ uid: 1000 });
    expect(runs).toEqual([]);
    expect(JSON.parse(text)).toMatchObject({ program: { uid: 1000 } });
  });
});
