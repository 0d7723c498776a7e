/** Shell commands, ready to be pasted. */

/** Values for the placeholders of a remedy, by name. */
export type Places = Readonly<Record<string, string>>;

/** The names of the placeholders in a text, such as `program` for `{program}`. */
export type PlaceIn<Text> = Text extends `${string}{${infer Place}}${infer Rest}` ? Place | PlaceIn<Rest> : never;

const PLACE = /\{([a-z_]+)\}/g;

/** Characters that neither a shell nor a systemd unit interprets. */
const PLAIN = /^[\w@+=:,./-]+$/;

/** Fills the placeholders of a text. */
export function fillText(text: string, places: Places): string {
  return text.replace(PLACE, (_, key: string) => placeOf(places, key));
}

/**
 * Fills the placeholders of a command, quoted where necessary.
 *
 * @returns `undefined` if a value needs quotes inside of quotes.
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

/** @throws if there is no value, which the types of remedies rule out. */
function placeOf(places: Places, key: string): string {
  const value = places[key];
  if (value === undefined) throw new TypeError(`no value for {${key}}`);
  return value;
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Folds a command into lines that a shell reads as one command. */
export function foldCommand(command: string, width: number): string[] {
  const [first = '', ...more] = words(command);
  const lines: string[] = [];
  let line = first;
  for (const word of more) {
    // The backslash needs room too.
    if (line.length + 1 + word.length > width - 2) {
      lines.push(`${line} \\`);
      line = `  ${word}`;
    } else {
      line += ` ${word}`;
    }
  }
  return [...lines, line];
}

/** The parts that a command can be folded between: at blanks outside of single quotes. */
function words(command: string): string[] {
  return command.match(/^ +[^ ]*|(?:\\.|'[^']*'|[^' ])+/g) ?? [];
}
