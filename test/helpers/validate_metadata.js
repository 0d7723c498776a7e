/**
 * Checks a metadata file against Netdata's schema of collectors:
 * `node test/helpers/validate_metadata.js metadata.yaml path/to/schemas/collector.json`.
 *
 * The schemas that it refers to (`./shared.json`) are read from the same folder. Prints one line when the file is
 * valid and one line for each error otherwise; the exit code is 0 or 1.
 */

import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Ajv } from 'ajv';
import { LineCounter, parseDocument } from 'yaml';

/** Schemas refer to each other by file name; any absolute base makes these resolve. */
const BASE = 'https://schemas.invalid/';

function main([file, schemaFile, ...rest]) {
  if (file === undefined || schemaFile === undefined || rest.length > 0) {
    return ['usage: node test/helpers/validate_metadata.js metadata.yaml path/to/schemas/collector.json'];
  }
  const lines = new LineCounter();
  const document = parseDocument(readFileSync(file, 'utf8'), { lineCounter: lines, prettyErrors: false });
  const lineOf = (offset) => lines.linePos(offset).line;
  if (document.errors.length > 0) {
    return document.errors.map(({ pos, message }) => `${file}:${lineOf(pos[0])}: not valid YAML: ${message}`);
  }

  const validate = compile(schemaFile);
  if (validate(document.toJS())) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => {
    const path = instancePath.split('/').slice(1).map(unescapePointer);
    const line = lineOf(nearestNode(document, path)?.range?.[0] ?? 0);
    return `${file}:${line}: ${instancePath || 'the whole file'} ${message}`;
  });
}

function compile(schemaFile) {
  const ajv = new Ajv({ strict: false, allErrors: true });
  const folder = dirname(schemaFile);
  const pending = new Set([basename(schemaFile)]);
  // A set hands out what is added to it on the way, too.
  for (const name of pending) {
    const schema = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    // What the formats mean is not checked here, and ajv knows none by itself.
    for (const format of textsOf(schema, 'format')) ajv.addFormat(format, true);
    for (const reference of textsOf(schema, '$ref')) {
      const [other] = reference.split('#');
      if (other !== '') pending.add(basename(other));
    }
    ajv.addSchema(schema, `${BASE}${name}`);
  }
  return ajv.getSchema(`${BASE}${basename(schemaFile)}`);
}

/** Every text that stands under a key anywhere in a schema. */
function textsOf(schema, key) {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = typeof schema[key] === 'string' ? [schema[key]] : [];
  return [...own, ...Object.values(schema).flatMap((inner) => textsOf(inner, key))];
}

/** The YAML node at a path, or the nearest one around it. */
function nearestNode(document, path) {
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (typeof node === 'object' && node !== null) return node;
  }
  return undefined;
}

function unescapePointer(part) {
  const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
  return /^\d+$/.test(key) ? Number(key) : key;
}

function errorsOf(args) {
  try {
    return main(args);
  } catch (error) {
    return [error.message];
  }
}

const errors = errorsOf(process.argv.slice(2));
for (const error of errors) process.stderr.write(`${error}\n`);
if (errors.length === 0) process.stdout.write(`${process.argv[2]} is valid\n`);
process.exitCode = errors.length === 0 ? 0 : 1;
