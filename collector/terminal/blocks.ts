/** The sections of the layout, filled with what is known. */

import type { Board, Shown } from './board.ts';
import type { Content, Section } from './layout.ts';
import { type Row, rowsOf, stateOf } from './rows.ts';
import type { Signs } from './signs.ts';
import { printable } from './text.ts';

export interface Block {
  readonly title: string;
  readonly section: Section;
  /** At least one. */
  readonly rows: readonly Row[];
}

/** The sections of which anything is known, in their order. */
export function blocksOf(sections: readonly Section[], board: Board, signs: Signs): readonly Block[] {
  return sections.flatMap((section) => {
    const instances = section.contents.flatMap(({ context }) => board.instances(context));
    return groupsOf(section, instances).flatMap((group) => {
      const own = ({ context }: Content): readonly Shown[] =>
        board.instances(context).filter((shown) => isOf(section, shown, group));
      const deciding = section.contents.filter((content) => isBad(content, own(content)));
      const contents = deciding.length === 0 ? section.contents : deciding;
      const rows = contents.flatMap((content) => rowsOf(content, own(content), signs));
      return rows.length === 0 ? [] : [{ title: titleOf(section, instances, group), section, rows }];
    });
  });
}

/** The values of the label that a section is made for each of; for any other section, one that is not known. */
function groupsOf({ each }: Section, instances: readonly Shown[]): readonly (string | undefined)[] {
  if (each === undefined) return [undefined];
  return [...new Set(instances.map(({ labels }) => printable(labels[each] ?? '')))];
}

function isOf({ each }: Section, { labels }: Shown, group: string | undefined): boolean {
  return each === undefined || printable(labels[each] ?? '') === group;
}

/** Whether this is a state in which nothing else is known: whatever else is there is from before. */
function isBad(content: Content, instances: readonly Shown[]): boolean {
  if (content.kind !== 'state' || content.isDecisive !== true) return false;
  const states = instances.map(stateOf);
  return states.some((state) => state !== undefined && state !== content.good);
}

/** What all titles of charts begin with says nothing on a screen of conntrack.plugin. */
function titleOf({ title }: Section, [first]: readonly Shown[], group: string | undefined): string {
  if (title === undefined) return first?.chart.title.replace(/^Connection Tracker /, '') ?? '';
  return group === undefined || group === title ? title : `${title} ${group}`;
}
