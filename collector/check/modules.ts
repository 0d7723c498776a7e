/** How each module stands, and what can be done where it does not work. */

import type { Config } from '../config/load.ts';
import { withoutLink } from '../modules/conntrackd/discovery.ts';
import type { Hindrance } from '../modules/module.ts';
import { type ADVICE, adviceFor } from './advice.ts';
import type { Observation } from './observe.ts';
import { AGENT_BOUNDED, AGENT_NO_NEW_PRIVILEGES, AMBIENT } from './privilege.ts';
import { type Places, remedy } from './remedies.ts';
import type { Finding, ModuleSection, Remedy } from './report.ts';

/** What a hindrance's severity is, by how much is lost. */
const SEVERITIES = { all: 'fault', part: 'hint', nothing: 'note' } as const satisfies Record<
  Hindrance['loses'],
  Finding['severity']
>;

export interface ModuleFacts {
  readonly config: Config;
  /** Those that were tried. */
  readonly observed: readonly Observation[];
  /** Seconds that they had. */
  readonly patience: number;
  /** What gives the program its capability. */
  readonly capability: Remedy | undefined;
  /** What is found of the capability, here and in the agent, in this order. */
  readonly privilege: readonly Finding[];
  readonly places: Places;
}

/** Every module there is, in the order of the configuration. */
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

function judge({ hasSamples, name, standing }: Observation, facts: ModuleFacts): ModuleSection {
  const untried = facts.privilege.find(({ code }) => code === AMBIENT);
  if (untried !== undefined && standing.hindrances.some(isLackOfCapability)) {
    const text = 'not checked, without the capability';
    const findings = [{ severity: 'note', code: AMBIENT, text, remedy: untried.remedy } as const];
    return { name, state: 'unknown', reads: standing.reads, findings };
  }
  const findings = standing.hindrances.map((hindrance) => explain(name, hindrance, standing.reads, facts));
  findings.push(...lostInAgent(standing.reads, findings, facts));
  const isMissing = standing.hindrances.some(({ loses }) => loses === 'nothing');
  if (!hasSamples && !isMissing && !findings.some(({ severity }) => severity === 'fault')) {
    const text = `it told nothing within ${facts.patience} seconds`;
    findings.push({ severity: 'fault', code: 'silent', text, remedy: undefined });
  }
  const isFaulty = findings.some(({ severity }) => severity === 'fault');
  return { name, state: isFaulty ? 'fails' : hasSamples ? 'works' : 'absent', reads: standing.reads, findings };
}

/** What keeps a module from working in the agent, though nothing does here. */
function lostInAgent(
  reads: readonly string[],
  findings: readonly Finding[],
  { privilege }: ModuleFacts,
): readonly Finding[] {
  if (!reads.includes('ctnetlink') || findings.some(({ severity }) => severity === 'fault')) return [];
  return privilege.filter(({ code }) => code === AGENT_BOUNDED || code === AGENT_NO_NEW_PRIVILEGES);
}

function isLackOfCapability({ code, loses, target }: Hindrance): boolean {
  return target === 'ctnetlink' && loses === 'all' && (code === 'EPERM' || code === 'EACCES');
}

/**
 * The file that opens a daemon's socket when it starts. Of several daemons each has one, so that they do not replace each
 * other.
 */
function dropInFor(socket: string, isOnly: boolean): string {
  return isOnly ? 'netdata.conf' : `netdata${socket.replace(/[^\w.]+/g, '-')}.conf`;
}

function explain(
  module: string,
  { code, loses, message, target }: Hindrance,
  reads: readonly string[],
  facts: ModuleFacts,
): Finding {
  const { remedy: name, text } = adviceFor(kindOf(module, target), code);
  const socket = withoutLink(target);
  const places = { ...facts.places, socket, drop_in: dropInFor(socket, reads.length <= 1) };
  const mending = name === undefined ? undefined : name === 'capability' ? facts.capability : remedy(name, places);
  // Where there is only one thing that it reads, it is that.
  const where = reads.length === 1 && reads[0] === target ? '' : `${target}: `;
  return {
    severity: SEVERITIES[loses],
    code,
    text: `${where}${text ?? message}`,
    // What need not be there need not be mended.
    remedy: loses === 'nothing' ? undefined : mending,
  };
}

function kindOf(module: string, target: string): keyof typeof ADVICE {
  if (module === 'conntrackd') return module;
  return target === 'ctnetlink' || target === 'sock_diag' ? target : 'procfs';
}
