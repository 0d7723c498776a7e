/** Whether each module works, and how to fix those that do not. */

import type { Config } from '../config/schema.ts';
import { withoutLink } from '../modules/conntrackd/discovery.ts';
import type { Problem } from '../modules/problem.ts';
import type { Observation } from './observe.ts';
import { AGENT_BOUNDED, AGENT_NO_NEW_PRIVILEGES, AMBIENT } from './privilege.ts';
import { PROBLEM_REMEDIES } from './problem_remedies.ts';
import { type Places, remedy } from './remedies.ts';
import type { Finding, ModuleSection, Remedy } from './report.ts';

/** By how much is lost. */
const SEVERITIES = { all: 'fault', part: 'hint', nothing: 'note' } as const satisfies Record<
  Problem['loses'],
  Finding['severity']
>;

export interface ModuleFacts {
  readonly config: Config;
  /** The modules that were tried. */
  readonly observed: readonly Observation[];
  /** How long they were tried, in seconds. */
  readonly patience: number;
  /** How to give the program its capability. */
  readonly capability: Remedy | undefined;
  /** The findings about the capability: those of this process, then those of the agent. */
  readonly privilege: readonly Finding[];
  readonly places: Places;
}

/** All modules, in the order of the configuration. */
export function judgeModules(facts: ModuleFacts): ModuleSection[] {
  const { config, observed } = facts;
  return Object.entries(config.modules).map(([name, { enabled }]) => {
    const observation = observed.find((one) => one.name === name);
    if (observation !== undefined) return judge(observation, facts);
    const why = enabled === false ? `modules.${name}.enabled is no` : `mode is ${config.mode}`;
    return {
      name,
      state: 'off',
      reads: [],
      findings: [{ severity: 'note', code: 'off', text: why, remedy: undefined }],
    };
  });
}

function judge({ hasSamples, name, status }: Observation, facts: ModuleFacts): ModuleSection {
  const untried = facts.privilege.find(({ code }) => code === AMBIENT);
  if (untried !== undefined && status.problems.some(isLackOfCapability)) {
    const text = 'not checked without the capability';
    const findings = [{ severity: 'note', code: AMBIENT, text, remedy: untried.remedy } as const];
    return { name, state: 'unknown', reads: status.reads, findings };
  }
  const findings = status.problems.map((problem) => explain(problem, status.reads, facts));
  findings.push(...lostInAgent(status.reads, findings, facts));
  const isMissing = status.problems.some(({ loses }) => loses === 'nothing');
  if (!hasSamples && !isMissing && !findings.some(({ severity }) => severity === 'fault')) {
    const text = `no data within ${facts.patience} seconds`;
    findings.push({ severity: 'fault', code: 'silent', text, remedy: undefined });
  }
  const isFaulty = findings.some(({ severity }) => severity === 'fault');
  return { name, state: isFaulty ? 'fails' : hasSamples ? 'works' : 'absent', reads: status.reads, findings };
}

/** What keeps a module that works here from working in the agent. */
function lostInAgent(
  reads: readonly string[],
  findings: readonly Finding[],
  { privilege }: ModuleFacts,
): readonly Finding[] {
  if (!reads.includes('ctnetlink') || findings.some(({ severity }) => severity === 'fault')) return [];
  return privilege.filter(({ code }) => code === AGENT_BOUNDED || code === AGENT_NO_NEW_PRIVILEGES);
}

function isLackOfCapability({ code, loses }: Problem): boolean {
  return code === 'no_capability' && loses === 'all';
}

/** The drop-in file that opens a daemon's socket at its start. Each of several daemons has its own. */
function dropInFor(socket: string, isOnly: boolean): string {
  return isOnly ? 'netdata.conf' : `netdata${socket.replace(/[^\w.]+/g, '-')}.conf`;
}

function explain({ code, loses, message, target }: Problem, reads: readonly string[], facts: ModuleFacts): Finding {
  // The module's only source need not be named.
  const where = reads.length === 1 && reads[0] === target ? '' : `${target}: `;
  const text = `${where}${message}`;
  // What need not exist needs no fix.
  if (loses === 'nothing') return { severity: SEVERITIES[loses], code, text, remedy: undefined };
  return { severity: SEVERITIES[loses], code, text, remedy: remedyFor(code, target, reads.length <= 1, facts) };
}

function remedyFor(
  code: Problem['code'],
  target: string,
  isOnly: boolean,
  { capability, places }: ModuleFacts,
): Remedy | undefined {
  const name = PROBLEM_REMEDIES[code];
  if (name === 'capability') return capability;
  const socket = withoutLink(target);
  return name && remedy(name, { ...places, socket, drop_in: dropInFor(socket, isOnly) });
}
