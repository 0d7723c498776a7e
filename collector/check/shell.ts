/** Commands for a shell, ready to be pasted. */

/** What is known here and goes into a remedy, by the name of its place. */
export type Places = Readonly<Record<string, string>>;

/** The names of the places in a text, such as `program` for `{program}`. */
export type PlaceIn<Text> = Text extends `${string}{${infer Place}}${infer Rest}` ? Place | PlaceIn<Rest> : never;

/** A place in a template, such as `{program}`. */
const PLACE = /\{([a-z_]+)\}/g;

/** What no shell takes for anything but itself, nor systemd in a unit. */
const PLAIN = /^[\w@+=:,./-]+$/;

/** Fills the places of a text for a person. */
export function fillText(text: string, places: Places): string {
  return text.replace(PLACE, (_, key: string) => placeOf(places, key));
}

/**
 * Fills the places of a line, quoted where they need it.
 *
 * @returns `undefined` when a place that stands in quotes already needs them itself.
 */
export function fillLine(line: string, places: Places): string | undefined {
  let isPossible = true;
  const filled = line.replace(PLACE, (_, key: string, at: number) => {
    const value = placeOf(places, key);
    if (PLAIN.test(value)) return value;
    const isQuoted = line.slice(0, at).split("'").length % 2 === 0;
    if (isQuoted) isPossible = false;
    return quoted(value);
  });
  return isPossible ? filled : undefined;
}

/** @throws for a place that nothing is known for, which the types of remedies rule out. */
function placeOf(places: Places, key: string): string {
  const value = places[key];
  if (value === undefined) throw new TypeError(`nothing is known for {${key}}`);
  return value;
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Breaks a command where a shell allows that, so that it can be pasted as it stands. */
export function foldCommand(command: string, width: number): string[] {
  const [first = '', ...more] = words(command);
  const lines: string[] = [];
  let line = first;
  for (const word of more) {
    // A backslash must find room too.
    if (line.length + 1 + word.length > width - 2) {
      lines.push(`${line} \\`);
      line = `  ${word}`;
    } else {
      line += ` ${word}`;
    }
  }
  return [...lines, line];
}

/** Between these a shell lets a line be broken: at blanks outside of single quotes. */
function words(command: string): string[] {
  return command.match(/^ +[^ ]*|(?:\\.|'[^']*'|[^' ])+/g) ?? [];
}
