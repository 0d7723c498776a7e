/**
 * The report of `check`, as `--json` prints it. The keys are permanent. Values that are unknown or do not apply are left
 * out. The schema also validates a report that the program prints as another user, whose processes can tamper with it.
 */

import * as v from 'valibot';

import { parseJson } from './files.ts';

const text = v.optional(v.string());
const number = v.optional(v.number());
const texts = v.pipe(v.array(v.string()), v.readonly());

/** How to fix something, ready to be pasted. */
const remedy = v.strictObject({
  /** What to do, or what to know first. */
  note: text,
  /** Commands to type, or lines to write into the file that the note names. */
  lines: texts,
});

const finding = v.strictObject({
  /** A fault breaks something enabled, here or in the agent. A hint is worth acting on. A note explains. */
  severity: v.picklist(['fault', 'hint', 'note']),
  /** Identifies the kind of finding for programs: unlike the text, it never changes. */
  code: v.string(),
  text: v.string(),
  /** Line in the configuration file, counted from 1. */
  line: number,
  remedy: v.optional(remedy),
});

const findings = v.pipe(v.array(finding), v.readonly());

/** The program that ran, and its user. */
const program = v.strictObject({
  path: v.string(),
  /** Whether it is a native executable, which can have capabilities, rather than a script that Node.js runs. */
  packaged: v.boolean(),
  user: v.string(),
  uid: v.number(),
  findings,
});

const kernel = v.strictObject({
  release: v.string(),
  /** Whether connection tracking is loaded. */
  tracking: v.boolean(),
  /** Entries in the connection table, its limit, and its hash buckets. */
  entries: number,
  max: number,
  buckets: number,
  /** The settings `nf_conntrack_events` and `nf_conntrack_acct`. */
  events: number,
  acct: number,
  findings,
});

const agent = v.strictObject({
  /**
   * `installed`: present but not running. `unverified`: a process has the agent's name, but this user cannot see which
   * program it runs.
   */
  state: v.picklist(['running', 'unverified', 'installed', 'not_found']),
  pid: number,
  /** Start time in seconds since the epoch. */
  since: number,
  user: text,
  /** The plugin process of the running agent. */
  plugin: v.optional(v.strictObject({ pid: v.number(), since: number })),
  /** The one that contains this program, otherwise the first. */
  plugin_directory: text,
  user_config_directory: text,
  stock_config_directory: text,
  findings,
});

const privilege = v.strictObject({
  /** The enabled modules that need CAP_NET_ADMIN here. */
  needed_by: texts,
  /** Whether this process is permitted CAP_NET_ADMIN. */
  permitted: v.optional(v.boolean()),
  /** CAP_SYS_ADMIN, to enter network namespaces: whether `conntrack-setup --namespaces` granted it to the program. */
  sys_admin: v.strictObject({ granted: v.boolean(), permitted: v.optional(v.boolean()) }),
  findings,
});

/** Without a file, the defaults apply. */
const configuration = v.strictObject({ file: text, findings });

/** A network namespace besides the one that the host's charts show. */
const namespace = v.strictObject({
  name: v.string(),
  /** Labels of its charts: `netns`, and `container` and `pod` where known. */
  labels: v.record(v.string(), v.string()),
  /** Where it is bound, such as `/run/netns/blue`. */
  path: text,
  /** The oldest process in it, if that is known. */
  pid: number,
  /** `path`: by entering it, which needs CAP_SYS_ADMIN. */
  read_through: v.picklist(['process', 'path', 'nothing']),
  /** The same for people: `process 1234 (dnsmasq)` or the path. */
  via: text,
  /** Connections in its table; absent if that cannot be read. */
  entries: number,
  /** Whether the configuration names it in `include` or `exclude`. */
  choice: v.picklist(['included', 'excluded', 'automatic']),
});

/** Which namespaces are watched is decided over time; the counts are those of the moment. */
const namespaces = v.strictObject({
  /** `namespaces.enabled` of the configuration. */
  enabled: v.picklist(['auto', 'yes', 'no']),
  /** All that were found; those that can be read; those with connections. Absent if they were not looked for. */
  found: number,
  readable: number,
  active: number,
  /** Paths of namespaces that this user cannot reach; their processes are among those found. */
  hidden: number,
  /** At most 100: those that are included, then the fullest. With `--netns`, only that one. */
  listed: v.pipe(v.array(namespace), v.readonly()),
  findings,
});

const module = v.strictObject({
  name: v.string(),
  /**
   * `off`: disabled by the configuration. `absent`: there is nothing to watch, which is normal. `unknown`: only the
   * agent's plugin has the capability, so it cannot be tried here.
   */
  state: v.picklist(['works', 'fails', 'off', 'absent', 'unknown']),
  /** Sources of its numbers: paths, `ctnetlink` or `sock_diag`. */
  reads: texts,
  findings,
});

/** The agent's built-in collector of connection tracking, which draws six of the same charts. */
const builtin = v.strictObject({
  /** Whether its charts are on; absent without an agent, or if the agent's configuration cannot be read. */
  charts: v.optional(v.boolean()),
  /**
   * The contexts of the plugin's six charts: those of the built-in collector (`netfilter.conntrack_…`), or separate ones
   * (`conntrack.…`). Absent without an agent.
   */
  contexts: v.optional(v.picklist(['netfilter', 'conntrack'])),
  /** What decides: the state of the built-in collector as the plugin sees it, or `conntrack.conf`. */
  contexts_reason: v.optional(v.picklist(['on', 'off', 'unknown', 'configured'])),
  findings,
});

const report = v.strictObject({
  /** Raised when a key changes its meaning. */
  format: v.literal(1),
  version: v.string(),
  /** The network namespace that `--netns` asks for. */
  netns: text,
  /** Whether the report has no faults: exit code 0, otherwise 1. With `--netns`, those of the agent do not count. */
  works: v.boolean(),
  program,
  kernel,
  agent,
  privilege,
  configuration,
  namespaces,
  /** With `--netns`, the modules in that namespace. Empty if the agent's user cannot run the program. */
  modules: v.pipe(v.array(module), v.readonly()),
  builtin,
});

export type Report = v.InferOutput<typeof report>;
export type Finding = v.InferOutput<typeof finding>;
export type Remedy = v.InferOutput<typeof remedy>;
export type Section = Pick<Report['program'], 'findings'>;
export type KernelSection = Report['kernel'];
export type AgentSection = Report['agent'];
export type PrivilegeSection = Report['privilege'];
export type NamespaceEntry = v.InferOutput<typeof namespace>;
export type NamespacesSection = Report['namespaces'];
export type ModuleSection = Report['modules'][number];
export type BuiltinSection = Report['builtin'];

const findingOf =
  (severity: Finding['severity']) =>
  (code: string, text: string, remedy?: Remedy): Finding => ({ severity, code, text, remedy });

export const fault = findingOf('fault');
export const hint = findingOf('hint');
export const note = findingOf('note');

export function hasFault(findings: readonly Finding[]): boolean {
  return findings.some(({ severity }) => severity === 'fault');
}

/** The report in a JSON text; `undefined` if it is not a valid one. */
export function parseReport(json: string): Report | undefined {
  return parseJson(report, json);
}
