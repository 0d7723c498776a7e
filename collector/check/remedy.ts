/** Remedies for this host, from the tables of remedies. */

import { REMEDIES } from './remedies.ts';
import type { Remedy } from './report.ts';
import { fillLine, fillText, type PlaceIn } from './shell.ts';

/** A remedy with placeholders such as `{program}` for what depends on the host. */
export interface Template {
  readonly note?: string;
  /** Commands. */
  readonly lines?: readonly string[];
}

/** The placeholders that are known on every host. */
export interface Places {
  /** The program that was started, and its directory. */
  readonly program: string;
  readonly folder: string;
  /** What setcap gives the program, such as `cap_net_admin=p`. */
  readonly capabilities: string;
  /** The user and the group that the agent's plugins run as. */
  readonly user: string;
  readonly group: string;
  /** Where the agent is installed, such as `/`. */
  readonly prefix: string;
  /** The path of the agent's configuration, or a description of it: for notes, not for commands. */
  readonly netdata_conf: string;
}

type TextIn<T> = T extends { readonly note: infer Note } ? Note : never;
type LineIn<T> = T extends { readonly lines: readonly (infer Line)[] } ? Line : never;
/** Values for all placeholders of a template: a missing one does not compile. */
type PlacesOf<T extends Template> = Readonly<Record<PlaceIn<TextIn<T> | LineIn<T>>, string>>;

export function remedy<Name extends keyof typeof REMEDIES>(
  name: Name,
  places: PlacesOf<(typeof REMEDIES)[Name]>,
): Remedy {
  return fillTemplate(REMEDIES[name], places);
}

/** Fills the placeholders. The remedy has no commands if a value cannot be quoted safely. */
export function fillTemplate<T extends Template>({ lines = [], note }: T, places: PlacesOf<T>): Remedy {
  const filled = lines.map((line) => fillLine(line, places)).filter((line) => line !== undefined);
  return {
    note: note === undefined ? undefined : fillText(note, places),
    lines: filled.length < lines.length ? [] : filled,
  };
}
