import type { Series } from './history.ts';

/**
 * Seconds until `most` is reached if it goes on as over the last minute; `undefined` when it does not grow steadily: the
 * lowest of the last third of the minute is compared with the highest of the first, so that what merely fluctuates does
 * not grow.
 *
 * @param every seconds between two values.
 */
export function timeToFull({ length, values }: Series, every: number, most: number): number | undefined {
  if (values.length < length) return undefined;
  const third = Math.floor(length / 3);
  const first = known(values.slice(0, third));
  const last = known(values.slice(-third));
  const newest = last.at(-1);
  if (first.length === 0 || newest === undefined) return undefined;
  const growth = (Math.min(...last) - Math.max(...first)) / ((length - 2 * third + 1) * every);
  return growth > 0 && newest < most ? (most - newest) / growth : undefined;
}

function known(values: Series['values']): number[] {
  return values.filter((value) => value !== undefined);
}
