/** The parts of an entry that are decoded only on request. */

import {
  CTA_COUNTERS_ORIG,
  CTA_COUNTERS_REPLY,
  CTA_HELP,
  CTA_ID,
  CTA_MARK,
  CTA_TIMEOUT,
  CTA_TIMESTAMP,
  CTA_TUPLE_REPLY,
  CTA_ZONE,
} from './ctnetlink.ts';

/** Each with the attributes that it is in. */
export const PARTS = {
  /** The tuple of the original direction, rather than the protocol alone. */
  original: [],
  /** The tuples of both directions. */
  tuples: [CTA_TUPLE_REPLY],
  timeout: [CTA_TIMEOUT],
  id: [CTA_ID],
  zone: [CTA_ZONE],
  mark: [CTA_MARK],
  /** Packets and bytes of both directions. */
  counters: [CTA_COUNTERS_ORIG, CTA_COUNTERS_REPLY],
  helper: [CTA_HELP],
  /** When the entry was created. */
  start: [CTA_TIMESTAMP],
} as const;

export type FlowPart = keyof typeof PARTS;
