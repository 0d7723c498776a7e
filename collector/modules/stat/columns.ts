/**
 * What the columns of `/proc/net/stat/nf_conntrack` count on which kernel.
 *
 * Kernels keep a column that they stopped counting and print 0 there. Such a column is no measurement:
 *
 * | kernel     | the header has | columns that are always 0                  |
 * |------------|----------------|--------------------------------------------|
 * | up to 4.8  | `searched`     | none                                       |
 * | 4.9 – 5.9  | `searched`     | `searched`, `new`, `delete`, `delete_list` |
 * | 5.10 – 5.14 | `clashres`     | `new`, `ignore`, `delete`, `delete_list`   |
 * | since 5.15 | `chainlength`  | `new`, `ignore`, `delete`                  |
 *
 * The header tells all but the first two apart; there the release does. Distributions port changes back, so a column
 * that was ever seen to hold something else than 0 counts, whatever the release says. Since 4.9 that of `searched` cannot
 * be searches: the counter of resolved clashes had this column before it got the name `clashres`, both within 5.10.
 */

/** The metric that a column feeds. */
const METRICS: Readonly<Record<string, string>> = {
  searched: 'searched',
  found: 'found',
  new: 'new',
  invalid: 'invalid',
  ignore: 'ignore',
  delete: 'deleted',
  delete_list: 'delete_list',
  chainlength: 'chain_too_long',
  insert: 'inserted',
  insert_failed: 'insert_failed',
  drop: 'drop',
  early_drop: 'early_drop',
  icmp_error: 'icmp_error',
  expect_new: 'expect_new',
  expect_create: 'expect_created',
  expect_delete: 'expect_deleted',
  search_restart: 'search_restart',
  clashres: 'clash_resolved',
};

const METRICS_SINCE_4_9 = { ...METRICS, searched: METRICS['clashres'] };

const DEAD_SINCE_4_9 = new Set(['searched', 'new', 'delete', 'delete_list']);
const DEAD_SINCE_5_10 = new Set(['new', 'ignore', 'delete', 'delete_list']);
const NONE: ReadonlySet<string> = new Set();

/** A column that feeds a metric. */
export interface Column {
  /** Its place in a row, from 0. */
  readonly index: number;
  readonly metric: string;
  /** Whether the kernel is known to count it; otherwise only a value other than 0 shows that it does. */
  readonly counted: boolean;
}

/**
 * The columns that feed a metric, in the order of the header. Names that nothing is known of are left out.
 *
 * @param names the header's names.
 * @param release the kernel's, as `uname -r` prints it.
 */
export function columnsOf(names: readonly string[], release: string): Column[] {
  const dead = deadColumns(names, release);
  const metrics: Readonly<Record<string, string | undefined>> = dead === DEAD_SINCE_4_9 ? METRICS_SINCE_4_9 : METRICS;
  return names.flatMap((name, index) => {
    const metric = Object.hasOwn(metrics, name) ? metrics[name] : undefined;
    return metric === undefined ? [] : [{ index, metric, counted: !dead.has(name) }];
  });
}

function deadColumns(names: readonly string[], release: string): ReadonlySet<string> {
  if (names.includes('clashres') || names.includes('chainlength')) return DEAD_SINCE_5_10;
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  if (major === undefined || minor === undefined) return DEAD_SINCE_4_9;
  const before49 = Number(major) < 4 || (Number(major) === 4 && Number(minor) < 9);
  return before49 ? NONE : DEAD_SINCE_4_9;
}
