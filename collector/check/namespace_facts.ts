/** The lines of text about network namespaces. */

import { inPercent, inWhole } from '../base/numbers.ts';
import type { NamespaceEntry, NamespacesSection } from './report.ts';

/** Most namespaces in the text. */
const LISTED = 20;

const CHOICES = {
  included: 'in namespaces.include: always watched, with all modules',
  excluded: 'in namespaces.exclude: never watched',
  automatic: 'watched if active and among the fullest',
} as const;

const OFF = 'namespaces.enabled is no: none is watched';

/**
 * The facts, and the mark of a section without faults; no facts where there is nothing to say.
 *
 * @param max entries that each namespace can hold, if known.
 * @param netns the only namespace to report on, if one is asked for.
 */
export function namespaceFacts(
  section: NamespacesSection,
  max: number | undefined,
  netns: string | undefined,
): readonly [facts: readonly string[], mark: 'ok' | 'none' | 'off'] {
  const { active, enabled, findings, found, hidden = 0, listed, readable } = section;
  if (netns !== undefined)
    return [listed.length === 0 ? [netns] : listed.flatMap((one) => detail(one, enabled, max)), 'ok'];
  if (enabled === 'no') return [[OFF], 'off'];
  if (found === undefined || active === undefined || readable === undefined) return [[], 'none'];
  if (found + hidden + findings.length === 0) return [['no other network namespaces'], 'none'];
  const more = found - Math.min(found, LISTED);
  return [
    [
      `${inWhole(found)} found, ${inWhole(readable)} readable, ${inWhole(active)} with connections`,
      ...listed.slice(0, LISTED).map(lineOf),
      more > 0 ? `and ${inWhole(more)} more; --netns NAME checks one of them` : '',
    ],
    'ok',
  ];
}

function lineOf(entry: NamespaceEntry): string {
  const { choice, entries, name } = entry;
  const use = entries === undefined ? '' : `${inWhole(entries)} ${entries === 1 ? 'entry' : 'entries'}, `;
  const mark = choice === 'automatic' ? '' : ` (${choice})`;
  return `${name}${mark}: ${use}${wayOf(entry)}`;
}

/** Such as `through process 1234 (dnsmasq)`. */
function wayOf({ read_through, via }: NamespaceEntry): string {
  if (read_through === 'nothing') return 'not readable';
  return `${read_through === 'path' ? 'by entering' : 'through'} ${via}`;
}

function detail(entry: NamespaceEntry, enabled: NamespacesSection['enabled'], max: number | undefined): string[] {
  const { choice, entries, labels, name, path } = entry;
  const others = Object.entries(labels).filter(([label]) => label !== 'netns');
  const share =
    entries === undefined || max === undefined ? '' : ` of ${inWhole(max)} (${inPercent((entries / max) * 100)})`;
  return [
    name,
    ...others.map(([label, value]) => `${label} ${value}`),
    path === undefined ? '' : `bound to ${path}`,
    entries === undefined ? '' : `${inWhole(entries)}${share} entries`,
    wayOf(entry),
    enabled === 'no' ? OFF : CHOICES[choice],
  ];
}
