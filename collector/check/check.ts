/**
 * `conntrack.plugin check`: what works on this host, what does not, and how to fix it. It runs the plugin's own modules and
 * changes nothing.
 */

import { dirname } from 'node:path';
import type { Environment } from '../agent/environment.ts';
import { errorCode } from '../base/errors.ts';
import type { Clock } from '../base/scheduler.ts';
import { ConfigError, type ConfigFileSystem, loadConfig } from '../config/load.ts';
import { type Config, defaultConfig } from '../config/schema.ts';
import type { Module } from '../modules/module.ts';
import { Host } from '../procfs/host.ts';
import { userName } from './accounts.ts';
import { type Agent, findAgent } from './agent.ts';
import { type AgentFacts, installedProgram, judgeAgent, judgeBuiltin } from './agent_findings.ts';
import { type CheckFileSystem, readRegular, readText, realPath } from './files.ts';
import { judgeKernel } from './kernel.ts';
import { judgeModules } from './modules.ts';
import { type Observation, observe } from './observe.ts';
import { exposed, judgePrivilege, nosuidMount } from './privilege.ts';
import { readStatus } from './process.ts';
import { type Places, remedy } from './remedies.ts';
import type { ConfigurationSection, Finding, PrivilegeSection, ProgramSection, Report } from './report.ts';
import type { Seen } from './seen.ts';

/** Seconds that modules have to return data, plus the time that conntrackd may take. */
const PATIENCE = 5;

export interface CheckOptions {
  readonly fs: CheckFileSystem;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep' | 'wall'>;
  readonly environment: Environment;
  /** `--config FILE`, absolute. */
  readonly asked: string | undefined;
  readonly version: string;
  /** The release of the kernel. */
  readonly release: string;
  readonly program: Program;
  /** The executable of this process: the program itself, or Node.js. */
  readonly executable: string;
  /** Reads the capability attribute of a file; `undefined` if it has none, or cannot be read. */
  readonly capabilities: (path: string) => Uint8Array | undefined;
  /** The user of this process. */
  readonly uid: number;
  /** What root sees of the agent. */
  readonly seen: Seen | undefined;
  /** Creates the modules of a configuration. */
  readonly modules: (config: Config) => readonly Module[];
}

export interface Program {
  /** Absolute. */
  readonly path: string;
  /** Whether it is a native executable rather than a script that Node.js runs. */
  readonly packaged: boolean;
}

/** The configuration, or the defaults where it is invalid, and what is wrong with it. */
interface Loaded {
  readonly config: Config;
  readonly section: ConfigurationSection;
}

/**
 * Checks everything, as the user of this process.
 *
 * @param unusable why the program cannot run as the agent's user; the modules are not tried then.
 */
export async function check(options: CheckOptions, unusable?: Finding): Promise<Report> {
  const { clock, environment, fs, modules, program, seen, uid } = options;
  const path = realPath(fs, program.path);
  const agent = findAgent(fs, environment, path, seen);
  const places = placesOf(agent, path);
  const { config, section: configuration } = load(options, agent, places);
  const patience = PATIENCE + config.modules.conntrackd.timeout;
  const observed = unusable === undefined ? await observe(modules(config), clock, patience) : [];

  const neededBy = observed.filter(needsCapability).map(({ name }) => name);
  const privilege = judgePrivilege({
    neededBy,
    own: readStatus(fs, 'self'),
    agent: agent.process?.isKnown === true ? agent.process : undefined,
    packaged: program.packaged,
    nosuid: nosuidMount(readText(fs, '/proc/self/mountinfo') ?? '', path),
    places,
  });
  const capability = capabilityRemedy(privilege, places);
  const judged =
    unusable === undefined
      ? judgeModules({ config, observed, patience, capability, privilege: privilege.findings, places })
      : [];
  const now = Math.floor(clock.wall() / 1000);
  const isIdle = unusable === undefined && observed.length === 0;
  const facts: AgentFacts = { fs, agent, program: path, uid, seen, now, isIdle, places };
  const host = new Host(fs, environment.hostPrefix);
  const conntrackd = judged.find(({ name }) => name === 'conntrackd')?.state;
  const sections = {
    program: programSection(options, agent, places, unusable),
    kernel: judgeKernel(fs, host, options.release, conntrackd, places),
    agent: judgeAgent(facts),
    privilege: { ...privilege, findings: [...privilege.findings, ...exposures(options, agent, places)] },
    configuration,
    modules: judged,
    builtin: judgeBuiltin(facts, config.contexts),
  };
  const { modules: each, ...others } = sections;
  const findings = [...Object.values(others), ...each].flatMap((section) => section.findings);
  const works = !findings.some(({ severity }) => severity === 'fault');
  return { format: 1, version: options.version, works, ...sections };
}

/** Which users can misuse the capability of this program, or of the one that the agent starts. */
function exposures(
  { capabilities, executable, fs, program }: CheckOptions,
  agent: Agent,
  places: Places,
): readonly Finding[] {
  const installed = installedProgram(fs, agent);
  const paths = [executable, ...(installed === undefined ? [] : [installed])].map((path) => realPath(fs, path));
  return exposed({
    fs,
    capabilities,
    programs: [...new Set(paths)],
    interpreter: program.packaged ? undefined : realPath(fs, executable),
    account: agent.account,
    places,
  });
}

function placesOf({ account, file, prefix }: Agent, program: string): Places {
  return {
    program,
    folder: dirname(program),
    user: account?.user ?? 'netdata',
    group: account?.group ?? 'netdata',
    prefix: prefix || '/',
    netdata_conf: file ?? "the agent's netdata.conf",
  };
}

function load({ asked, fs }: CheckOptions, agent: Agent, places: Places): Loaded {
  try {
    const directories = [agent.userConfigDirectory, agent.stockConfigDirectory];
    const { config, file } = loadConfig(regularOf(fs), asked ?? agent.plugin?.config, directories);
    return { config, section: { file, findings: [] } };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { config: defaultConfig(), section: { file: error.file, findings: problems(error, places) } };
  }
}

function regularOf(fs: CheckFileSystem): ConfigFileSystem {
  return { readFileSync: (path) => readRegular(fs, path) };
}

/** All problems in the order of the file; the last one has the remedy. */
function problems(error: ConfigError, places: Places): Finding[] {
  const { file, problems: all } = error;
  const isClosed = errorCode(error.cause) === 'EACCES';
  const sorted = [...all].sort((one, other) => (one.line ?? 0) - (other.line ?? 0));
  return sorted.map(({ line, text }, at) => ({
    severity: 'fault',
    code: isClosed ? 'closed' : error.cause === undefined ? 'invalid' : 'unreadable',
    text,
    line,
    remedy:
      at < sorted.length - 1
        ? undefined
        : remedy(isClosed ? 'let_read_configuration' : 'fix_configuration', { ...places, file }),
  }));
}

function needsCapability({ status }: Observation): boolean {
  return status.reads.includes('ctnetlink') || status.problems.some(({ target }) => target === 'ctnetlink');
}

/** What a module needs that is refused: the capability, unless this process has it. */
function capabilityRemedy({ findings, permitted }: PrivilegeSection, places: Places): Finding['remedy'] {
  return permitted === false ? findings[0]?.remedy : remedy('lift_namespace', places);
}

function programSection(
  { fs, program, uid }: CheckOptions,
  { account }: Agent,
  places: Places,
  unusable: Finding | undefined,
): ProgramSection {
  const findings: Finding[] = unusable === undefined ? [] : [unusable];
  const isOther = account !== undefined && account.uid !== uid;
  if (isOther && unusable === undefined) {
    const text = `the agent's plugins run as ${account.user}, for whom the result may differ`;
    findings.push({ severity: 'hint', code: 'other_user', text, remedy: remedy('check_as_root', places) });
  }
  if (account === undefined) {
    findings.push({ severity: 'note', code: 'user_unknown', text: "the agent's user is unknown", remedy: undefined });
  }
  return { path: program.path, packaged: program.packaged, user: userName(fs, uid), uid, findings };
}
