/** The charts of conntrackd's caches. */

import type { Chart } from './types.ts';

const RATE = { divisor: 1000 } as const;
const BELOW = { multiplier: -1, divisor: 1000 } as const;

const CACHE = { scope: 'cache', module: 'conntrackd', type: 'line', family: 'conntrackd caches' } as const;

export const cacheCharts: readonly Chart[] = [
  {
    ...CACHE,
    id: 'conntrackd_cache_objects',
    title: 'Conntrackd Cache Objects',
    units: 'objects',
    context: 'conntrackd.cache_objects',
    dimensions: [
      { id: 'active', metric: 'active' },
      { id: 'total', metric: 'total' },
    ],
  },
  {
    ...CACHE,
    id: 'conntrackd_cache_changes',
    title: 'Conntrackd Cache Changes',
    units: 'objects/s',
    context: 'conntrackd.cache_changes',
    dimensions: [
      { id: 'created', metric: 'created', ...RATE },
      { id: 'updated', metric: 'updated', ...RATE },
      { id: 'destroyed', metric: 'destroyed', ...BELOW },
    ],
  },
  {
    ...CACHE,
    id: 'conntrackd_cache_failures',
    title: 'Conntrackd Cache Failures',
    units: 'failures/s',
    context: 'conntrackd.cache_failures',
    dimensions: [
      { id: 'create', metric: 'create_failed', ...RATE },
      { id: 'update', metric: 'update_failed', ...RATE },
      { id: 'destroy', metric: 'destroy_failed', ...RATE },
    ],
  },
  {
    ...CACHE,
    id: 'conntrackd_cache_failure_causes',
    title: 'Conntrackd Cache Failures by Cause',
    units: 'failures/s',
    context: 'conntrackd.cache_failure_causes',
    dimensions: [
      { id: 'no_memory', metric: 'no_memory', ...RATE },
      { id: 'no_space', metric: 'no_space', ...RATE },
      { id: 'update_not_found', metric: 'update_not_found', ...RATE },
      { id: 'destroy_not_found', metric: 'destroy_not_found', ...RATE },
    ],
  },
];
