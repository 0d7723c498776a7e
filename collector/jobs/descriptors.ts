/** How many network namespaces can be watched with the file descriptors that the process may have. */

/** Descriptors of everything else: 30 of the host's modules, and what answers need for a moment. */
const OTHERS = 128;
/** Most descriptors of a watched namespace: two of its process, and one of each file or socket that its modules read. */
const SELECTED = 3;
const INCLUDED = 14;

/**
 * As many of the first ones as the limit allows.
 *
 * @param limit open files that the process may have; `undefined` if unlimited or unknown.
 * @param isIncluded whether one has all modules.
 */
export function affordable<T>(
  limit: number | undefined,
  ones: readonly T[],
  isIncluded: (one: T) => boolean,
): readonly T[] {
  let left = (limit ?? Number.POSITIVE_INFINITY) - OTHERS;
  const end = ones.findIndex((one) => {
    left -= isIncluded(one) ? INCLUDED : SELECTED;
    return left < 0;
  });
  return end < 0 ? ones : ones.slice(0, end);
}
