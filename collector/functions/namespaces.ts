/**
 * The answer `top` by network namespace: how full the table of each is, and what it drops. Read from the statistics file
 * of each namespace, twice, a second apart.
 */

import { inWhole } from '../base/numbers.ts';
import type { Clock } from '../base/scheduler.ts';
import { messageWithFix, ProblemError } from '../modules/problem.ts';
import type { Work } from '../modules/slices.ts';
import { kernelRelease } from '../modules/stat/kernel.ts';
import { STATISTICS, StatParser } from '../modules/stat/nf_conntrack_stat.ts';
import type { Discovered } from '../namespaces/discovery.ts';
import type { Namespace } from '../namespaces/namespace.ts';
import { readText } from '../procfs/file.ts';
import type { Answer, Column, Row } from './answer.ts';
import { NamespaceTable } from './namespace_table.ts';
import { pause } from './pause.ts';
import { finish } from './reading.ts';
import type { NamespaceFiles, NamespaceSources, Sources } from './sources.ts';

/** The choice of the argument `by`. */
export const NETNS = { id: 'netns', name: 'Network namespace', plural: 'network namespaces' } as const;

/** What the host's own namespace is called; another one of this name is shown by its path. */
export const HOST_NAME = 'host';

/** Milliseconds between the two readings. */
const INTERVAL = 1000;
/** The thresholds of the alerts conntrack_full and conntrack_namespace_full: the used share of the table, in percent. */
export const WARNING_ABOVE = 90;
export const CRITICAL_ABOVE = 95;
/** Names of namespaces in a note. */
const NAMED = 5;

const RATES: readonly Column[] = [
  { id: 'new', name: 'New', type: 'rate' },
  { id: 'drop', name: 'Drop', type: 'rate' },
  { id: 'early_drop', name: 'Early drop', type: 'rate' },
  { id: 'insert_failed', name: 'Insert failed', type: 'rate' },
];

export const NAMESPACE_COLUMNS: readonly Column[] = [
  { id: NETNS.id, name: 'Namespace', type: 'text', isKey: true },
  { id: 'connections', name: 'Connections', type: 'count' },
  { id: 'used', name: 'Used', type: 'percent' },
  { id: 'growth', name: 'Growth', type: 'rate' },
  ...RATES,
  { id: 'via', name: 'Read through', type: 'text' },
  { id: 'problem', name: 'Problem', type: 'text' },
];

/**
 * Ranks the namespaces by their entries, the host's own among them.
 *
 * @throws {ProblemError} when no namespace has connection tracking, or the namespaces cannot be found.
 * @throws an abort error when `signal` is aborted.
 */
export async function topNamespaces(sources: Sources, limit: number, signal: AbortSignal): Promise<Answer> {
  const { clock, namespaces } = sources;
  const found = await finish(namespaces.find(), sources, signal, 'procfs');
  const tables = tablesOf(namespaces, found);
  const parser = new StatParser();
  await finish(readAll(tables, parser, clock), sources, signal, 'procfs');
  await pause(clock, INTERVAL, signal);
  await finish(readAll(tables, parser, clock), sources, signal, 'procfs');
  const present = tables.filter(({ problem }) => problem?.code !== 'namespace_gone');
  if (present.every(({ problem }) => problem?.code === 'file_missing')) {
    throw new ProblemError('tracking_not_loaded', namespaces.own.host.net(STATISTICS));
  }
  return answer(present, limitOf(namespaces.own), limit);
}

function* readAll(tables: readonly NamespaceTable[], parser: StatParser, clock: Clock): Work<void> {
  for (const table of tables) {
    table.read(parser, clock.monotonic());
    yield;
  }
}

function tablesOf({ open, own }: NamespaceSources, { hidden, namespaces }: Discovered): readonly NamespaceTable[] {
  const { fs, host } = own;
  const release = kernelRelease(fs, host, own.release);
  const ownFiles: NamespaceFiles = { fs, host, via: host.net(STATISTICS), close: () => undefined };
  return [
    new NamespaceTable(HOST_NAME, () => ownFiles, release),
    ...namespaces.map((namespace) => new NamespaceTable(nameOf(namespace), () => open(namespace), release)),
    ...hidden.map(({ error, path }) => {
      const refuse = (): never => {
        throw new ProblemError('namespace_hidden', path, error);
      };
      return new NamespaceTable(path, refuse, release);
    }),
  ];
}

function nameOf({ anchor, bound, name }: Namespace): string {
  return name === HOST_NAME ? (bound?.path ?? `/proc/${anchor?.pid}/ns/net`) : name;
}

/** Entries that each namespace can hold; `undefined` if that is unknown or unlimited. */
function limitOf({ fs, host }: NamespaceSources['own']): number | undefined {
  return Number(readText(fs, host.netfilter('nf_conntrack_max'))) || undefined;
}

function answer(tables: readonly NamespaceTable[], max: number | undefined, limit: number): Answer {
  const ranked = tables.toSorted((one, other) => (other.entries ?? -1) - (one.entries ?? -1));
  const shown = ranked.slice(0, limit);
  const notes = max === undefined ? [] : [`Each network namespace can hold ${inWhole(max)} entries.`];
  if (shown.length < ranked.length) {
    notes.push(`Showing ${inWhole(shown.length)} of ${inWhole(ranked.length)} ${NETNS.plural}.`);
  }
  if (ranked.every(({ rates }) => rates['new'] === undefined)) {
    notes.push('This kernel does not count new connections; growth is the change of their number.');
  }
  notes.push(...problemNotes(ranked));
  const rows = shown.map((table) => rowOf(table, max));
  return { columns: NAMESPACE_COLUMNS, rows, sortedBy: 'connections', notes };
}

function rowOf({ entries, growth, name, problem, rates, via }: NamespaceTable, max: number | undefined): Row {
  const used = entries === undefined || max === undefined ? undefined : (100 * entries) / max;
  const isKnown = entries !== undefined;
  const cells = [
    name,
    entries,
    used,
    growth,
    ...RATES.map(({ id }) => (isKnown ? rates[id] : undefined)),
    via,
    problem?.message,
  ].map((cell) => cell ?? null);
  if (used !== undefined && used > CRITICAL_ABOVE) return { cells, severity: 'error' };
  const isDropping = isKnown && RATES.slice(1).some(({ id }) => (rates[id] ?? 0) > 0);
  return isDropping || (used ?? 0) > WARNING_ABOVE ? { cells, severity: 'warning' } : { cells };
}

/** A note for each problem, with the namespaces that have it. */
function problemNotes(tables: readonly NamespaceTable[]): string[] {
  const names = new Map<string, string[]>();
  for (const { name, problem } of tables) {
    if (problem === undefined) continue;
    const text = messageWithFix(problem);
    names.set(text, [...(names.get(text) ?? []), name]);
  }
  return [...names].map(([text, all]) => {
    const more = all.length > NAMED ? ` and ${inWhole(all.length - NAMED)} more` : '';
    return `Not readable: ${all.slice(0, NAMED).join(', ')}${more}: ${text}.`;
  });
}
