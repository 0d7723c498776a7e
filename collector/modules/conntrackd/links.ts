/**
 * The links of conntrackd, identified by position. A link is a channel of the configuration, and keeps its position in
 * the reply while the daemon runs. Its interface cannot identify it: for a removed interface, conntrackd prints
 * uninitialised memory as the name and as the status, such as `\x03`, or the name and status of the previous link.
 * Source: the replies of conntrackd 1.4.7 after `ip link del`, and src/channel_{mcast,tcp,udp}.c of conntrack-tools.
 */

import type { FactSheet, Facts, Subject } from './facts.ts';

/** The metric of each status. */
export const STATUS = { RUNNING: 'running', 'NO-CARRIER': 'no_carrier', DOWN: 'down' } as const;

/** The first line of a link. The uninitialised memory of a name may be longer than a name, and contain line ends. */
const HEADING = /^\w+ traffic device=.{0,100}? status=\S+ role=\S+:\n/gms;

/** Bytes of the longest name of an interface. Source: `IFNAMSIZ` in linux/if.h. */
const LONGEST_NAME = 15;

/** A link in a reply. */
interface Section {
  /** `UDP traffic device=eth2 status=RUNNING role=ACTIVE:`, with any bytes in place of `eth2`. */
  readonly heading: string;
  readonly text: string;
}

/** Splits the reply to `link` at its headings; `undefined` when it does not begin with one. */
export function linkSections(text: string): Section[] | undefined {
  const headings = [...text.matchAll(HEADING)];
  if (text !== '' && headings[0]?.index !== 0) return undefined;
  return headings.map(({ 0: heading, index }, place) => ({
    heading: heading.trimEnd(),
    text: text.slice(index + heading.length, headings[place + 1]?.index),
  }));
}

/**
 * The name of an interface, from its bytes in latin1; `undefined` if it is not a valid name. Stricter than the kernel,
 * which allows control characters and invalid UTF-8. Source: `dev_valid_name` in net/core/dev.c.
 */
export function interfaceName(bytes: string): string | undefined {
  if (bytes.length > LONGEST_NAME) return undefined;
  const raw = Buffer.from(bytes, 'latin1');
  const name = raw.toString('utf8');
  if (!Buffer.from(name).equals(raw)) return undefined;
  return /^[^\s/:\p{C}]+$/u.test(name) && name !== '.' && name !== '..' ? name : undefined;
}

/** The known interfaces of a daemon's links, by the position of the link. */
export class LinkNames {
  #names: (string | undefined)[] = [];

  /** Forgets every name: another process may have another configuration. */
  forget(): void {
    this.#names = [];
  }

  /**
   * Learns the names in a reply, and sets the status of a link whose interface is removed to `down`. A link that never
   * had a name and is not printed as down gets no status: it is either a removed interface, with the status of the previous
   * link, or a second channel over the interface of that link.
   */
  settle(sheet: FactSheet): void {
    const links = [...sheet.all()].filter(({ subject }) => subject.scope === 'link');
    if (links.length === 0) return;
    const printed = links.map(({ subject }) => interfaceName(subject.labels['device'] ?? ''));
    const before = this.#names;
    this.#names = links.map(({ gauges }, place) => nameAt(place, printed, before[place], before.length === 0, gauges));
    for (const [place, { gauges }] of links.entries()) {
      const name = this.#names[place];
      const isGone = name !== undefined || printed[place] === undefined || gauges.get(STATUS.DOWN) === 1;
      if (name === undefined || name !== printed[place]) setStatus(gauges, isGone ? STATUS.DOWN : undefined);
    }
  }

  /** The link at a position by the name of its interface, or by its position where that is not known. */
  named(subject: Subject): Subject {
    const place = Number(subject.name);
    const device = this.#names[place];
    const position = `link ${place + 1}`;
    const isFirst = device !== undefined && this.#names.indexOf(device) === place;
    return {
      ...subject,
      // The name of a removed interface may have been given to that of another link.
      name: isFirst ? device : device === undefined ? position : `${device} ${position}`,
      labels: { ...subject.labels, device: device ?? position },
    };
  }
}

/**
 * The name of a link's interface. In the first reply it is the printed name, unless a previous link has it. Later, a new
 * name is accepted as a renamed interface if the link is not down and no other link has the name.
 *
 * @param known the name until now.
 */
function nameAt(
  place: number,
  printed: readonly (string | undefined)[],
  known: string | undefined,
  isFirst: boolean,
  gauges: Facts['gauges'],
): string | undefined {
  const name = printed[place];
  if (name === undefined || name === known) return known;
  if (isFirst) return printed.indexOf(name) === place ? name : undefined;
  const isUnique = printed.indexOf(name) === printed.lastIndexOf(name);
  return isUnique && gauges.get(STATUS.DOWN) === 0 ? name : known;
}

/** Replaces the printed status; `undefined` if it is unknown. */
function setStatus(gauges: Facts['gauges'], current: string | undefined): void {
  for (const status of Object.values(STATUS)) {
    if (current === undefined) gauges.delete(status);
    else gauges.set(status, status === current ? 1 : 0);
  }
}
