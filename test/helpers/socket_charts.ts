/** The charts of sockets, each with its list. */

import { charts } from '../../charts/index.ts';

export const SOCKET_CHARTS = charts.flatMap((chart) =>
  chart.module === 'sockets' ? [chart.scope, `${chart.scope}6`].map((list) => ({ ...chart, list })) : [],
);
