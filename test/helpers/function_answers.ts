/** Answers to calls of functions, read from what is written to the agent. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';

import { agent2Home } from './agent2.ts';

/** The longest line that agents take, in bytes. */
const LONGEST_LINE = 15 * 1024;

export interface FunctionAnswer {
  readonly transaction: string;
  readonly status: number;
  readonly expires: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * Parses answers one after the other.
 *
 * @throws {Error} when anything else is between them, or a line is too long.
 */
export function parseAnswers(text: string): FunctionAnswer[] {
  const answers: FunctionAnswer[] = [];
  const lines = text.split('\n');
  while (lines.length > 1) {
    const first = lines.shift() ?? '';
    const begin = /^FUNCTION_RESULT_BEGIN '([^']*)' (\d{3}) application\/json (\d+)$/.exec(first);
    if (begin === null) throw new Error(`expected an answer, got ${JSON.stringify(first)}`);
    const end = lines.indexOf('FUNCTION_RESULT_END');
    const body = lines.splice(0, end);
    const long = body.find((line) => Buffer.byteLength(line) > LONGEST_LINE);
    if (end < 0 || long !== undefined) throw new Error(`an answer without an end, or with a long line: ${long}`);
    lines.shift();
    const [, transaction = '', status, expires] = begin;
    answers.push({ transaction, status: Number(status), expires: Number(expires), body: JSON.parse(body.join('\n')) });
  }
  return answers;
}

/** Netdata's schema of answers, beside the folder of the 2.x agent; `undefined` where it is not there. */
export const answerSchema: ValidateFunction | undefined = compileSchema();

function compileSchema(): ValidateFunction | undefined {
  const file = join(agent2Home() ?? '/nowhere', '../schemas/FUNCTION_UI_SCHEMA.json');
  if (!existsSync(file)) return undefined;
  return new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(
    JSON.parse(readFileSync(file, 'utf8')),
  );
}
