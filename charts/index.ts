/** All charts. */

import { conntrackdCharts } from './conntrackd.ts';
import { eventCharts } from './events.ts';
import { flowCharts } from './flows.ts';
import { namespaceCharts } from './namespaces.ts';
import { socketCharts } from './sockets.ts';
import { statCharts } from './stat.ts';
import type { Chart } from './types.ts';

export const charts: readonly Chart[] = [
  ...statCharts,
  ...eventCharts,
  ...flowCharts,
  ...socketCharts,
  ...conntrackdCharts,
  ...namespaceCharts,
];
