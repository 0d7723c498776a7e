/** The parts of what `--help` prints. */

/** A command, option or argument, with what it does. */
export interface Definition {
  /** As in the help, such as `--config FILE`. */
  readonly term: string;
  readonly text: string;
}

export interface Help {
  /** The ways to call the program, each beginning with its name. */
  readonly usage: readonly string[];
  readonly paragraphs: readonly string[];
  readonly commands: readonly Definition[];
  readonly options: readonly Definition[];
}

/**
 * Reads the text of the help: the usage, then paragraphs and lists, separated by empty lines. A line of a list has two
 * blanks, a term, two blanks or more, and a text, which more indented lines continue. Terms in lower case are commands.
 *
 * @throws {Error} when a line of a list continues nothing.
 */
export function parseHelp(text: string): Help {
  const [usage = '', ...blocks] = text.trimEnd().split('\n\n');
  const [lists, paragraphs] = [true, false].map((isList) => blocks.filter((block) => block.startsWith(' ') === isList));
  const definitions = (lists ?? []).flatMap((list) => definitionsIn(list.split('\n')));
  const isCommand = ({ term }: Definition): boolean => /^[a-z]/.test(term);
  return {
    usage: usage.split('\n').map((line) => line.replace(/^Usage:/, '').trim()),
    paragraphs: (paragraphs ?? []).map((paragraph) => paragraph.replaceAll('\n', ' ')),
    commands: definitions.filter(isCommand),
    options: definitions.filter((definition) => !isCommand(definition)),
  };
}

function definitionsIn(lines: readonly string[]): Definition[] {
  const found: Definition[] = [];
  for (const line of lines) {
    const [, term, text] = /^ {2}(\S.*?)(?: {2,}(.*))?$/.exec(line) ?? [];
    const last = found.at(-1);
    if (term !== undefined) found.push({ term, text: text ?? '' });
    else if (last !== undefined) found.splice(-1, 1, { ...last, text: `${last.text} ${line.trim()}`.trim() });
    else throw new Error(`help: found the line ${JSON.stringify(line)}, expected two blanks, a term and a text`);
  }
  return found;
}
