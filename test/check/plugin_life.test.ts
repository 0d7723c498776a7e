import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../collector/agent/environment.ts';
import { findAgent } from '../../collector/check/agent.ts';
import { judgePlugin } from '../../collector/check/plugin_life.ts';
import type { Finding } from '../../collector/check/report.ts';
import { filesOf, PLACES, processFiles } from '../helpers/check_host.ts';

const PROGRAM = '/usr/lib/netdata/plugins.d/conntrack.plugin';
const BOOT = 1_700_000_000;
const SERVICE = { '/proc/41/cgroup': '0::/system.slice/netdata.service\n' };
const CONF = '/etc/netdata/netdata.conf';

interface Scene {
  readonly texts?: Readonly<Record<string, string>>;
  /** Seconds after boot: when the agent and the plugin started, when the program was installed, and now. */
  readonly agent?: number;
  readonly plugin?: number;
  readonly changed?: number;
  readonly now?: number;
  readonly isIdle?: boolean;
}

/** The findings on an agent that started long ago, unless the scene changes that. */
function judge({ agent = 300, changed = 100, isIdle = false, now = 9000, plugin, texts }: Scene): readonly Finding[] {
  const files = {
    '/proc/stat': `btime ${BOOT}\n`,
    '/proc/self/status': '',
    [PROGRAM]: '',
    ...processFiles(41, { name: 'netdata' }, ['netdata', '-D'], agent * 100),
    ...(plugin === undefined ? {} : processFiles(42, { parent: 41 }, [PROGRAM, '1'], plugin * 100)),
    ...texts,
  };
  const fs = filesOf(files, {}, { [PROGRAM]: { ctimeMs: (BOOT + changed) * 1000 } });
  return judgePlugin(
    {
      fs,
      agent: findAgent(fs, readEnvironment({}), PROGRAM),
      uid: 991,
      now: BOOT + now,
      isIdle,
      places: PLACES,
    },
    PROGRAM,
  );
}

/** A line in the log of a 2.x agent, this many seconds after boot. */
function line(at: number, what: string): string {
  const time = new Date((BOOT + at) * 1000).toISOString();
  return `time=${time} comm=netdata source=daemon level=info msg="PLUGINSD: 'host:a', '${PROGRAM}' ${what}"\n`;
}

const codes = (scene: Scene): readonly string[] => judge(scene).map(({ code, severity }) => `${severity} ${code}`);
const LOG = '/var/log/netdata/daemon.log';

describe('the report on an agent that runs the plugin', () => {
  it('has no finding', () => {
    expect(codes({ plugin: 310 })).toEqual([]);
  });

  it("has a hint with the last entry of the agent's log if the plugin just restarted", () => {
    const texts = { [LOG]: line(8889, '(pid 7) exited with error code 1.') };
    expect(judge({ plugin: 8890, texts })).toMatchObject([
      {
        severity: 'hint',
        code: 'plugin_restarted',
        text: "the plugin restarted 110 s ago; the agent's log says: (pid 7) exited with error code 1.",
        remedy: { note: `Look for the reason in the agent's log: ${LOG}.` },
      },
    ]);
  });

  it.each<[string, Scene]>([
    ['restarted long ago', { plugin: 8870, texts: { [LOG]: line(8869, '(pid 7) exited abnormally.') } }],
    [
      'started together with the agent',
      { agent: 8800, plugin: 8890, texts: { [LOG]: line(8869, '(pid 7) exited abnormally.') } },
    ],
    [
      'restarted long after its last exit',
      { plugin: 8890, texts: { [LOG]: line(8700, '(pid 7) exited abnormally.') } },
    ],
    ['restarted without an exit in the log', { plugin: 8890, texts: { [LOG]: line(8889, '(pid 7) connected.') } }],
  ])('has no finding if the plugin %s', (_, scene) => {
    expect(codes(scene)).toEqual([]);
  });
});

describe('the report on an agent that does not run the plugin', () => {
  it("has a fault that names the agent's log", () => {
    expect(judge({ texts: SERVICE })).toEqual([
      {
        severity: 'fault',
        code: 'plugin_not_running',
        text: 'the agent is not running the plugin',
        remedy: {
          note:
            "Look for the reason in the agent's log: journalctl --namespace netdata, or journalctl -u netdata. " +
            'The agent starts the plugin again after a restart:',
          lines: ['sudo systemctl restart netdata'],
        },
      },
    ]);
  });

  it('has no command to restart the agent unless it is a systemd service', () => {
    expect(judge({})[0]?.remedy?.lines).toEqual([]);
  });

  it.each([
    [
      'of 2.x',
      LOG,
      line(400, '(pid 7) exited with 0.') + line(500, '(pid 8) exited abnormally. Disabling it.'),
      '(pid 8) exited abnormally. Disabling it.',
    ],
    [
      'of 1.37',
      '/var/log/netdata/error.log',
      `2100-01-02 03:04:05: netdata ERROR : PLUGINSD[conntrack] : 'host:a', '${PROGRAM}' (pid 9) was killed with SIGTERM. Disabling it.\n`,
      '(pid 9) was killed with SIGTERM. Disabling it.',
    ],
  ])('has a fault with the last entry of the log %s', (_, file, text, exit) => {
    const [finding] = judge({ texts: { [file]: `${text}some other line about conntrack.plugin' (pid 3)\n` } });
    expect(finding?.text).toBe(`the agent is not running the plugin; its log says: ${exit}`);
    expect(finding?.remedy?.note).toContain(file);
  });

  it('has no log entries of an earlier agent', () => {
    const [finding] = judge({ texts: { [LOG]: line(200, '(pid 7) exited abnormally. Disabling it.') } });
    expect(finding?.text).toBe('the agent is not running the plugin');
  });

  it.each<[string, Scene]>([
    ['the agent started', { agent: 8930 }],
    ['the plugin was installed', { changed: 8930 }],
  ])('has only a hint if %s just now', (_, scene) => {
    expect(judge(scene)).toMatchObject([
      {
        severity: 'hint',
        code: 'plugin_not_yet',
        text: 'the agent has not started the plugin yet; it looks for new plugins every 60 s',
        remedy: { note: 'Check again in 5 s.' },
      },
    ]);
  });

  it('has a fault once the agent had time to start the plugin', () => {
    expect(codes({ agent: 8926 })).toEqual(['hint plugin_not_yet']);
    expect(codes({ agent: 8925 })).toEqual(['fault plugin_not_running']);
    const texts = { [CONF]: '[plugins]\ncheck for new plugins every = 10\n' };
    expect(codes({ agent: 8976, texts })).toEqual(['hint plugin_not_yet']);
    expect(codes({ agent: 8975, texts })).toEqual(['fault plugin_not_running']);
  });

  it("has a fault at once if the agent's log says that it disabled the plugin", () => {
    const log = (what: string): Scene => ({ agent: 8930, texts: { [LOG]: line(8940, what) } });
    expect(codes(log('(pid 8) exited abnormally. Disabling it.'))).toEqual(['fault plugin_not_running']);
    expect(codes(log('(pid 8) exited with 0.'))).toEqual(['hint plugin_not_yet']);
  });

  it('has no finding if the configuration disables every module', () => {
    expect(codes({ isIdle: true })).toEqual([]);
  });
});

describe('the report on an agent that is not running', () => {
  it('has no finding on the plugin', () => {
    const fs = filesOf({ '/proc/self/status': '', [PROGRAM]: '' });
    const facts = { fs, uid: 991, now: BOOT, isIdle: false, places: PLACES };
    const agent = findAgent(fs, readEnvironment({}), PROGRAM);
    expect(judgePlugin({ ...facts, agent }, PROGRAM)).toEqual([]);
  });
});
