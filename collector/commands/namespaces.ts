/** The other network namespaces of this host: how they are found, and how they are entered. */

import fs from 'node:fs';

import { requireForeign } from '../modules/access.ts';
import type { Context } from '../modules/context.ts';
import type { Work } from '../modules/slices.ts';
import { type Discovered, Discovery } from '../namespaces/discovery.ts';
import { entranceTo } from '../namespaces/entrance.ts';
import { identityOf } from '../namespaces/identity.ts';
import type { Mapping } from '../namespaces/mapping.ts';
import type { Entrance, Namespace } from '../namespaces/namespace.ts';
import { NsidMapping } from '../namespaces/nsid_mapping.ts';
import { Passage } from '../namespaces/passage.ts';
import type { Foreign } from '../netlink/foreign.ts';
import { NamespaceIds, NETLINK_ROUTE } from '../netlink/nsid.ts';
import { NetlinkSocket } from '../netlink/socket.ts';
import { complain } from './streams.ts';
import { LIBRARY } from './system.ts';

/** The other network namespaces. */
export interface NamespaceAccess {
  readonly passage: Passage;
  /** Looks for them from scratch. */
  readonly find: () => Work<Discovered>;
  /** Opens the way into one; throws like {@link entranceTo}. */
  readonly enter: (namespace: Namespace) => Entrance;
}

/** The reply about one id. */
const REPLY = { slots: 1, slotSize: 4096 };

export function namespaceAccess({ host }: Pick<Context, 'host'>): NamespaceAccess {
  let loaded: Foreign | undefined;
  const foreign = (): Foreign => {
    loaded ??= requireForeign(fs, LIBRARY, 'setns');
    return loaded;
  };
  const abort = (line: string): never => {
    complain(line);
    process.exit(1);
  };
  const passage = new Passage({ fs, foreign, abort });
  const openIds = (): NamespaceIds =>
    new NamespaceIds(new NetlinkSocket(foreign(), { ...REPLY, name: 'rtnetlink', protocol: NETLINK_ROUTE }));
  const mappings = [mappingThrough(passage), new NsidMapping(fs, openIds)];
  return {
    passage,
    find: () => new Discovery({ fs, host, mappings }).find(),
    enter: (namespace) => entranceTo(namespace, { fs, host, passage }),
  };
}

/** Maps bound namespaces to processes from inside, with privilege. */
function mappingThrough(passage: Passage): Mapping {
  return {
    inodeOf: (path) => {
      try {
        return passage.inodeOf({ path, identity: identityOf(fs.statSync(path, { bigint: true })) });
      } catch {
        return undefined;
      }
    },
  };
}
