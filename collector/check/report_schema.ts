/** Reading a report that the program printed as another user, whose other programs may have had a hand in it. */

import * as v from 'valibot';

import type { Report } from './report.ts';

const text = v.optional(v.string());
const number = v.optional(v.number());
const texts = v.array(v.string());

const findings = v.array(
  v.strictObject({
    severity: v.picklist(['fault', 'hint', 'note']),
    code: v.string(),
    text: v.string(),
    line: number,
    remedy: v.optional(v.strictObject({ note: text, lines: texts })),
  }),
);

const report = v.strictObject({
  format: v.literal(1),
  version: v.string(),
  works: v.boolean(),
  program: v.strictObject({
    path: v.string(),
    packaged: v.boolean(),
    user: v.string(),
    uid: v.number(),
    findings,
  }),
  kernel: v.strictObject({
    release: v.string(),
    tracking: v.boolean(),
    entries: number,
    max: number,
    buckets: number,
    events: number,
    acct: number,
    findings,
  }),
  agent: v.strictObject({
    state: v.picklist(['running', 'unverified', 'installed', 'not_found']),
    pid: number,
    since: number,
    user: text,
    plugin: v.optional(v.strictObject({ pid: v.number(), since: number })),
    plugin_directory: text,
    user_config_directory: text,
    stock_config_directory: text,
    findings,
  }),
  privilege: v.strictObject({ needed_by: texts, permitted: v.optional(v.boolean()), findings }),
  configuration: v.strictObject({ file: text, findings }),
  modules: v.array(
    v.strictObject({
      name: v.string(),
      state: v.picklist(['works', 'fails', 'off', 'absent', 'unknown']),
      reads: texts,
      findings,
    }),
  ),
  builtin: v.strictObject({
    charts: v.optional(v.boolean()),
    contexts: v.optional(v.picklist(['netfilter', 'conntrack'])),
    contexts_reason: v.optional(v.picklist(['on', 'off', 'unknown', 'configured'])),
    findings,
  }),
});

/** The report that a text is in JSON, or `undefined` when it is none. */
export function parseReport(json: string): Report | undefined {
  try {
    const { issues, output } = v.safeParse(report, JSON.parse(json));
    return issues === undefined ? output : undefined;
  } catch {
    return undefined;
  }
}
