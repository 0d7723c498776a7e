/** Checks what a caller gave, and reads it. Every error names the argument, what was found and what is allowed. */

import { ArgumentError, type Arguments, type Parameter } from './function.ts';

/**
 * Checks names, flags and values of which there are few.
 *
 * @throws {ArgumentError}
 */
export function checkArguments(given: Arguments, parameters: readonly Parameter[]): void {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const parameter = parameters.find((one) => one.name === name);
    if (parameter === undefined) {
      const names = parameters.map((one) => one.name).join(', ');
      throw new ArgumentError(`unknown argument ${JSON.stringify(name)}, allowed: ${names}`);
    }
    const isAllowed = parameter.isFlag ? value === 'yes' : isChoice(parameter, value);
    if (!isAllowed) throw badArgument(parameter, value);
  }
}

/** The error about a value that a parameter does not allow. */
export function badArgument({ allowed, name }: Pick<Parameter, 'allowed' | 'name'>, value: string): ArgumentError {
  return new ArgumentError(`${name}: found ${JSON.stringify(value)}, allowed: ${allowed}`);
}

/**
 * The value as a whole number, decimal or, after `0x`, hexadecimal; `undefined` if it was not given.
 *
 * @throws {ArgumentError}
 */
export function wholeNumber(given: Arguments, parameter: Parameter, low: number, high: number): number | undefined {
  const value = given[parameter.name];
  if (value === undefined) return undefined;
  const number = parseWhole(value);
  if (number === undefined || number < low || number > high) throw badArgument(parameter, value);
  return number;
}

/** A whole number, decimal or, after `0x`, hexadecimal; `undefined` if the text is none. */
export function parseWhole(text: string): number | undefined {
  return /^(?:\d{1,15}|0x[\da-f]{1,12})$/i.test(text) ? Number(text) : undefined;
}

/** The chosen value; the first choice if none was given. */
export function choice(given: Arguments, { choices = [], name }: Parameter): string {
  return given[name] ?? choices[0]?.id ?? '';
}

function isChoice({ choices }: Parameter, value: string): boolean {
  return choices === undefined || choices.some(({ id }) => id === value);
}
