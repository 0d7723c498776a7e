/**
 * `conntrack.plugin check`: what works on this host, what does not, and how to fix it. It runs the plugin's own modules and
 * changes nothing.
 */

import { dirname } from 'node:path';

import type { Environment } from '../agent/environment.ts';
import { errorCode } from '../base/errors.ts';
import type { Clock } from '../base/scheduler.ts';
import { ConfigError } from '../config/error.ts';
import { loadConfig } from '../config/load.ts';
import { type Config, defaultConfig } from '../config/schema.ts';
import { isTracking } from '../modules/access.ts';
import { exists } from '../procfs/file.ts';
import { Host } from '../procfs/host.ts';
import { userName } from './accounts.ts';
import { type Agent, findAgent } from './agent.ts';
import { type AgentFacts, installedProgram, judgeAgent } from './agent_findings.ts';
import { judgeBuiltin } from './builtin.ts';
import { capabilityArgument, permittedBy } from './capability.ts';
import { exposed } from './exposure.ts';
import { readText, realPath, regularFiles } from './files.ts';
import { judgeKernel } from './kernel.ts';
import { judgeModules } from './modules.ts';
import { judgeNamespaces } from './namespaces.ts';
import type { Observation } from './observe.ts';
import { judgePrivilege, nosuidMount } from './privilege.ts';
import { readStatus } from './process.ts';
import { type Places, remedy } from './remedy.ts';
import { type Finding, hasFault, hint, note, type Report } from './report.ts';
import type { Seen } from './seen.ts';
import { type TrialOptions, tryModules } from './trial.ts';

export interface CheckOptions extends TrialOptions {
  readonly clock: Pick<Clock, 'monotonic' | 'sleep' | 'wall'>;
  readonly environment: Environment;
  /** `--config FILE`, absolute. */
  readonly configFile: string | undefined;
  readonly version: string;
  /** The release of the kernel. */
  readonly release: string;
  readonly program: {
    /** Absolute. */
    readonly path: string;
    /** Whether it is a native executable rather than a script that Node.js runs. */
    readonly packaged: boolean;
  };
  /** The executable of this process: the program itself, or Node.js. */
  readonly executable: string;
  /** Reads the capability attribute of a file; `undefined` if it has none, or cannot be read. */
  readonly capabilities: (path: string) => Uint8Array | undefined;
  /** The user of this process. */
  readonly uid: number;
  /** What root sees of the agent. */
  readonly seen: Seen | undefined;
}

/**
 * Checks everything, as the user of this process.
 *
 * @param unusable why the program cannot run as the agent's user; the modules are not tried then.
 */
export async function check(options: CheckOptions, unusable?: Finding): Promise<Report> {
  const { capabilities, clock, environment, executable, fs, netns, program, release, seen, uid } = options;
  const path = realPath(fs, program.path);
  const host = new Host(fs, environment.hostPrefix);
  const granted = permittedBy(capabilities(path));
  const agent = findAgent(fs, environment, path, seen);
  const { account } = agent;
  const places = placesOf(agent, path, granted);
  const [config, configuration] = await load(options, agent, places);
  const trial = unusable === undefined ? await tryModules(options, config) : undefined;
  const { config: tried = config, observed = [], patience = 0 } = trial ?? {};

  const privilege = judgePrivilege({
    neededBy: observed.filter(needsCapability).map(({ name }) => name),
    granted: program.packaged ? granted : 0n,
    isIncluding: config.namespaces.include.length > 0,
    own: readStatus(fs, 'self'),
    agent: agent.process?.isKnown === true ? agent.process : undefined,
    packaged: program.packaged,
    nosuid: nosuidMount(readText(fs, '/proc/self/mountinfo') ?? '', path),
    places,
  });
  // If this process has the capability, something else refuses what a module needs.
  const capability = privilege.permitted === false ? privilege.findings[0]?.remedy : remedy('lift_namespace', places);
  const namespaces = judgeNamespaces({
    settings: config.namespaces,
    sight: trial?.sight,
    asked: trial?.asked,
    isTracking: isTracking(fs, host),
    isBlind: !exists(fs, host.path('/proc/1/net/dev')),
    gid: account?.gid,
    packaged: program.packaged,
    privilege,
    places,
  });
  const modules =
    trial?.observed === undefined
      ? []
      : judgeModules({ config: tried, netns, observed, patience, capability, privilege: privilege.findings, places });
  const programs = [executable, installedProgram(fs, agent) ?? executable].map((file) => realPath(fs, file));
  const interpreter = program.packaged ? undefined : realPath(fs, executable);
  const exposures = exposed({ fs, capabilities, programs: [...new Set(programs)], interpreter, account, places });
  const now = Math.floor(clock.wall() / 1000);
  const isIdle = unusable === undefined && observed.length === 0 && config.namespaces.enabled === false;
  const facts: AgentFacts = { fs, agent, uid, now, isIdle, places };
  const conntrackd = modules.find(({ name }) => name === 'conntrackd')?.state;
  const sections = {
    program: programSection(options, agent, places, unusable),
    kernel: judgeKernel(fs, host, release, conntrackd, places),
    agent: judgeAgent(facts),
    privilege: { ...privilege, findings: [...privilege.findings, ...exposures] },
    configuration,
    namespaces,
    modules,
    builtin: judgeBuiltin(facts, config.contexts),
  };
  const { agent: _, builtin: __, kernel: ___, ...inside } = sections;
  const works = !Object.values(netns === undefined ? sections : inside)
    .flat()
    .some(({ findings }) => hasFault(findings));
  return { format: 1, version: options.version, netns, works, ...sections };
}

/** @param granted the capabilities that the program's file permits. */
function placesOf({ account, file, prefix }: Agent, program: string, granted: bigint): Places {
  return {
    program,
    folder: dirname(program),
    capabilities: capabilityArgument(granted),
    user: account?.user ?? 'netdata',
    group: account?.group ?? 'netdata',
    prefix: prefix || '/',
    netdata_conf: file ?? "the agent's netdata.conf",
  };
}

/** The configuration, or the defaults where it is invalid, and what is wrong with it. */
async function load(
  { configFile, fs }: CheckOptions,
  agent: Agent,
  places: Places,
): Promise<[Config, Report['configuration']]> {
  try {
    const directories = [agent.userConfigDirectory, agent.stockConfigDirectory];
    const { config, file } = await loadConfig(
      regularFiles(fs),
      configFile ?? agent.process?.plugin?.config,
      directories,
    );
    return [config, { file, findings: [] }];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [defaultConfig(), { file: error.file, findings: problems(error, places) }];
  }
}

/** The last problem has the remedy. */
function problems({ cause, file, problems: all }: ConfigError, places: Places): Finding[] {
  const isClosed = errorCode(cause) === 'EACCES';
  const code = isClosed ? 'closed' : cause === undefined ? 'invalid' : 'unreadable';
  const fix = remedy(isClosed ? 'let_read_configuration' : 'fix_configuration', { ...places, file });
  return all.map(({ line, text }, at) => {
    return { severity: 'fault', code, text, line, remedy: at < all.length - 1 ? undefined : fix };
  });
}

function needsCapability({ status }: Observation): boolean {
  return status.reads.includes('ctnetlink') || status.problems.some(({ target }) => target === 'ctnetlink');
}

function programSection(
  { fs, program: { packaged, path }, uid }: CheckOptions,
  { account }: Agent,
  places: Places,
  unusable: Finding | undefined,
): Report['program'] {
  const findings = unusable === undefined ? [] : [unusable];
  if (account === undefined) findings.push(note('user_unknown', "the agent's user is unknown"));
  else if (account.uid !== uid && unusable === undefined) {
    const text = `the agent's plugins run as ${account.user}, for whom the result may differ`;
    findings.push(hint('other_user', text, remedy('check_as_root', places)));
  }
  return { path, packaged, user: userName(fs, uid), uid, findings };
}
