import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../collector/agent/environment.ts';
import { NO_INTERPRETER, NOT_EXECUTABLE } from '../../collector/check/as_user.ts';
import { type CommandOptions, type Ended, runCheck } from '../../collector/check/command.ts';
import { parseSeen, SEEN } from '../../collector/check/seen.ts';
import { filesOf, processFiles, statusText } from '../helpers/check_host.ts';
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

/** What the program prints that is run again. */
const REPORT = {
  format: 1,
  version: '9.8.7',
  works: true,
  program: { path: PROGRAM, packaged: true, user: 'net\u001bdata', uid: 991, findings: [] },
  kernel: { release: '6.6.6', tracking: true, findings: [] },
  agent: { state: 'not_found', findings: [] },
  privilege: { needed_by: [], findings: [] },
  configuration: { findings: [] },
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
    asked: undefined,
    version: '7.8.9',
    release: '6.18.5',
    program: { path: PROGRAM, packaged },
    executable: packaged ? PROGRAM : NODE,
    capabilities: () => undefined,
    uid,
    seen: undefined,
    modules: () => [],
    self: {
      words: packaged ? [PROGRAM] : [NODE, '--sealed', PROGRAM],
      run: async (...asked) => {
        runs.push(asked);
        return { output: JSON.stringify(REPORT), errors: '', how: 'it ended with code 0', code: 0, ...scene.ended };
      },
    },
    json,
    style: { hasColour: false, isUnicode: true },
    ...scene.options,
  };
  return { ...(await runCheck(options)), runs };
}

/** The words after those that change the user and ask whether that one may run the program. */
const START = ['sh', '-c', expect.any(String), 'sh', PROGRAM];

describe('root', () => {
  it("runs the program again as the agent's user and prints its report", async () => {
    const { code, errors, runs, text } = await run({ options: { asked: '/c d.conf' } });
    const user = ['setpriv', '--reuid', '991', '--regid', '981', '--init-groups'];
    const again = [NODE, '--sealed', PROGRAM, 'check', '--json', '--config', '/c d.conf'];
    expect(runs).toEqual([[[...user, ...START, ...again], { [SEEN]: '{}' }]]);
    expect({ code, errors, report: JSON.parse(text) }).toEqual({ code: 0, errors: '', report: REPORT });
  });

  it('runs it as the user that the agent runs as, in its groups, and hands on what only root sees', async () => {
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

  it('runs it in no other groups where the agent is in none', async () => {
    const texts = { ...NETDATA, ...processFiles(41, { name: 'netdata', uid: 5, gid: 6 }) };
    const { runs } = await run({ texts });
    expect(runs[0]?.[0].slice(0, 6)).toEqual(['setpriv', '--reuid', '5', '--regid', '6', '--clear-groups']);
  });

  it('believes nobody what the agent is', async () => {
    const texts = { ...NETDATA, ...processFiles(41, { name: 'netdata', uid: 5 }), '/home/me/netdata': '' };
    const options = { seen: { pid: 41 } };
    const { runs } = await run({ texts, links: { '/proc/41/exe': '/home/me/x' }, options });
    expect(runs[0]?.[0].slice(1, 3)).toEqual(['--reuid', '991']);
  });

  it('prints the report for a person, and what else was said, without what steers a terminal', async () => {
    const { errors, text } = await run({ json: false, ended: { errors: 'a\u001b[2Jb\n\nc\n' } });
    expect(text).toMatch(/^conntrack\.plugin 9\.8\.7, checked as net\\u\{1b\}data\n/);
    expect(errors).toBe('a\\u{1b}[2Jb\nc\n');
  });

  it('prints JSON in ASCII, so that nothing in it steers a terminal', async () => {
    const odd = 'a\u007f\u009b2J\u00e9\u202e\uffff😀';
    const report = { ...REPORT, program: { ...REPORT.program, path: odd } };
    const { text } = await run({ ended: { output: JSON.stringify(report) } });
    expect(JSON.parse(text)).toEqual(report);
    expect(text.split('\n').filter((line) => !/^[\x20-\x7e]*$/.test(line))).toEqual([]);
  });

  it.each([
    ['', 'it did not end within 20 seconds'],
    ['{"format":1,"works":true}', 'it ended with code 0'],
  ])('reports that there is no report in %j', async (output, how) => {
    const { code, text } = await run({ ended: { output, how } });
    expect(code).toBe(1);
    expect(JSON.parse(text).program).toMatchObject({
      uid: 991,
      findings: [{ severity: 'fault', code: 'no_report', text: `the program, run as netdata, told nothing: ${how}` }],
    });
  });

  it.each([
    ['an agent that runs as root', { ...NETDATA, ...processFiles(41, { name: 'netdata', uid: 0 }) }],
    ['an agent that is not known', {}],
  ])('checks as root for %s', async (_, texts) => {
    const { code, runs, text } = await run({ texts });
    expect({ runs, code }).toEqual({ runs: [], code: 0 });
    expect(JSON.parse(text)).toMatchObject({ program: { uid: 0 }, works: true });
  });

  it.each<[string, Partial<Ended>, string]>([
    ['without setpriv', { how: 'spawn setpriv ENOENT', code: undefined }, 'spawn setpriv ENOENT'],
    [
      'whose setpriv is that of busybox',
      { errors: "setpriv: unrecognized option '--reuid'\nUsage: setpriv\n", code: 1 },
      "setpriv: unrecognized option '--reuid'",
    ],
    [
      'that may not change the user',
      { errors: 'setpriv: setresuid failed: Operation not permitted\n', code: 127 },
      'setpriv: setresuid failed: Operation not permitted',
    ],
  ])('%s cannot check, and says why', async (_, ended, why) => {
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

describe("the agent's user", () => {
  const MAY_NOT_RUN = { output: '', how: '', code: NOT_EXECUTABLE };

  it('that may not run the program is the report', async () => {
    const { code, text } = await run({ ended: MAY_NOT_RUN, json: false });
    expect(code).toBe(1);
    expect(text).toContain(`✗ FAIL  program         /p/conntrack.plugin
        netdata, as whom the agent runs its plugins, may not run
        /p/conntrack.plugin
          The folders above must let that user through, too.
            sudo chown root:netdata /p/conntrack.plugin
            sudo chmod 0750 /p/conntrack.plugin
`);
  });

  it('is given the capability back, which a change of the owner takes from an executable', async () => {
    const { text } = await run({ ended: MAY_NOT_RUN, packaged: true });
    expect(JSON.parse(text).program).toMatchObject({
      uid: 991,
      findings: [
        {
          code: 'not_executable',
          remedy: {
            lines: [
              `sudo chown root:netdata ${PROGRAM}`,
              `sudo chmod 0750 ${PROGRAM}`,
              `sudo setcap cap_net_admin=p ${PROGRAM}`,
            ],
          },
        },
      ],
    });
  });

  const INSTALLED = '/usr/lib/netdata/plugins.d/conntrack.plugin';

  it('need not run another program than the agent starts', async () => {
    const { text } = await run({ ended: MAY_NOT_RUN, texts: { ...NETDATA, [INSTALLED]: '' } });
    expect(JSON.parse(text).program.findings[0].remedy.lines).toEqual([`sudo ${INSTALLED} check`]);
  });

  it('has root run no program that somebody else can have put where the agent starts it', async () => {
    const fs = filesOf({ ...NETDATA, [PROGRAM]: '', [INSTALLED]: '' }, {}, { '/usr/lib/netdata': { uid: 7 } });
    const { text } = await run({ ended: MAY_NOT_RUN, options: { fs } });
    expect(text).toContain(`the agent starts another program: ${INSTALLED}`);
    expect(text).not.toContain(`sudo ${INSTALLED}`);
  });

  it('may be let run the script, but not Node.js', async () => {
    const { text } = await run({ ended: { output: '', code: NO_INTERPRETER } });
    expect(JSON.parse(text).program.findings).toMatchObject([
      { code: 'no_interpreter', text: `netdata may not run ${NODE}, as this check must to see what works for netdata` },
    ]);
  });
});

describe('any other user', () => {
  it('checks as it is', async () => {
    const { runs, text } = await run({ uid: 1000 });
    expect(runs).toEqual([]);
    expect(JSON.parse(text)).toMatchObject({ program: { uid: 1000 } });
  });
});
