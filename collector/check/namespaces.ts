/** What the report says of network namespaces: how each is read, and what is missing for the others. */

import { UsageError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import { inWhole } from '../base/numbers.ts';
import type { Config } from '../config/schema.ts';
import type { Problem } from '../modules/problem.ts';
import { Selector } from '../namespaces/selection.ts';
import type { Looked, Sight } from './look_inside.ts';
import { PROBLEM_REMEDIES } from './problem_remedies.ts';
import { fillTemplate, type Places, remedy } from './remedy.ts';
import {
  type Finding,
  fault,
  hint,
  type NamespaceEntry,
  type NamespacesSection,
  note,
  type PrivilegeSection,
  type Remedy,
} from './report.ts';

/** Most namespaces in a report, so that one of thousands stays readable. */
const LISTED = 100;
/** Most names in one finding. */
const NAMED = 5;

export interface NamespaceFacts {
  readonly settings: Config['namespaces'];
  /** `undefined` if they were not looked for. */
  readonly sight: Sight | undefined;
  /** The only one to report on, or why there is none; `undefined` if none is asked for. */
  readonly asked: Looked | UsageError | undefined;
  /** Whether connection tracking is loaded: without it no namespace has statistics. */
  readonly isTracking: boolean;
  /** Whether this user cannot see the processes of others, so that namespaces that only they are in are not found. */
  readonly isBlind: boolean;
  /** The group of the agent's user. */
  readonly gid: number | undefined;
  readonly packaged: boolean;
  readonly privilege: PrivilegeSection;
  readonly places: Places;
}

export function judgeNamespaces(facts: NamespaceFacts): NamespacesSection {
  const { asked, settings, sight } = facts;
  const enabled = settings.enabled === 'auto' ? 'auto' : settings.enabled ? 'yes' : 'no';
  const listed: readonly NamespaceEntry[] = [];
  if (sight === undefined) return { enabled, listed, findings: [] };
  const { hidden, looked } = sight;
  const selector = selectorOf(settings);
  const ranked = looked.toSorted((one, other) => rank(other, selector) - rank(one, selector));
  const isMissing = asked instanceof UsageError;
  const shown = asked === undefined ? ranked.slice(0, LISTED) : isMissing ? [] : [asked];
  return {
    enabled,
    found: looked.length,
    readable: looked.filter(({ problem }) => problem === undefined).length,
    active: looked.filter(({ entries = 0 }) => entries > 0).length,
    hidden: hidden.length,
    listed: shown.map((one) => entryOf(one, selector)),
    findings: isMissing
      ? [fault('no_namespace', asked.message)]
      : [
          ...problemsOf(asked === undefined ? looked : shown, selector, facts),
          ...(asked === undefined ? [...unmatched(sight, selector), ...hiddenNote(sight), ...blindness(facts)] : []),
        ],
  };
}

/** Which namespaces the configuration names. */
export function selectorOf({ enabled, ...settings }: Config['namespaces']): Selector {
  return new Selector({ ...settings, enabled: enabled === true ? true : 'auto' });
}

/** Those that the configuration includes come first, then the fullest, and those that cannot be read last. */
function rank({ entries = -1, namespace: { name } }: Looked, selector: Selector): number {
  return selector.isIncluded(name) ? Number.MAX_VALUE : entries;
}

function entryOf({ entries, namespace, problem, via }: Looked, selector: Selector): NamespaceEntry {
  const { anchor, bound, labels, name } = namespace;
  const choice = selector.isExcluded(name) ? 'excluded' : selector.isIncluded(name) ? 'included' : 'automatic';
  const read_through = problem !== undefined ? 'nothing' : anchor === undefined ? 'path' : 'process';
  return { name, labels, path: bound?.path, pid: anchor?.pid, read_through, via, entries, choice };
}

/** Namespaces that have the same problem. */
interface Group {
  readonly names: string[];
  readonly problem: Problem;
  /** Whether only sockets are missing. */
  readonly isPart: boolean;
  /** Whether the operator named them. */
  readonly isFault: boolean;
  /** Whether the privilege would help. */
  readonly hasPath: boolean;
}

/** One finding for each kind of problem. */
function problemsOf(looked: readonly Looked[], selector: Selector, facts: NamespaceFacts): Finding[] {
  const groups = new Map<string, Group>();
  for (const { closed, namespace, problem } of looked) {
    const { name } = namespace;
    const found = problem ?? closed;
    if (found === undefined || selector.isExcluded(name)) continue;
    // Without connection tracking on the host there is nothing to read anywhere.
    if (found.code === 'file_missing' && !facts.isTracking) continue;
    const isPart = problem === undefined;
    const isFault = !isPart && (selector.isIncluded(name) || facts.asked !== undefined);
    const hasPath = namespace.bound !== undefined;
    const key = [found.code, isPart, isFault, hasPath].join(' ');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { names: [name], problem: found, isPart, isFault, hasPath });
    else group.names.push(name);
  }
  return [...groups.values()].map((group) => {
    const { isFault, isPart, names, problem } = group;
    const what = isPart ? `no events, flows and sockets: ${problem.message}` : problem.message;
    const finding = isFault ? fault : hint;
    return finding(problem.code, `${listOf(names)}: ${what}`, remedyOf(group, facts));
  });
}

function listOf(names: readonly string[]): string {
  const more = names.length > NAMED ? ` and ${inWhole(names.length - NAMED)} more` : '';
  return `${names.slice(0, NAMED).join(', ')}${more}`;
}

function remedyOf({ hasPath, problem }: Group, facts: NamespaceFacts): Remedy | undefined {
  const { packaged, places, privilege } = facts;
  if (problem.code === 'namespace_hidden') return fillTemplate(PROBLEM_REMEDIES.namespace_hidden, places);
  if (problem.code !== 'namespace_closed' || !hasPath) return undefined;
  if (!packaged) return remedy('install_package', places);
  if (!privilege.sys_admin.granted) return fillTemplate(PROBLEM_REMEDIES.namespace_closed, places);
  // Something withholds what was granted.
  return privilege.findings[0]?.remedy ?? remedy('lift_namespace', places);
}

/** Patterns of `include` without effect, with what could be meant: a similar name, or that of a container's id. */
function unmatched({ looked }: Sight, selector: Selector): Finding[] {
  const names = looked.map(({ namespace: { name } }) => name);
  const patterns = selector.unmatched(names).map((pattern) => {
    const near = names.find((name) => name.includes(pattern)) ?? nearest(pattern, names);
    return near === undefined ? pattern : `${pattern} (did you mean ${near}?)`;
  });
  if (patterns.length === 0) return [];
  return [hint('include_unmatched', `namespaces.include: no network namespace matches ${listOf(patterns)}`)];
}

/** Namespaces with a path that this user cannot see are read through their processes, under other names. */
function hiddenNote({ hidden }: Sight): Finding[] {
  const [first] = hidden;
  if (first === undefined) return [];
  const text = `${inWhole(hidden.length)} with a path that the agent's user cannot reach, such as ${first.path}: read only through a process, under the name of its container or unit`;
  return [note('namespace_hidden', text)];
}

function blindness({ gid, isBlind }: NamespaceFacts): Finding[] {
  if (!isBlind) return [];
  const text = '/proc hides the processes of other users: namespaces that only they are in are not found';
  return [
    hint('processes_hidden', text, gid === undefined ? undefined : remedy('show_processes', { gid: String(gid) })),
  ];
}
