/**
 * What the columns of `/proc/net/stat/nf_conntrack` count on each kernel.
 *
 * Kernels keep a column after they stop counting it, and print 0. Such a column is not a measurement:
 *
 * | kernel     | the header has | columns that are always 0                  |
 * |------------|----------------|--------------------------------------------|
 * | up to 4.8  | `searched`     | none                                       |
 * | 4.9 – 5.9  | `searched`     | `searched`, `new`, `delete`, `delete_list` |
 * | 5.10 – 5.14 | `clashres`     | `new`, `ignore`, `delete`, `delete_list`   |
 * | since 5.15 | `chainlength`  | `new`, `ignore`, `delete`                  |
 *
 * The header distinguishes all but the first two rows; for those the release decides. Distributions backport changes, so
 * a column that was ever nonzero is counted, whatever the release. Since 4.9 `searched` cannot mean searches: the kernel
 * counted resolved clashes in that column before renaming it to `clashres` within 5.10.
 */

/** Column names and their metrics. */
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

/** A column with a metric. */
export interface Column {
  /** Its position in a row, from 0. */
  readonly index: number;
  readonly metric: string;
  /** Whether the kernel is known to count it; otherwise only a nonzero value shows that. */
  readonly counted: boolean;
}

/** The last result. The statistics of all network namespaces have the same header, and share its columns. */
let last: { names: readonly string[]; release: string; columns: readonly Column[] } | undefined;

/**
 * The columns with a metric, in the order of the header. Unknown names are left out.
 *
 * @param names the names in the header.
 * @param release the kernel release, as `uname -r` prints it.
 */
export function columnsOf(names: readonly string[], release: string): readonly Column[] {
  if (last?.names !== names || last.release !== release) last = { names, release, columns: find(names, release) };
  return last.columns;
}

function find(names: readonly string[], release: string): readonly Column[] {
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
