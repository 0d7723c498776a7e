/** The columns of functions' answers as metadata.yaml lists them. */

import * as v from 'valibot';
import { parse } from 'yaml';

import { read } from './project.ts';

const functionSchema = v.object({
  name: v.string(),
  returns: v.object({ columns: v.array(v.object({ name: v.string() })) }),
});
const metadataSchema = v.object({
  modules: v.array(v.object({ functions: v.optional(v.object({ list: v.array(functionSchema) })) })),
});

/** The headings of the columns that a function may return. */
export function documentedColumns(name: string): readonly string[] {
  const { modules } = v.parse(metadataSchema, parse(read('metadata.yaml')));
  const found = modules.flatMap(({ functions }) => functions?.list ?? []).find((one) => one.name === name);
  return found?.returns.columns.map((column) => column.name) ?? [];
}
