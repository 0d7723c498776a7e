import { describe, expect, it } from 'vitest';

import type { Account } from '../../collector/check/accounts.ts';
import { type CommandOptions, type Ended, runCheck } from '../../collector/check/command.ts';
import { parseSeen, SEEN } from '../../collector/check/seen.ts';
import { readEnvironment } from '../../collector/environment.ts';
import { filesOf, processFiles, statusText } from '../helpers/check_host.ts';
import { FakeClock } from '../helpers/fake_clock.ts';

const PROGRAM = '/p/conntrack.plugin';
const NODE = '/usr/bin/node';
const NETDATA = { '/etc/passwd': 'netdata:x:991:981::/:/bin/false\n', '/etc/group': 'netdata:x:981:\n' };

interface Scene {
  readonly texts?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly packaged?: boolean;
  /** The paths that may not be used in some way. */
  readonly closed?: readonly string[];
  readonly becoming?: Error;
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

async function run({
  becoming,
  closed = [],
  json = true,
  packaged = false,
  texts = NETDATA,
  uid = 0,
  ...scene
}: Scene) {
  const became: Account[] = [];
  const runs: (readonly [words: readonly string[], variables: Readonly<Record<string, string>>])[] = [];
  const fs = filesOf({ ...texts, '/proc/self/status': statusText(), [PROGRAM]: '', [NODE]: '' }, scene.links);
  const options: CommandOptions = {
    fs: {
      ...fs,
      accessSync: (path) => {
        if (closed.includes(path)) throw new Error('closed');
      },
    },
    clock: new FakeClock(0),
    environment: readEnvironment({}),
    asked: undefined,
    version: '7.8.9',
    release: '6.18.5',
    program: { path: PROGRAM, packaged },
    uid,
    seen: undefined,
    modules: () => [],
    self: {
      executable: packaged ? PROGRAM : NODE,
      become: (account) => {
        if (becoming !== undefined) throw becoming;
        became.push(account);
      },
      runAgain: async (...asked) => {
        runs.push(asked);
        return { output: JSON.stringify(REPORT), errors: '', how: 'it ended with code 0', ...scene.ended };
      },
    },
    json,
    style: { hasColour: false, isUnicode: true },
    ...scene.options,
  };
  return { ...(await runCheck(options)), became, runs };
}

describe('root', () => {
  it("becomes the agent's user, runs the program again and prints its report", async () => {
    const { became, code, errors, runs, text } = await run({ options: { asked: '/c d.conf' } });
    expect(became).toEqual([{ user: 'netdata', uid: 991, group: 'netdata', gid: 981, groups: undefined }]);
    expect(runs).toEqual([[['check', '--json', '--config', '/c d.conf'], { [SEEN]: '0 ' }]]);
    expect({ code, errors, report: JSON.parse(text) }).toEqual({ code: 0, errors: '', report: REPORT });
    expect(text).not.toContain('\u001b');
  });

  it('becomes the user that the agent runs as, in its groups, and hands on what only root sees', async () => {
    const texts = { ...NETDATA, ...processFiles(41, { name: 'netdata', uid: 5, gid: 6, groups: [6, 77] }) };
    const { became, runs } = await run({ texts, links: { '/proc/41/ns/net': 'net:[402]' } });
    expect(became).toMatchObject([{ user: '5', gid: 6, groups: [6, 77] }]);
    expect(parseSeen(runs[0]?.[1][SEEN])).toEqual({ pid: 41, network: 'net:[402]' });
  });

  it('believes nobody what the agent is', async () => {
    const texts = { ...NETDATA, ...processFiles(41, { name: 'netdata', uid: 5 }), '/home/me/netdata': '' };
    const options = { seen: { pid: 41, network: undefined } };
    const { became } = await run({ texts, links: { '/proc/41/exe': '/home/me/x' }, options });
    expect(became).toMatchObject([{ user: 'netdata' }]);
  });

  it('prints the report for a person, and what else was said, without what steers a terminal', async () => {
    const { errors, text } = await run({ json: false, ended: { errors: 'a\u001b[2Jb\n\nc\n' } });
    expect(text).toMatch(/^conntrack\.plugin 9\.8\.7, checked as net\\u\{1b\}data\n/);
    expect(errors).toBe('a\\u{1b}[2Jb\nc\n');
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
    const { became, code, runs, text } = await run({ texts });
    expect({ became, runs, code }).toEqual({ became: [], runs: [], code: 0 });
    expect(JSON.parse(text)).toMatchObject({ program: { uid: 0 }, works: true });
  });

  it('that may not become another user checks as it is', async () => {
    const { runs, text } = await run({ becoming: Object.assign(new Error('no'), { code: 'EPERM' }) });
    expect(runs).toEqual([]);
    expect(JSON.parse(text)).toMatchObject({ program: { uid: 0, findings: [{ code: 'other_user' }] } });
    await expect(run({ becoming: new Error('a defect') })).rejects.toThrow('a defect');
  });
});

describe("the agent's user", () => {
  it('that may not run the program is the report', async () => {
    const { code, runs, text } = await run({ closed: [PROGRAM], json: false });
    expect({ code, runs }).toEqual({ code: 1, runs: [] });
    expect(text).toContain(`✗ FAIL  program         /p/conntrack.plugin
        netdata, as whom the agent runs its plugins, may not run
        /p/conntrack.plugin
          The folders above must let that user through, too.
            sudo chown root:netdata /p/conntrack.plugin
            sudo chmod 0750 /p/conntrack.plugin
`);
  });

  it('is given the capability back, which a change of the owner takes from an executable', async () => {
    const { text } = await run({ closed: [PROGRAM], packaged: true });
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

  it('need not run another program than the agent starts', async () => {
    const installed = '/usr/lib/netdata/plugins.d/conntrack.plugin';
    const { text } = await run({ closed: [PROGRAM], texts: { ...NETDATA, [installed]: '' } });
    expect(JSON.parse(text).program.findings[0].remedy.lines).toEqual([`sudo ${installed} check`]);
  });

  it('may be let run the script, but not Node.js', async () => {
    const { text } = await run({ closed: [NODE] });
    expect(JSON.parse(text).program.findings).toMatchObject([{ code: 'no_interpreter' }]);
  });
});

describe('any other user', () => {
  it('checks as it is', async () => {
    const { became, runs, text } = await run({ uid: 1000 });
    expect({ became, runs }).toEqual({ became: [], runs: [] });
    expect(JSON.parse(text)).toMatchObject({ program: { uid: 1000 } });
  });
});
