/** Finds and enters the network namespaces of this machine, by whatever way its privileges allow. */

import { requireForeign } from '../modules/access.ts';
import { ProblemError } from '../modules/problem.ts';
import type { Foreign } from '../netlink/foreign.ts';
import { NamespaceIds, NETLINK_ROUTE } from '../netlink/nsid.ts';
import { NetlinkSocket } from '../netlink/socket.ts';
import type { OwnershipFileSystem } from '../netlink/trusted.ts';
import { openFile } from '../procfs/file.ts';
import type { Host } from '../procfs/host.ts';
import type { Glance } from './counts.ts';
import { Discovery } from './discovery.ts';
import { entranceTo } from './entrance.ts';
import { inodeOf, type NamespaceFileSystem } from './file_system.ts';
import { type IdentityFileSystem, identityAt } from './identity.ts';
import type { Mapping } from './mapping.ts';
import { moveInto } from './move.ts';
import type { Entrance, Namespace } from './namespace.ts';
import { NsidMapping } from './nsid_mapping.ts';
import { Passage, type PassageOptions } from './passage.ts';
import type { ProcessEntranceOptions } from './process_entrance.ts';

export interface NamespaceAccessOptions {
  readonly fs: NamespaceFileSystem & IdentityFileSystem & OwnershipFileSystem;
  readonly host: Host;
  /** The directory of koffi's binary. */
  readonly library: string;
  readonly abort: PassageOptions['abort'];
}

/** Bytes of a reply with the id of a namespace, and more. */
const REPLY = 4096;

export class NamespaceAccess {
  readonly discovery: Discovery;
  readonly #options: NamespaceAccessOptions;
  readonly #passage: Passage;
  readonly #entrances: ProcessEntranceOptions;
  #foreign: Foreign | undefined;

  constructor(options: NamespaceAccessOptions) {
    const { abort, fs, host } = options;
    this.#options = options;
    this.#passage = new Passage({ fs, foreign: () => this.#load('setns'), abort });
    this.#entrances = { fs, host, passage: this.#passage };
    const ids = new NsidMapping(fs, () => new NamespaceIds(this.#openRoute()));
    // The ids of processes are those of this process's own PID namespace.
    const mappings = host.path('') === '' ? [ids, this.#entering()] : [this.#entering()];
    this.discovery = new Discovery({ fs, host, mappings });
  }

  /**
   * Opens the entrance to a namespace.
   *
   * @throws as {@link entranceTo}.
   */
  enter(namespace: Namespace): Entrance {
    return entranceTo(namespace, this.#entrances);
  }

  /**
   * Moves this process into a namespace for good.
   *
   * @throws as {@link moveInto}.
   */
  moveInto(namespace: Namespace): void {
    const { fs, host } = this.#options;
    moveInto(namespace, { fs, procfs: host.path('/proc'), passage: this.#passage });
  }

  /**
   * A way into a namespace for one look: a fifth of the cost of an entrance, since it only verifies that the process is in
   * the namespace just before a file is opened.
   *
   * @throws as {@link enter}, and so does its `open`.
   */
  glance(namespace: Namespace): Glance {
    const { anchor, name } = namespace;
    const { fs, host } = this.#options;
    if (anchor === undefined) return this.enter(namespace);
    const pathOf = (file: string): string => host.path(`/proc/${anchor.pid}/net/${file}`);
    const open = (file: string): number => {
      if (inodeOf(fs, pathOf('dev')) !== anchor.inode) throw new ProblemError('namespace_gone', name);
      return openFile(fs, pathOf(file));
    };
    return { open, close: () => undefined };
  }

  /** Finds out by entering, which needs CAP_SYS_ADMIN. */
  #entering(): Mapping {
    return {
      inodeOf: (path) => {
        try {
          return this.#passage.inodeOf({ path, identity: identityAt(this.#options.fs, path) });
        } catch {
          return undefined;
        }
      },
    };
  }

  #openRoute(): NetlinkSocket {
    const socket = { name: 'rtnetlink', protocol: NETLINK_ROUTE, slots: 1, slotSize: REPLY };
    return new NetlinkSocket(this.#load('rtnetlink'), socket);
  }

  #load(target: string): Foreign {
    const { fs, library } = this.#options;
    this.#foreign ??= requireForeign(fs, library, target);
    return this.#foreign;
  }
}
