export interface Abilities {
  /** Whether the locale's encoding is UTF-8. */
  readonly isUnicode: boolean;
  /** Whether to use colours: https://no-color.org */
  readonly hasColour: boolean;
  /** Whether the terminal can move its cursor. */
  readonly hasCursor: boolean;
}

/** What the terminal can do, from the locale variables in order of precedence, `NO_COLOR` and `TERM`. */
export function readAbilities(variables: Readonly<Record<string, string | undefined>>): Abilities {
  const locale = variables['LC_ALL'] || variables['LC_CTYPE'] || variables['LANG'] || '';
  const hasCursor = variables['TERM'] !== 'dumb';
  return {
    isUnicode: /utf-?8$/i.test(locale.replace(/@.*/, '')),
    hasColour: hasCursor && !variables['NO_COLOR'],
    hasCursor,
  };
}
