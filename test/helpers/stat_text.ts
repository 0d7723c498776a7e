/** The text of `/proc/net/stat/nf_conntrack`, written as the kernel does. */

/** The columns since Linux 5.15. */
export const NAMES = [
  'entries',
  'clashres',
  'found',
  'new',
  'invalid',
  'ignore',
  'delete',
  'chainlength',
  'insert',
  'insert_failed',
  'drop',
  'early_drop',
  'icmp_error',
  'expect_new',
  'expect_create',
  'expect_delete',
  'search_restart',
] as const;

/** The columns from Linux 2.6.35 to 5.9. */
export const OLD_NAMES = NAMES.map(
  (name) => ({ clashres: 'searched', chainlength: 'delete_list' })[String(name)] ?? name,
);

export function statText(names: readonly string[], rows: readonly (readonly number[])[]): Buffer {
  const lines = [names, ...rows.map((row) => row.map((value) => value.toString(16).padStart(8, '0')))];
  return Buffer.from(lines.map((fields) => `${line(fields)}\n`).join(''));
}

/** A row of named values; the other columns are 0. */
export function statRow(values: Readonly<Record<string, number>>, names: readonly string[] = NAMES): number[] {
  for (const name of Object.keys(values)) if (!names.includes(name)) throw new Error(`no column ${name}`);
  return names.map((name) => values[name] ?? 0);
}

/** Fields separated by a blank, and by two after the 1st and the 13th. */
function line(fields: readonly string[]): string {
  return fields
    .map((field, at) => (at === 0 || at === 12 ? `${field} ` : field))
    .join(' ')
    .trimEnd();
}
