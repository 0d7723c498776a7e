/** Everything that is drawn, in the order of the dashboard. */

import { statCharts } from './stat.ts';
import type { Chart } from './types.ts';

export const charts: readonly Chart[] = [...statCharts];
