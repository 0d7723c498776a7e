/** Completion of the command line in bash, from the commands and their options. */

import type { Command, Option } from './help.ts';

/** What the help calls the value of an option that takes a file. */
const FILE = 'FILE';

/**
 * A script for bash. It completes commands, after a command its options, and files.
 *
 * Source: https://www.gnu.org/software/bash/manual/html_node/Programmable-Completion.html
 *
 * @param common the options without a command.
 */
export function bashCompletion(commands: readonly Command[], common: readonly Option[]): string {
  const all = [...common, ...commands.flatMap(({ options }) => options)];
  const words = (options: readonly Option[]): string => options.map(({ name }) => `--${name}`).join(' ');
  const pattern = (isWanted: (value: string) => boolean): string => {
    const wanted = all.filter(({ value }) => value !== undefined && isWanted(value));
    return [...new Set(wanted.map(({ name }) => `--${name}`))].join(' | ') || "''";
  };
  return `# Completion of conntrack.plugin for bash
_conntrack_plugin() {
  local current=\${COMP_WORDS[COMP_CWORD]} word words='${[...commands.map(({ name }) => name), words(common)].join(' ')}'
  COMPREPLY=()
  case \${COMP_WORDS[COMP_CWORD - 1]} in
    ${pattern((value) => value === FILE)})
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
      ;;
    ${pattern((value) => value !== FILE)}) return ;;
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
${commands.map(({ name, options }) => `      ${name}) words='${words(options)}' ;;\n`).join('')}    esac
  done
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _conntrack_plugin conntrack.plugin
`;
}
