/** Whether each module works, and how to fix those that do not. */

import type { Config } from '../config/schema.ts';
import { withoutLink } from '../modules/conntrackd/discovery.ts';
import type { Problem } from '../modules/problem.ts';
import type { Observation } from './observe.ts';
import { AGENT_BOUNDED, AGENT_NO_NEW_PRIVILEGES, AMBIENT } from './privilege.ts';
import { PROBLEM_REMEDIES } from './problem_remedies.ts';
import { fillTemplate, type Places } from './remedy.ts';
import { type Finding, fault, hasFault, type ModuleSection, note, type Remedy } from './report.ts';

/** By how much is lost. */
const SEVERITIES = { all: 'fault', part: 'hint', nothing: 'note' } as const satisfies Record<
  Problem['loses'],
  Finding['severity']
>;

export interface ModuleFacts {
  readonly config: Config;
  /** The network namespace that they collect from, if it is not the host's own. */
  readonly netns: string | undefined;
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
  const { config, netns, observed } = facts;
  return Object.entries(config.modules).map(([name, { enabled }]) => {
    const observation = observed.find((one) => one.name === name);
    if (observation !== undefined) return judge(observation, facts);
    const isOff = enabled === false;
    const here = name === 'conntrackd' ? 'only for the host' : 'only for namespaces in namespaces.include';
    const why = isOff ? (netns === undefined ? `modules.${name}.enabled is no` : here) : `mode is ${config.mode}`;
    return { name, state: 'off', reads: [], findings: [note('off', why)] };
  });
}

function judge({ hasSamples, name, status }: Observation, facts: ModuleFacts): ModuleSection {
  const { patience, privilege } = facts;
  const { problems, reads } = status;
  const untried = privilege.find(({ code }) => code === AMBIENT);
  if (untried !== undefined && problems.some(({ code, loses }) => code === 'no_capability' && loses === 'all')) {
    const findings = [note(AMBIENT, 'not checked without the capability', untried.remedy)];
    return { name, state: 'unknown', reads, findings };
  }
  const findings = problems.map((problem) => explain(problem, reads, facts));
  // What works here may not work in the agent.
  if (reads.includes('ctnetlink') && !hasFault(findings)) {
    findings.push(...privilege.filter(({ code }) => code === AGENT_BOUNDED || code === AGENT_NO_NEW_PRIVILEGES));
  }
  const isMissing = problems.some(({ loses }) => loses === 'nothing');
  if (!hasSamples && !isMissing && !hasFault(findings)) {
    findings.push(fault('silent', `no data within ${patience} seconds`));
  }
  return { name, state: hasFault(findings) ? 'fails' : hasSamples ? 'works' : 'absent', reads, findings };
}

function explain({ code, loses, message, target }: Problem, reads: readonly string[], facts: ModuleFacts): Finding {
  const { capability, places } = facts;
  // The module's only source need not be named.
  const where = reads.length === 1 && reads[0] === target ? '' : `${target}: `;
  const finding = { severity: SEVERITIES[loses], code, text: `${where}${message}` };
  const template = PROBLEM_REMEDIES[code];
  // What need not exist needs no fix.
  if (loses === 'nothing') return finding;
  if (code === 'no_capability') return { ...finding, remedy: capability };
  if (template === undefined) return finding;
  const socket = withoutLink(target);
  // Each of several daemons has its own drop-in file.
  const drop_in = reads.length <= 1 ? 'netdata.conf' : `netdata${socket.replace(/[^\w.]+/g, '-')}.conf`;
  return { ...finding, remedy: fillTemplate(template, { ...places, socket, drop_in }) };
}
