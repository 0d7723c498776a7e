/** All live answers, in the order of help. */

import { CONNECTIONS } from './connections.ts';
import { EventsFunction } from './events.ts';
import type { LiveFunction } from './function.ts';
import { NAT_PORTS } from './nat_ports.ts';
import { STUCK_CONNECTIONS } from './stuck.ts';
import { TOP } from './top.ts';

export const FUNCTIONS: readonly LiveFunction[] = [
  TOP,
  CONNECTIONS,
  NAT_PORTS,
  STUCK_CONNECTIONS,
  new EventsFunction(),
];
