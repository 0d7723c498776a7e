/** Reads `metadata.yaml` as far as a test compares it; whether it follows Netdata's schema is checked elsewhere. */

import * as v from 'valibot';
import { parse } from 'yaml';

const moduleSchema = v.object({
  meta: v.object({ plugin_name: v.string(), module_name: v.string() }),
  setup: v.object({
    configuration: v.object({
      file: v.object({ name: v.string() }),
      examples: v.object({ list: v.array(v.object({ name: v.string(), config: v.string() })) }),
    }),
  }),
  metrics: v.object({
    availability: v.array(v.string()),
    scopes: v.array(
      v.object({
        name: v.string(),
        labels: v.array(v.object({ name: v.string() })),
        metrics: v.array(v.object({ name: v.string(), availability: v.array(v.string()) })),
      }),
    ),
  }),
});

const metadataSchema = v.object({ plugin_name: v.string(), modules: v.array(moduleSchema) });

export function parseMetadata(text: string): v.InferOutput<typeof metadataSchema> {
  return v.parse(metadataSchema, parse(text));
}
