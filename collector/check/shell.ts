/** Commands for a shell, ready to be pasted. */

/** What is known here and goes into a remedy, by the name of its place. */
export type Places = Readonly<Partial<Record<string, string>>>;

/** A place in a template, such as `{program}`. */
export const PLACE = /\{([a-z_]+)\}/g;

/** What no shell takes for anything but itself, nor systemd in a unit. */
const PLAIN = /^[\w@+=:,./-]+$/;

/**
 * Fills the places of a line, quoted where they need it.
 *
 * @returns `undefined` when a place that stands in quotes already needs them itself.
 */
export function fillLine(line: string, places: Places): string | undefined {
  let isPossible = true;
  const filled = line.replace(PLACE, (place, key: string, at: number) => {
    const value = places[key];
    if (value === undefined || PLAIN.test(value)) return value ?? place;
    const isQuoted = line.slice(0, at).split("'").length % 2 === 0;
    if (isQuoted) isPossible = false;
    return quoted(value);
  });
  return isPossible ? filled : undefined;
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
