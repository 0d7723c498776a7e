/** A host in memory on which `check` finds no fault, unless a scene changes it. */

import { readEnvironment } from '../../collector/agent/environment.ts';
import { UsageError } from '../../collector/base/errors.ts';
import { type CheckOptions, check } from '../../collector/check/check.ts';
import { render } from '../../collector/check/render.ts';
import type { Finding, Report } from '../../collector/check/report.ts';
import type { Config } from '../../collector/config/schema.ts';
import type { Module, Sample } from '../../collector/modules/module.ts';
import { PROBLEMS, type Problem } from '../../collector/modules/problem.ts';
import { filesOf, NET_ADMIN, processFiles, type StatusOptions, statusText } from './check_host.ts';
import { FakeClock } from './fake_clock.ts';

export const NETFILTER = '/proc/sys/net/netfilter';
export const PLUGINS = '/usr/libexec/netdata/plugins.d';
export const PROGRAM = `${PLUGINS}/conntrack.plugin`;
const SAMPLE: Sample = { scope: 'host', instance: '', labels: {}, values: { a: 1 } };
export const TEXT = { hasColour: false, isUnicode: true };

export const KERNEL = {
  '/proc/sys/kernel/osrelease': '6.18.5\n',
  [`${NETFILTER}/nf_conntrack_count`]: '12345\n',
  [`${NETFILTER}/nf_conntrack_max`]: '262144\n',
  [`${NETFILTER}/nf_conntrack_buckets`]: '65536\n',
  [`${NETFILTER}/nf_conntrack_events`]: '2\n',
  [`${NETFILTER}/nf_conntrack_acct`]: '0\n',
  '/proc/1/net/dev': '',
};

export const AGENT = {
  '/etc/passwd': 'root:x:0:0::/:/bin/sh\nnetdata:x:991:981::/:/bin/false\n',
  '/etc/group': 'netdata:x:981:\n',
  [PROGRAM]: '',
  '/etc/netdata/netdata.conf': '[plugin:proc]\n/proc/net/stat/conntrack = no\n',
  '/usr/lib/netdata/conf.d/health.d/conntrack.conf': '',
};

/** Boot time of the host and time of the check, in seconds since the epoch. */
export const BOOT = 1_700_000_000;
const NOW = BOOT + 100_000;

/** An agent that started 100 s after boot, and its plugin, 200 s after boot. */
export const RUNNING = {
  '/proc/stat': `cpu 1 2 3\nbtime ${BOOT}\nprocesses 4\n`,
  ...processFiles(812, { name: 'netdata', uid: 991, gid: 981 }, ['netdata', '-D'], 10_000),
  ...processFiles(813, { uid: 991, gid: 981, parent: 812 }, [PROGRAM, '1'], 20_000),
};

/** A module that returns a sample, or has a problem. */
export function module(name: string, reads: string, problem?: Partial<Problem>): Module {
  const problems =
    problem === undefined ? [] : [{ code: 'system_error', target: reads, message: 'no', ...problem } as const];
  return {
    name,
    every: 1,
    collect: () => (problem === undefined ? [SAMPLE] : []),
    status: () => ({ reads: [reads], problems: problems.map((one) => ({ loses: 'all', ...one })) }),
    close: () => undefined,
  };
}

const ALL_WELL = [
  module('stat', '/proc/net/stat/nf_conntrack'),
  module('events', 'ctnetlink'),
  module('flows', 'ctnetlink'),
  module('sockets', 'sock_diag'),
  module('conntrackd', '/run/conntrackd.ctl', {
    code: 'conntrackd_down',
    message: 'conntrackd is not running',
    loses: 'nothing',
  }),
];

const REFUSED = { code: 'no_capability', message: PROBLEMS.no_capability.message } as const;
export const WITHOUT_CAPABILITY = [
  module('stat', '/proc/net/stat/nf_conntrack'),
  module('events', 'ctnetlink', REFUSED),
  module('flows', 'ctnetlink', REFUSED),
  module('sockets', 'sock_diag'),
  module('conntrackd', '/run/conntrackd.ctl'),
];

/** A host without other network namespaces. */
export const NO_NAMESPACES: CheckOptions['namespaces'] = {
  find: () =>
    (function* () {
      yield;
      return { namespaces: [], hidden: [] };
    })(),
  enter: () => {
    throw new TypeError('no namespace was found');
  },
  named: (given) => {
    throw new UsageError(given);
  },
  configOf: (config) => config,
  modules: () => [],
};

export interface Scene {
  readonly texts?: Readonly<Record<string, string>>;
  readonly links?: Readonly<Record<string, string>>;
  readonly own?: StatusOptions;
  readonly modules?: readonly Module[];
  readonly options?: Partial<CheckOptions>;
  readonly unusable?: Finding;
}

/** Checks as the agent's user. */
export async function checked({ links, modules = ALL_WELL, options, own, texts, unusable }: Scene = {}) {
  const configs: Config[] = [];
  const status = statusText({ uid: 991, gid: 981, permitted: NET_ADMIN, ...own });
  const report = await check(
    {
      fs: filesOf({ ...KERNEL, ...AGENT, ...RUNNING, '/proc/self/status': status, ...texts }, links),
      clock: new FakeClock(NOW * 1000),
      environment: readEnvironment({}),
      configFile: undefined,
      version: '7.8.9',
      release: '5.0.0',
      program: { path: PROGRAM, packaged: true },
      executable: PROGRAM,
      capabilities: () => undefined,
      uid: 991,
      seen: undefined,
      modules: (config) => {
        configs.push(config);
        return modules;
      },
      namespaces: NO_NAMESPACES,
      netns: undefined,
      ...options,
    },
    unusable,
  );
  return { report, config: configs[0], text: render(report, TEXT) };
}

/** All findings as `section severity code`. */
export function found(report: Report): string[] {
  const { agent, builtin, configuration, kernel, modules, namespaces, privilege, program } = report;
  const sections = Object.entries({ program, kernel, agent, privilege, configuration, namespaces, builtin });
  const named = [...sections, ...modules.map((one) => [one.name, one] as const)];
  return named.flatMap(([name, { findings }]) => findings.map(({ code, severity }) => `${name} ${severity} ${code}`));
}
