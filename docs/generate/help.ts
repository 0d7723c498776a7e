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
  /** The commands. */
  readonly commands: readonly Definition[];
  /** Options and arguments. */
  readonly options: readonly Definition[];
}

export interface Command {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** A few sentences. */
  readonly details?: string;
  readonly options: readonly Option[];
}

export interface Option {
  /** Without `--`. */
  readonly name: string;
  /** What the help calls its value, such as `FILE`; a flag has none. */
  readonly value?: string;
  /** One line. */
  readonly help: string;
  /** What is allowed, in words. */
  readonly allowed?: string;
}

/**
 * Reads the text of the help: the usage, then paragraphs and lists, separated by empty lines. A line of a list has two
 * blanks, a term, two blanks or more, and a text, which more indented lines continue. Terms in lower case are commands.
 *
 * @throws {Error} when a line of a list continues nothing.
 */
export function parseHelp(text: string): Help {
  const [usage = '', ...blocks] = text.trimEnd().split('\n\n');
  const isList = (block: string): boolean => block.startsWith(' ');
  const definitions = blocks.filter(isList).flatMap((list) => definitionsIn(list.split('\n')));
  const isCommand = ({ term }: Definition): boolean => /^[a-z]/.test(term);
  return {
    usage: usage.split('\n').map((line) => line.replace(/^Usage:/, '').trim()),
    paragraphs: blocks.filter((block) => !isList(block)).map((paragraph) => paragraph.replaceAll('\n', ' ')),
    commands: definitions.filter(isCommand),
    options: definitions.filter((definition) => !isCommand(definition)),
  };
}

/** The options without a command. */
export function commonOptions(help: Help): Option[] {
  const names = help.commands.map(({ term }) => term);
  return optionsIn(
    help,
    help.usage.filter((line) => !names.includes(line.split(' ')[1] ?? '')),
  );
}

function optionsIn({ options }: Help, usage: readonly string[]): Option[] {
  return options.flatMap(({ term, text }) => {
    const [, name, value] = /^--(\S+)(?: (.*))?$/.exec(term) ?? [];
    if (name === undefined || !usage.some((line) => line.includes(term))) return [];
    return [{ name, ...(value === undefined ? {} : { value }), help: text }];
  });
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
