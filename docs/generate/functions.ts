/** Live answers as the agent offers them: tables for the documentation, and entries for metadata.yaml. */

import { registeredName } from '../../collector/agent/registration.ts';
import type { LiveFunction, Parameter } from '../../collector/functions/function.ts';
import { FUNCTIONS } from '../../collector/functions/index.ts';
import { codes, table } from './markdown.ts';

/** What metadata.yaml repeats of a function. */
export interface FunctionEntry {
  /** The method, by which the entry is found. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly parameters: readonly object[];
}

/** The functions with their commands. */
export function functionTable(): string {
  return table(
    ['Function', 'Command', 'Answers'],
    FUNCTIONS.map((one) => [codes([registeredName(one)]), codes([`conntrack.plugin ${one.command}`]), one.summary]),
  );
}

/** A section for each function: how to read its answer, and its arguments. */
export function functionSections(): string {
  return FUNCTIONS.map((one) => `### ${registeredName(one)}\n\n${wrapped(one.help)}\n\n${argumentTable(one)}`).join(
    '\n',
  );
}

export const functionEntries: readonly FunctionEntry[] = FUNCTIONS.map((one) => ({
  id: one.name,
  name: registeredName(one),
  description: `${one.summary} ${one.help}`,
  parameters: one.parameters.map(parameterEntry),
}));

function argumentTable({ parameters }: LiveFunction): string {
  return table(
    ['Argument', 'Allowed', 'Meaning'],
    parameters.map((one) => [codes([one.name]), allowedFor(one), one.help]),
  );
}

function allowedFor({ allowed, isFlag }: Parameter): string {
  return isFlag === true ? 'no value' : allowed;
}

function parameterEntry(parameter: Parameter): object {
  const { choices = [], help, isFlag, isSelector, name } = parameter;
  return {
    id: name,
    name,
    description: `${help} Allowed: ${allowedFor(parameter)}.`,
    type: isSelector === true ? 'select' : isFlag === true ? 'boolean' : 'string',
    required: false,
    default: choices[0]?.id ?? (isFlag === true ? 'no' : ''),
    options: choices.map(({ id, name: label }, place) => ({ id, name: label, default: place === 0 })),
  };
}

/** Text in lines of at most 130 characters, as the pages have them. */
function wrapped(text: string): string {
  return text.replace(/(.{1,130})(?: |$)/g, '$1\n').trimEnd();
}
