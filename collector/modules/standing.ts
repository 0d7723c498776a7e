/** How a module stands that reads one thing, from what is in the way of that. */

import type { Obstacle } from './access.ts';
import type { Hindrance, Standing } from './module.ts';

/** A module that reads `target`, unless an obstacle is in the way. */
export function standingAt(target: string, obstacle: Obstacle | undefined): Standing {
  return { reads: [target], hindrances: hindrancesAt(target, obstacle, 'all') };
}

/** What an obstacle is to whoever asks; none without one. */
export function hindrancesAt(target: string, obstacle: Obstacle | undefined, loses: Hindrance['loses']): Hindrance[] {
  return obstacle === undefined ? [] : [{ code: obstacle.state, target, message: obstacle.message, loses }];
}
