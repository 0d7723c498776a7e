/** What the terminal can do, told by the environment. */

export interface Abilities {
  /** Whether the locale is one of UTF-8. */
  readonly isUnicode: boolean;
  /** Whether colours are wanted: https://no-color.org */
  readonly hasColour: boolean;
  /** Whether the cursor can be moved. */
  readonly hasCursor: boolean;
}

/** Reads the variables of the locale, in the order of their precedence, `NO_COLOR` and `TERM`. */
export function readAbilities(variables: Readonly<Record<string, string | undefined>>): Abilities {
  const locale = variables['LC_ALL'] || variables['LC_CTYPE'] || variables['LANG'] || '';
  const hasCursor = variables['TERM'] !== 'dumb';
  return {
    isUnicode: /utf-?8$/i.test(locale.replace(/@.*/, '')),
    hasColour: hasCursor && !variables['NO_COLOR'],
    hasCursor,
  };
}
